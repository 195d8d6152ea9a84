import { createHash } from 'node:crypto';
import { isJsonObject } from '@scopegate/kernel';
import { ProblemException } from './problem.exception.js';

const DIGEST_LENGTH = 8;

/**
 * RFC 9110 8.8.3: `"7-qX3v0aBc"`. A restored database repeats versions; the digest tells the documents apart (R80).
 * @param version increases with every change
 */
export function entityTag(version: number, document: object): string {
  const digest = createHash('sha256').update(JSON.stringify(document, sortMembers)).digest('base64url');
  return `"${version}-${digest.slice(0, DIGEST_LENGTH)}"`;
}

/**
 * RFC 9110 13.1.1. No line and `*` match every version; a weak tag never matches.
 * @param tag of the stored document
 * @throws ProblemException 412 if no tag matches
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

/** A database may reorder the members. */
function sortMembers(_name: string, value: unknown): unknown {
  return isJsonObject(value) ? Object.fromEntries(Object.entries(value).toSorted(byName)) : value;
}

const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : 1);
