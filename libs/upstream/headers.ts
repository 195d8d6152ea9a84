import { foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import type { ReferenceHeader, SessionParameterRule } from './session-parameter.js';
import { appendHop } from './via.js';
import { isConnectionName, isWithheldName } from './withheld-names.js';

/** What forwarding needs to know of a request. */
export interface ForwardedRequest {
  readonly lines: HeaderLines;
  readonly requestId: string;
  /** The upstream's own host. */
  readonly host: string;
  /** The addresses the request came through, for `X-Forwarded-For`. */
  readonly forwardedFor: string;
  readonly forwardedHost: string | null;
  readonly forwardedProto: string;
  /** This gateway's own hop, which `Via` gets at its end: `1.1 scopegate-…`. */
  readonly hop: string;
  /** Names that the gateway sets for this application, folded: the client's own are always dropped. */
  readonly identityNames: ReadonlySet<string>;
  /** Names and values, alternating, that identify the user; empty unless this is a token request. */
  readonly identity: readonly string[];
  /** Whether the client's Authorization is dropped: it goes upstream only if the gateway does not judge it. */
  readonly dropAuthorization: boolean;
  /** Returns what of a Cookie line goes upstream, or null for none of it. Null in its place: no cookie goes. */
  readonly keepCookies: ((value: string) => string | null) | null;
  /** Whether a line overrides the method and is dropped (R12). */
  readonly dropLine: ((foldedName: string) => boolean) | null;
  /** The header that the client address is taken from, as configured; null if none is. It is not sent on. */
  readonly addressHeader: string | null;
  /** The gateway's own place in the trace. The client's lines are always dropped: they name another parent. */
  readonly trace: { readonly parent: string; readonly state: string | null } | null;
}

/**
 * The header lines that go upstream, names and values alternating: everything the client sent except what belongs to its
 * connection, what only the gateway may say, and, on a token request, the client's own credentials.
 */
export function forwardedHeaders(request: ForwardedRequest): string[] {
  const { lines, forwardedFor, forwardedHost, forwardedProto, hop, requestId, trace } = request;
  const result = ['host', request.host];
  pushClientLines(result, request);
  if (forwardedFor !== '') result.push('X-Forwarded-For', forwardedFor);
  if (forwardedHost !== null) result.push('X-Forwarded-Host', forwardedHost);
  result.push('X-Forwarded-Proto', forwardedProto, 'Via', appendHop(lines, hop), 'X-Request-Id', requestId);
  if (trace !== null) {
    result.push('traceparent', trace.parent);
    if (trace.state !== null) result.push('tracestate', trace.state);
  }
  result.push(...request.identity);
  return result;
}

function pushClientLines(result: string[], request: ForwardedRequest): void {
  const { lines, identityNames, dropAuthorization, keepCookies, dropLine, addressHeader } = request;
  const nominated = connectionNominated(lines);
  const addressName = addressHeader === null ? null : foldHeaderName(addressHeader);
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const folded = foldHeaderName(name);
    if (folded === addressName || folded === 'via' || isWithheldName(name, folded)) continue;
    if (folded === 'authorization' && dropAuthorization) continue;
    if (identityNames.has(folded)) continue;
    // A client must not make the gateway drop a line it judged by, so only unknown names can be nominated.
    if (nominated !== null && nominated.has(folded) && !END_TO_END.has(folded)) continue;
    if (dropLine !== null && dropLine(folded)) continue;
    const value = lines[index + 1] as string;
    if (folded === 'cookie') {
      const kept = keepCookies === null ? null : keepCookies(value);
      if (kept !== null) result.push(name, kept);
    } else {
      result.push(name, value);
    }
  }
}

/** Lines that `Connection` cannot take away, since they carry the meaning of the request. */
const END_TO_END: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'content-length',
  'content-type',
  'content-encoding',
]);

/** The names in the Connection lines; null if there are only the usual two. */
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
 * The header lines of an answer, without what belongs to the upstream's connection. The answer to a token request is
 * also without Set-Cookie and without session ids in the URLs it leads to: the upstream's own session never reaches
 * the client of a token (R11).
 * @param sessionRule the rule of the product; null if this is no token request
 */
export function answeredHeaders(lines: HeaderLines, sessionRule: SessionParameterRule | null): string[] {
  const nominated = connectionNominated(lines);
  const result: string[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const kind = answeredKind(name);
    if (kind === 'dropped' || (sessionRule !== null && kind === 'cookie')) continue;
    if (nominated !== null && nominated.has(foldHeaderName(name))) continue;
    const value = lines[index + 1] as string;
    const isReference = kind !== 'passed' && kind !== 'cookie';
    result.push(name, isReference && sessionRule !== null ? sessionRule.clean(kind, value) : value);
  }
  return result;
}

type AnsweredKind = 'dropped' | 'cookie' | ReferenceHeader | 'passed';

const ANSWERED_KINDS: ReadonlyMap<string, AnsweredKind> = new Map([
  ['x-request-id', 'dropped'],
  ['set-cookie', 'cookie'],
  ['set-cookie2', 'cookie'],
  ['location', 'location'],
  ['content-location', 'location'],
  ['link', 'link'],
  ['refresh', 'refresh'],
]);

function answeredKind(name: string): AnsweredKind {
  const lower = name.toLowerCase();
  return isConnectionName(lower) ? 'dropped' : (ANSWERED_KINDS.get(lower) ?? 'passed');
}
