import { headerValues, type HeaderLines } from '@scopegate/kernel';
import { parseAuthority, type Authority } from './authority.js';

/** Null: an HTTP/1.0 request without a host. */
export type AuthorityReading =
  { readonly ok: true; readonly authority: Authority | null } | { readonly ok: false; readonly detail: string };

export interface AuthorityFacts {
  readonly hostLine: AuthorityReading;
  /** As Node reports it: `1.1`. */
  readonly httpVersion: string;
  /** The authority of an absolute target, unchanged; null in the origin form. */
  readonly targetAuthority?: string | null | undefined;
}

const NO_LINE = refuse('There is no Host line (RFC 9112 3.2). Send exactly one.');
const SEVERAL_LINES = refuse('There is more than one Host line (RFC 9112 3.2). Send exactly one.');
const BAD_LINE = refuse(
  'The Host line is not a valid host name or address with an optional port (RFC 9112 3.2). Send one host.',
);
const BAD_TARGET = refuse(
  'The request target contains no valid host: write http://, a host name or address, an optional port, and ' +
    'the path (RFC 9112 3.2.2).',
);
const NONE: AuthorityReading = { ok: true, authority: null };

/** R67: an absolute target counts, whatever the Host line says (RFC 9112 3.2.2), which must be valid, too. */
export function readAuthority(request: AuthorityFacts): AuthorityReading {
  const { hostLine, httpVersion, targetAuthority } = request;
  if (!hostLine.ok) return hostLine;
  if (hostLine.authority === null && httpVersion === '1.1') return NO_LINE;
  if (targetAuthority === undefined || targetAuthority === null) return hostLine;
  const authority = parseAuthority(targetAuthority);
  return authority === null ? BAD_TARGET : { ok: true, authority };
}

/** Null without a Host line. */
export function readHostLine(lines: HeaderLines): AuthorityReading {
  const [host, second] = headerValues(lines, 'host');
  if (second !== undefined) return SEVERAL_LINES;
  if (host === undefined) return NONE;
  const authority = parseAuthority(host);
  return authority === null ? BAD_LINE : { ok: true, authority };
}

function refuse(detail: string): AuthorityReading {
  return { ok: false, detail };
}
