import type { HeaderLines } from '@scopegate/kernel';

/**
 * Lines that belong to one connection and not to the message (RFC 9110 7.6.1). `Expect` is answered here, since the
 * body is asked for only after the decision.
 */
const CONNECTION_LINES: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

/** What forwarding needs to know of a request. */
export interface ForwardedRequest {
  readonly lines: HeaderLines;
  /** The upstream's own host. */
  readonly host: string;
  readonly requestId: string;
  /** The addresses the request came through, for `X-Forwarded-For`. */
  readonly forwardedFor: string;
  readonly forwardedHost: string | null;
  readonly forwardedProto: string;
  /** Names the gateway sets for this application, lower-case with `-` for `_`: the client's own are dropped always. */
  readonly identityNames: ReadonlySet<string>;
  /** Names and values, alternating, that identify the user; empty unless this is a token request. */
  readonly identity: readonly string[];
  /** The client's Authorization and Cookie go upstream only where they are not ours to judge. */
  readonly dropAuthorization: boolean;
  readonly dropCookies: boolean;
  /** Whether a line overrides the method and is dropped (R12). */
  readonly dropLine: ((lowerName: string) => boolean) | null;
  /** Set where the gateway replaces the body, so that its own length is sent. */
  readonly replacedBody: boolean;
  /** The gateway's own place in the trace. The client's lines are dropped always: they name another parent. */
  readonly trace: { readonly parent: string; readonly state: string | null } | null;
}

/** Lower case, and `-` for `_`: upstream frameworks (CGI, WSGI, PHP) read both spellings as one name. */
export function foldHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return lower.includes('_') ? lower.replaceAll('_', '-') : lower;
}

const FORWARDING_LINES: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-forwarded-prefix',
  'x-real-ip',
  'x-request-id',
  'traceparent',
  'tracestate',
]);

/**
 * The header lines that go upstream, names and values alternating: everything the client sent but what belongs to its
 * connection, what only the gateway may say, and, on a token request, the client's own credentials.
 */
export function forwardedHeaders(request: ForwardedRequest): string[] {
  const { lines } = request;
  const nominated = connectionNominated(lines);
  const result: string[] = ['host', request.host];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const folded = foldHeaderName(name);
    if (folded === 'host' || CONNECTION_LINES.has(folded) || FORWARDING_LINES.has(folded)) continue;
    if (folded === 'authorization' && request.dropAuthorization) continue;
    if (folded === 'cookie' && request.dropCookies) continue;
    if (request.identityNames.has(folded)) continue;
    // Where `_` is read as `-`, this would be a second length of the body.
    if (folded === 'content-length' && name.includes('_')) continue;
    if (request.replacedBody && BODY_LINES.has(folded)) continue;
    // A client must not make the gateway forget a line it judged by, so only unknown names can be nominated.
    if (nominated !== null && nominated.has(folded) && !END_TO_END.has(folded)) continue;
    if (request.dropLine !== null && request.dropLine(folded)) continue;
    result.push(name, lines[index + 1] as string);
  }
  if (request.forwardedFor !== '') result.push('X-Forwarded-For', request.forwardedFor);
  if (request.forwardedHost !== null) result.push('X-Forwarded-Host', request.forwardedHost);
  result.push('X-Forwarded-Proto', request.forwardedProto, 'X-Request-Id', request.requestId);
  if (request.trace !== null) {
    result.push('traceparent', request.trace.parent);
    if (request.trace.state !== null) result.push('tracestate', request.trace.state);
  }
  for (const part of request.identity) result.push(part);
  return result;
}

/** Lines that describe the body the client sent, and not the one that goes upstream in its place. */
const BODY_LINES: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
  'content-md5',
  'content-digest',
  'repr-digest',
  'digest',
]);

/** Lines that `Connection` cannot take away, since they carry the meaning of the request. */
const END_TO_END: ReadonlySet<string> = new Set(['authorization', 'cookie', 'content-length', 'content-type']);

/** The names the Connection lines nominate, or null where there are none besides the usual two. */
function connectionNominated(lines: HeaderLines): ReadonlySet<string> | null {
  let names: Set<string> | null = null;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = lines[index + 1] as string;
    if (value === 'keep-alive' || value === 'close') continue;
    for (const option of value.split(',')) (names ??= new Set()).add(foldHeaderName(option.trim()));
  }
  return names;
}

/**
 * The header lines of the answer, without what belongs to the upstream's connection; on a token request also without
 * Set-Cookie, so that no session of the product outlives the token (R11).
 */
export function answeredHeaders(lines: HeaderLines, dropSetCookie: boolean): string[] {
  const nominated = connectionNominated(lines);
  const result: string[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const lower = name.toLowerCase();
    if (CONNECTION_LINES.has(lower) || lower === 'x-request-id') continue;
    if (dropSetCookie && (lower === 'set-cookie' || lower === 'set-cookie2')) continue;
    if (nominated !== null && nominated.has(lower)) continue;
    result.push(name, lines[index + 1] as string);
  }
  return result;
}
