/** The parts of an application's address. */
export interface UpstreamTarget {
  /** Such as `http://127.0.0.1:8080`. Of a socket file `http://localhost`, as the application sees it. */
  readonly origin: string;
  /** Where connections lead: the origin, or `http://unix:/run/app.sock`. Stored secrets belong to it (R111). */
  readonly endpoint: string;
  /** Of a socket file; null for a host. */
  readonly socketPath: string | null;
  /** The value of the Host line. */
  readonly host: string;
  /** Without a slash at the end: `/jira`, or empty. */
  readonly basePath: string;
  /** As written: `/jira` or `/jira/`; `/` if there is none. */
  readonly ownPath: string;
}

export type UpstreamParsing =
  { readonly ok: true; readonly target: UpstreamTarget } | { readonly ok: false; readonly message: string };

/** Accepts http or https, a host or socket file, and a path; no credentials, query or fragment. */
export function parseUpstream(value: unknown): UpstreamParsing {
  if (typeof value !== 'string' || value.length > 2048) return refuse('must be a text of at most 2048 characters');
  if (!/^https?:\/\//i.test(value)) return refuse('must begin with http:// or https://');
  if (/[\s\\\p{Cc}]/u.test(value)) return refuse('must not contain blanks, control characters or backslashes');
  if (value.includes('?')) return refuse('must not have a query');
  if (value.includes('#')) return refuse('must not have a fragment');
  return /^https?:\/\/unix:\//i.test(value) ? parseSocket(value) : parseAddress(value);
}

function parseAddress(value: string): UpstreamParsing {
  if (!URL.canParse(value)) return refuse('is not a valid address');
  const url = new URL(value);
  if (url.username !== '' || url.password !== '' || authorityOf(value).includes('@')) {
    return refuse('must not contain a user name or password: put a stored credential into "identity"');
  }
  return targetOf(url, url.origin, null);
}

/** Of the system's socket addresses. */
const MAX_SOCKET_PATH_LENGTH = 107;

/** Absolute, and without characters that the system or a log could read in another way. */
const SOCKET_PATH = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.@+-]+)+$/;

/** As nginx writes it: `http://unix:/run/app.sock`, or `http://unix:/run/app.sock:/base` with a path. */
function parseSocket(value: string): UpstreamParsing {
  const scheme = value.slice(0, value.indexOf(':')).toLowerCase();
  const [socketPath = '', basePath = '/', ...more] = value.slice(`${scheme}://unix:`.length).split(':');
  if (!SOCKET_PATH.test(socketPath) || socketPath.length > MAX_SOCKET_PATH_LENGTH) {
    return refuse(
      `must name a socket file by its absolute path of at most ${MAX_SOCKET_PATH_LENGTH} letters, digits and ` +
        '._@+-/, such as http://unix:/run/app.sock',
    );
  }
  if (!basePath.startsWith('/') || more.length > 0) {
    return refuse('must have a path behind the socket file, such as http://unix:/run/app.sock:/base');
  }
  return targetOf(new URL(`${scheme}://localhost${basePath}`), `${scheme}://unix:${socketPath}`, socketPath);
}

function targetOf(url: URL, endpoint: string, socketPath: string | null): UpstreamParsing {
  const basePath = url.pathname.replace(/\/+$/, '');
  if (basePath.includes('//') || basePath.includes(';') || basePath.includes('%')) {
    return refuse('must have a plain path, without double slashes, ";" or percent-encoding');
  }
  const ownPath = url.pathname.endsWith('/') ? `${basePath}/` : basePath;
  return { ok: true, target: { origin: url.origin, host: url.host, basePath, ownPath, endpoint, socketPath } };
}

/**
 * The judged path, byte for byte, after the upstream's own path.
 * @param judgedPath null for the mount itself, which adds nothing, not even a slash (R113)
 */
export function forwardedPath(target: UpstreamTarget, judgedPath: string | null, query: string | null): string {
  const path = judgedPath === null ? target.ownPath : target.basePath + judgedPath;
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
