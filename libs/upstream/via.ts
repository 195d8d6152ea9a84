import { headerValues, type HeaderLines } from '@scopegate/kernel';

/**
 * Whether a request has been through the gateway with this pseudonym already (RFC 9110 7.6.3).
 * @param pseudonym in lower case
 */
export function hasPassed(lines: HeaderLines, pseudonym: string): boolean {
  const values = headerValues(lines, 'via');
  return values.some((value) => value.split(',').some((hop) => receivedBy(hop) === pseudonym));
}

/** Who a hop such as `HTTP/1.1 proxy:8080 (a comment)` names. */
function receivedBy(hop: string): string {
  return (
    hop
      .trim()
      .split(/[ \t]+/, 2)[1]
      ?.toLowerCase() ?? ''
  );
}

/** The value of the `Via` line that goes upstream: the hops before, and this one at the end. */
export function appendHop(lines: HeaderLines, hop: string): string {
  const before = headerValues(lines, 'via').filter((value) => value.trim() !== '');
  return [...before, hop].join(', ');
}
