import { isJsonObject } from '@scopegate/kernel';

/** The user that an upstream sees in a request, as its answer gives it. */
export type AccountReading = { readonly known: true; readonly account: string | null } | { readonly known: false };

/** Where an answer names the account: a member of its JSON, or all of its text, which is empty for an anonymous one. */
export type AccountPlace = { readonly member: string } | 'text';

/**
 * Reads from an answer which user the upstream sees in a request (R126). Null means that it sees an anonymous request.
 */
export function readAccount(body: string, place: AccountPlace): AccountReading {
  return place === 'text' ? accountOf(body.trim()) : memberOf(body, place.member);
}

/** Longer than any user name. Nothing else of a body is shown. */
const MAX_ACCOUNT_LENGTH = 255;

function memberOf(body: string, name: string): AccountReading {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { known: false };
  }
  if (!isJsonObject(document)) return { known: false };
  const account = document[name];
  if (account === undefined || account === null) return { known: true, account: null };
  return typeof account === 'string' ? accountOf(account) : { known: false };
}

/** A page instead of a user name does not count. */
function accountOf(text: string): AccountReading {
  if (text === '') return { known: true, account: null };
  return text.length <= MAX_ACCOUNT_LENGTH && /^[^\p{Cc}\p{Cs}<>]+$/u.test(text)
    ? { known: true, account: text }
    : { known: false };
}
