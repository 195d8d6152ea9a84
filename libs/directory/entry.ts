import { createHash } from 'node:crypto';
import { dnKey } from './dn.js';
import type { AttributeNames } from './preset.js';

/** An entry as a server has sent it. */
export interface RawEntry {
  readonly dn: string;
  /** By name, in any case, perhaps with options such as `;range=0-1499`. */
  readonly attributes: ReadonlyMap<string, readonly (string | Uint8Array)[]>;
}

/** A user of the answer, before its name is judged. */
export interface ReadUser {
  readonly dn: string;
  /** Stays the same when the user is renamed or moved; see `entryIdOf`. */
  readonly entry: string;
  readonly username: string;
  readonly displayName: string | null;
  readonly email: string | null;
  readonly isDisabled: boolean;
}

/** Of `objectGUID`. */
const GUID_BYTES = 16;

/** As it is stored. */
const MAX_ID_LENGTH = 64;

/** Longer ones are no names, and must not be compared or logged. */
const MAX_VALUE_LENGTH = 1_024;

function valuesOf({ attributes }: RawEntry, name: string): readonly (string | Uint8Array)[] {
  const wanted = name.toLowerCase();
  for (const [given, values] of attributes) if (given.toLowerCase() === wanted) return values;
  return [];
}

/** All values that are texts. */
export function textsOf(entry: RawEntry, name: string): readonly string[] {
  return valuesOf(entry, name).filter((value) => typeof value === 'string');
}

/** The first value; null if there is none, or it is no text or too long. */
export function textOf(entry: RawEntry, name: string): string | null {
  const [value] = valuesOf(entry, name);
  return typeof value === 'string' && value !== '' && value.length <= MAX_VALUE_LENGTH ? value : null;
}

/**
 * What identifies an entry: the value of the first attribute that it has, in hexadecimal digits if it is binary, a
 * digest if it is long. Where the server has no such attribute, a digest of the name; a renamed entry is then another
 * one.
 */
export function entryIdOf(entry: RawEntry, attributes: readonly string[]): string {
  for (const name of attributes) {
    const [value] = valuesOf(entry, name);
    if (value === undefined || value.length === 0 || value.length > MAX_VALUE_LENGTH) continue;
    const bytes = Buffer.from(value as Uint8Array);
    const text = bytes.toString('latin1');
    // Longer than a GUID, such as the text of a UUID, which comes as bytes, too.
    const isText = (typeof value === 'string' || bytes.length > GUID_BYTES) && /^[\x21-\x7e]{1,48}$/.test(text);
    if (isText) return text.toLowerCase();
    const hex = `x${bytes.toString('hex')}`;
    // Never cut: two entries that differ at the end would be one user.
    return hex.length <= MAX_ID_LENGTH ? hex : `long:${createHash('sha256').update(bytes).digest('base64url')}`;
  }
  const digest = createHash('sha256').update(dnKey(entry.dn) ?? entry.dn);
  return `dn:${digest.digest('base64url')}`;
}

/** ADS_UF_ACCOUNTDISABLE of Active Directory. */
const ACCOUNT_DISABLED_BIT = 0x2;

/** What an attribute says for a user who is not disabled. */
const NOT_DISABLED = new Set(['', '0', 'false', 'no', 'n', 'off', 'active', 'enabled']);

/**
 * By the name of the attribute: `userAccountControl` has a bit, `pwdAccountLockedTime` is there or not. Any other
 * attribute disables the user unless it is missing or says no: what we do not understand is no permission.
 */
export function isDisabled(entry: RawEntry, attribute: string | null): boolean {
  if (attribute === null) return false;
  const values = valuesOf(entry, attribute);
  const [value] = values;
  if (value === undefined) return false;
  if (typeof value !== 'string') return true;
  switch (attribute.toLowerCase()) {
    case 'useraccountcontrol':
      return !/^-?\d{1,10}$/.test(value) || (Number(value) & ACCOUNT_DISABLED_BIT) !== 0;
    case 'pwdaccountlockedtime':
      return true;
    default:
      return values.some((text) => typeof text !== 'string' || !NOT_DISABLED.has(text.trim().toLowerCase()));
  }
}

/** Null if the entry has no user name: it is no user. */
export function readUser(entry: RawEntry, names: AttributeNames, entryIds: readonly string[]): ReadUser | null {
  const username = textOf(entry, names.username);
  if (username === null) return null;
  return {
    dn: entry.dn,
    entry: entryIdOf(entry, entryIds),
    username,
    displayName: textOf(entry, names.displayName),
    email: textOf(entry, names.email),
    isDisabled: isDisabled(entry, names.disabled),
  };
}

export interface MemberRange {
  readonly values: readonly string[];
  /** Where the rest begins; null if these are all. */
  readonly next: number | null;
}

/**
 * The members in an entry. Active Directory sends at most 1,500 at once, as `member;range=0-1499`, and
 * `member;range=1500-*` with the last ones.
 * @param from where the last part ended
 * @returns null if this is not the next part, or its range cannot be read: the list would be incomplete
 */
export function readMembers(entry: RawEntry, attribute: string, from = 0): MemberRange | null {
  const plain = textsOf(entry, attribute);
  const prefix = `${attribute.toLowerCase()};range=`;
  for (const [name, values] of entry.attributes) {
    if (!name.toLowerCase().startsWith(prefix)) continue;
    const range = /^(\d{1,9})-(\d{1,9}|\*)$/.exec(name.slice(prefix.length));
    if (range === null || Number(range[1]) !== from) return null;
    const texts = values.filter((value) => typeof value === 'string');
    if (range[2] === '*') return { values: texts, next: null };
    const next = Number(range[2]) + 1;
    return next > Number(range[1]) ? { values: texts, next } : null;
  }
  return from === 0 ? { values: plain, next: null } : null;
}

/** The attribute that asks for the members from here on. */
export function memberRange(attribute: string, from: number): string {
  return `${attribute};range=${from}-*`;
}
