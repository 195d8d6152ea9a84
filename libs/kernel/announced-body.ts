import { headerValues, type HeaderLines } from './header-lines.js';

/**
 * The length of a body as the head announces it, in bytes (RFC 9112 6.3): 0 where there is none, not a number where it
 * comes in chunks, or where the length cannot be told.
 */
export function announcedLength(lines: HeaderLines): number {
  if (headerValues(lines, 'transfer-encoding').length > 0) return Number.NaN;
  const [length = '0', second] = headerValues(lines, 'content-length');
  return second === undefined && /^\d+$/.test(length) ? Number(length) : Number.NaN;
}

/** Whether the head of a request or an answer announces a body. An empty one counts as none, if its length says so. */
export function announcesBody(lines: HeaderLines): boolean {
  return announcedLength(lines) !== 0;
}
