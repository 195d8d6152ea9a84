/** The parts of an application's address. */
export interface UpstreamTarget {
  /** Such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The value of the Host line. */
  readonly host: string;
  /** Without a slash at the end: `/jira`, or empty. */
  readonly basePath: string;
}

export type UpstreamParsing =
  { readonly ok: true; readonly target: UpstreamTarget } | { readonly ok: false; readonly message: string };

/** Accepts http or https, a host and a path; no credentials, query or fragment. */
export function parseUpstream(value: unknown): UpstreamParsing {
  if (typeof value !== 'string' || value.length > 2048) return refuse('must be a text of at most 2048 characters');
  if (!/^https?:\/\//i.test(value)) return refuse('must begin with http:// or https://');
  if (/[\s\\\p{Cc}]/u.test(value)) return refuse('must not contain blanks, control characters or backslashes');
  if (value.includes('?')) return refuse('must not have a query');
  if (value.includes('#')) return refuse('must not have a fragment');
  if (!URL.canParse(value)) return refuse('is not a valid address');
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || authorityOf(value).includes('@')) {
    return refuse('must not contain a user name or password: put a stored credential into "identity"');
  }
  const basePath = url.pathname.replace(/\/+$/, '');
  if (basePath.includes('//') || basePath.includes(';') || basePath.includes('%')) {
    return refuse('must have a plain path, without double slashes, ";" or percent-encoding');
  }
  return { ok: true, target: { origin: url.origin, host: url.host, basePath } };
}

/** The judged path, byte for byte, after the upstream's own path. */
export function forwardedPath(target: UpstreamTarget, judgedPath: string, query: string | null): string {
  const path = target.basePath + judgedPath;
  return query === null ? path : `${path}?${query}`;
}

/** The address of a judged path as the upstream sees itself. @param host of the Host line that it gets */
export function forwardedAddress({ origin, basePath }: UpstreamTarget, host: string, judgedPath: string): string {
  return `${origin.slice(0, origin.indexOf('//'))}//${host}${basePath}${judgedPath}`;
}

function authorityOf(value: string): string {
  return value.slice(value.indexOf('//') + 2).split('/')[0] ?? '';
}

function refuse(message: string): UpstreamParsing {
  return { ok: false, message };
}
