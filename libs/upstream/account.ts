import { isJsonObject } from '@scopegate/kernel';

/** What an upstream's answer says of the user it takes a request for. */
export type AccountReading = { readonly known: true; readonly account: string | null } | { readonly known: false };

/** Where an answer names the account: a member of its JSON, or all of its text, which is empty for an anonymous one. */
export type AccountPlace = { readonly member: string } | 'text';

/**
 * Reads whom an upstream takes a request for out of its answer (R126). An account of null means that it takes the request
 * for an anonymous one.
 */
export function readAccount(body: string, place: AccountPlace): AccountReading {
  return place === 'text' ? accountOf(body.trim()) : memberOf(body, place.member);
}

/** Longer than any name of a user. What else a body holds is not told to anybody. */
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

/** A page in place of an account is no account. */
function accountOf(text: string): AccountReading {
  if (text === '') return { known: true, account: null };
  return text.length <= MAX_ACCOUNT_LENGTH && /^[^\p{Cc}\p{Cs}<>]+$/u.test(text)
    ? { known: true, account: text }
    : { known: false };
}
