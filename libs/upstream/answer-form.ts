import { headerValues, mediaTypeOf, upgradeProtocols, type HeaderLines } from '@scopegate/kernel';

/**
 * Null if the answer can be passed on.
 * - Status outside 100 to 599: undefined (RFC 9110 15).
 * - A transfer coding other than `chunked` alone: its line would be lost, and the body not decoded (RFC 9112 6.1).
 * - Two lengths: two readings of the body (RFC 9112 6.3).
 */
export function faultOfAnswer(status: number, lines: HeaderLines): string | null {
  if (status < 100 || status > 599) return `${status} is not a valid HTTP status.`;
  const codings = headerValues(lines, 'transfer-encoding');
  if (codings.length > 0 && codings.join(',').trim().toLowerCase() !== 'chunked') {
    return 'The answer has a transfer coding other than "chunked".';
  }
  return headerValues(lines, 'content-length').length > 1 ? 'The answer has more than one length.' : null;
}

/** Server-sent events (HTML, 9.2.2). */
export function isEventStream(lines: HeaderLines): boolean {
  const [type] = headerValues(lines, 'content-type');
  return type !== undefined && mediaTypeOf(type) === 'text/event-stream';
}

/** Interim answers and 204 must not have a length (RFC 9110 8.6). */
export function withoutLength(lines: HeaderLines): string[] {
  const result: string[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    if (name.length !== 14 || name.toLowerCase() !== 'content-length') result.push(name, lines[index + 1] as string);
  }
  return result;
}

/**
 * Null if the head of a 101 can be passed on: it names protocols that were asked for, and no others (RFC 9110 7.8).
 * @param asked the protocols, as one line
 */
export function faultOfUpgrade(lines: HeaderLines, asked: string): string | null {
  const offered = new Set(asked.toLowerCase().split(', '));
  const switched = upgradeProtocols(lines);
  if (switched.length > 0 && switched.every((protocol) => offered.has(protocol.toLowerCase()))) return null;
  return 'The upstream switches to a protocol that was not asked for.';
}
