/** Why the person is asked to prove who they are while a page is open. */
export type PromptKind = 'login' | 'step-up';

export interface Prompt {
  readonly kind: PromptKind;
  /** @param isProven false if the person gave up */
  readonly settle: (isProven: boolean) => void;
}

type Listener = () => void;

let current: Prompt | null = null;
let answer: Promise<boolean> | null = null;
let isDeclined = false;
const listeners = new Set<Listener>();

function show(prompt: Prompt | null): void {
  current = prompt;
  for (const listener of listeners) listener();
}

/**
 * Asks the person, once for all calls that wait. The page stays as it is, so nothing that was typed is lost (R99).
 * @returns whether the calls may be tried again
 */
export function askPerson(kind: PromptKind): Promise<boolean> {
  answer ??= new Promise<boolean>((resolve) => {
    show({
      kind,
      settle: (isProven) => {
        isDeclined = kind === 'login' && !isProven;
        show(null);
        answer = null;
        resolve(isProven);
      },
    });
  });
  return answer;
}

/** The session is there again, maybe by a login in another tab. */
export function noteSession(): void {
  if (!isDeclined) return;
  isDeclined = false;
  for (const listener of listeners) listener();
}

/** For `useSyncExternalStore`. */
export const promptStore = {
  subscribe: (listener: Listener): (() => void) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
  current: (): Prompt | null => current,
  /** Whether the person has refused to log in again: until a session is there, nothing is asked on its own. */
  isLoginDeclined: (): boolean => isDeclined,
};
