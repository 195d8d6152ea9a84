import { headerValues, type HeaderLines } from './header-lines.js';

/**
 * The length of a body as the head announces it, in bytes (RFC 9112 6.3): 0 where there is none, not a number where it
 * comes in chunks.
 */
export function announcedLength(lines: HeaderLines): number {
  if (headerValues(lines, 'transfer-encoding').length > 0) return Number.NaN;
  return Number(headerValues(lines, 'content-length')[0] ?? 0);
}
