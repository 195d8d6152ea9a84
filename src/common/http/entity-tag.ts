import { ProblemException } from './problem.exception.js';

/** The strong entity tag of a version (RFC 9110 8.8.3): `"7"`. */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * Holds a change to the If-Match line it came with (RFC 9110 13.1.1). Without the line every version will do, and so
 * it does with `*`; a weak tag matches nothing.
 * @throws a 412 where the version is another one
 */
export function requireMatch(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined) return;
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  if (tags.includes('*') || tags.includes(entityTag(version))) return;
  throw new ProblemException(
    'version_mismatch',
    `It has been changed since you read it: the version is now ${entityTag(version)}. Read it again and ` +
      'repeat the change.',
  );
}
