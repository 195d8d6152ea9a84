import { isJsonObject } from '@scopegate/kernel';

export type AccountReading = { readonly known: true; readonly account: string | null } | { readonly known: false };

export type AccountPlace = { readonly member: string; readonly of?: string; readonly instead?: string } | 'text';

/** R126: the user that the upstream sees. Null: anonymous. */
export function readAccount(body: string, place: AccountPlace): AccountReading {
  return place === 'text' ? accountOf(body.trim()) : memberOf(body, place);
}

/** Longer than any user name. No other part of a body is shown. */
const MAX_ACCOUNT_LENGTH = 255;

function memberOf(body: string, { member, of, instead }: Exclude<AccountPlace, 'text'>): AccountReading {
  let document: unknown;
  try {
    document = JSON.parse(body);
  } catch {
    return { known: false };
  }
  const parent = of === undefined || !isJsonObject(document) ? document : document[of];
  if (!isJsonObject(parent)) return { known: false };
  const account = parent[member] ?? (instead === undefined ? null : parent[instead]);
  if (account === undefined || account === null) return { known: true, account: null };
  return typeof account === 'string' ? accountOf(account) : { known: false };
}

/** A page does not count as a user name. */
function accountOf(text: string): AccountReading {
  if (text === '') return { known: true, account: null };
  return text.length <= MAX_ACCOUNT_LENGTH && /^[^\p{Cc}\p{Cs}<>]+$/u.test(text)
    ? { known: true, account: text }
    : { known: false };
}
