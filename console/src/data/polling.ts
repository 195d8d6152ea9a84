import { useSyncExternalStore } from 'react';
import { promptStore } from '../api/prompts';

/**
 * The server takes each call for a use of the session. Polling goes on so long after the last input, so that the
 * session of a screen that nobody looks at ends after 30 minutes (R99).
 */
const ATTENDED_MS = 5 * 60_000;

const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const;

type Listener = () => void;

let isAttended = true;
let leaving: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<Listener>();

function setAttended(next: boolean): void {
  if (next === isAttended) return;
  isAttended = next;
  for (const listener of listeners) listener();
}

function noteInput(): void {
  setAttended(true);
  clearTimeout(leaving);
  leaving = setTimeout(() => setAttended(false), ATTENDED_MS);
}

function subscribe(listener: Listener): () => void {
  if (listeners.size === 0) {
    for (const type of INPUTS) window.addEventListener(type, noteInput, { capture: true, passive: true });
    noteInput();
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    for (const type of INPUTS) window.removeEventListener(type, noteInput, { capture: true });
    clearTimeout(leaving);
  };
}

/**
 * For the `refetchInterval` of every query that is asked again on its own.
 * @returns false while nobody is there, and after somebody did not want to log in again
 */
export function usePollingMs(ms: number): number | false {
  const isThere = useSyncExternalStore(subscribe, () => isAttended);
  const isDeclined = useSyncExternalStore(promptStore.subscribe, promptStore.isLoginDeclined);
  return isThere && !isDeclined ? ms : false;
}
