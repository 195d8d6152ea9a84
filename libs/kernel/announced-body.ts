import { headerValues, type HeaderLines } from './header-lines.js';

/** Bytes, as the head says (RFC 9112 6.3): 0 without a body, NaN in chunks or if unclear. */
export function announcedLength(lines: HeaderLines): number {
  if (headerValues(lines, 'transfer-encoding').length > 0) return Number.NaN;
  const [length = '0', second] = headerValues(lines, 'content-length');
  return second === undefined && /^\d+$/.test(length) ? Number(length) : Number.NaN;
}

/** A body of length 0 counts as none. */
export function announcesBody(lines: HeaderLines): boolean {
  return announcedLength(lines) !== 0;
}
