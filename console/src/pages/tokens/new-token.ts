import { askedEnd, type ChosenEnd } from '../../components/validity';
import type { NewToken } from '../../data/own-tokens';

/** What was filled in so far. */
export interface TokenDraft {
  readonly description: string;
  /** R09: nothing is chosen beforehand. */
  readonly scope: NewToken['scope'] | null;
  readonly end: ChosenEnd;
  /** Empty: oneself. */
  readonly owner: string;
  readonly isNarrowed: boolean;
  /** Of the applications that it is narrowed to. */
  readonly applications: readonly string[];
  /** One a line, or separated by commas. */
  readonly addresses: string;
}

export type DraftErrors = Partial<Record<'description' | 'scope' | 'end' | 'applications', string>>;

/** What is missing, by field; empty if it can be sent. */
export function draftErrors(draft: TokenDraft): DraftErrors {
  return {
    ...(draft.description.trim() === '' ? { description: 'Say what the token is for.' } : {}),
    ...(draft.scope === null ? { scope: 'Choose what the token may do.' } : {}),
    ...(askedEnd(draft.end) === null ? { end: 'Give a date and a time.' } : {}),
    ...(draft.isNarrowed && draft.applications.length === 0 ? { applications: 'Choose at least one.' } : {}),
  };
}

/** @returns null as long as something is missing */
export function newToken(draft: TokenDraft): NewToken | null {
  const end = askedEnd(draft.end);
  const { scope, isNarrowed, applications } = draft;
  if (scope === null || end === null || Object.keys(draftErrors(draft)).length > 0) return null;
  const allowList = addressesOf(draft.addresses);
  const owner = draft.owner.trim();
  return {
    description: draft.description.trim(),
    scope,
    ...end,
    ...(owner === '' ? {} : { owner }),
    ...(isNarrowed ? { applications: [...applications] } : {}),
    ...(allowList.length === 0 ? {} : { allowList }),
  };
}

/** @param text one a line, or separated by commas */
export function addressesOf(text: string): string[] {
  return text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
