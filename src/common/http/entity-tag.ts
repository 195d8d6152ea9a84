import { createHash } from 'node:crypto';
import { isJsonObject } from '@scopegate/kernel';
import { ProblemException } from './problem.exception.js';

const DIGEST_LENGTH = 8;

/**
 * The strong entity tag of a stored document (RFC 9110 8.8.3): `"7-qX3v0aBc"`. After a restore the database gives out
 * the same versions again; the digest tells the new document from the lost one (R80).
 * @param version increases with every change
 */
export function entityTag(version: number, document: object): string {
  const digest = createHash('sha256').update(JSON.stringify(document, sortMembers)).digest('base64url');
  return `"${version}-${digest.slice(0, DIGEST_LENGTH)}"`;
}

/**
 * Compares the If-Match line of a change with the stored document (RFC 9110 13.1.1). Without the line, and with `*`,
 * every version matches; a weak tag never does.
 * @param tag the entity tag of the stored document
 * @throws ProblemException 412 when no tag of the line is that one
 */
export function requireMatch(ifMatch: string | undefined, tag: string): void {
  if (ifMatch === undefined) return;
  const tags = ifMatch.split(',').map((given) => given.trim());
  if (tags.includes('*') || tags.includes(tag)) return;
  throw new ProblemException(
    'version_mismatch',
    `It has been changed since you read it: the version is now ${tag}. Read it again and repeat the change.`,
  );
}

/** A database may return the members of an object in another order than they were stored in. */
function sortMembers(_name: string, value: unknown): unknown {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).toSorted(byName)) : value;
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : 1);
