import { headerValues, type HeaderLines } from '@scopegate/kernel';

/** RFC 9110 7.6.3. @param pseudonym in lower case */
export function hasPassed(lines: HeaderLines, pseudonym: string): boolean {
  const values = headerValues(lines, 'via');
  return values.some((value) => value.split(',').some((hop) => receivedBy(hop) === pseudonym));
}

function receivedBy(hop: string): string {
  return (
    hop
      .trim()
      .split(/[ \t]+/, 2)[1]
      ?.toLowerCase() ?? ''
  );
}

/** Adds this hop at the end of `Via`. */
export function appendHop(lines: HeaderLines, hop: string): string {
  const before = headerValues(lines, 'via').filter((value) => value.trim() !== '');
  return [...before, hop].join(', ');
}
