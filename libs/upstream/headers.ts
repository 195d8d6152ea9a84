import { foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import type { ReferenceHeader } from './session-parameter.js';
import { appendHop } from './via.js';
import { isConnectionName, isWithheldName } from './withheld-names.js';

export interface ForwardedRequest {
  readonly lines: HeaderLines;
  readonly requestId: string;
  readonly host: string;
  /** For `X-Forwarded-For`. */
  readonly forwardedFor: string;
  readonly forwardedHost: string | null;
  readonly forwardedProto: string;
  /** Null if the request names no host. */
  readonly forwardedPort: string | null;
  /** The path of the mount; null if it is `/`. */
  readonly forwardedPrefix: string | null;
  /** Added at the end of `Via`: `1.1 scopegate-…`. */
  readonly hop: string;
  /** Folded. The gateway sets these, so the client's own are dropped. */
  readonly identityNames: ReadonlySet<string>;
  /** Names and values in turns; empty unless this is a token request. */
  readonly identity: readonly string[];
  /** Folded names of the lines that a token is presented in; null unless this is a token request. */
  readonly credentialNames: ReadonlySet<string> | null;
  /** The part of a Cookie line that goes upstream, or null. Null instead of a function: no cookie goes. */
  readonly keepCookies: ((value: string) => string | null) | null;
  /** The gateway's own `Cookie` line for a token (R117); null: none. */
  readonly keptCookies: string | null;
  /** The address in place of a `Destination` (R115); null: it goes as it is. */
  readonly destination: string | null;
  /** Lines that override the method are dropped (R12). */
  readonly dropLine: ((foldedName: string) => boolean) | null;
  /** Not sent on, because the client address is taken from it; null: none. */
  readonly addressHeader: string | null;
  /** The client's lines are always dropped: they name another parent. */
  readonly trace: { readonly parent: string; readonly state: string | null } | null;
}

/**
 * Names and values in turns, without the connection's lines, lines that only the gateway may write, and, on a token
 * request, the client's credentials.
 */
export function forwardedHeaders(request: ForwardedRequest): string[] {
  const { lines, forwardedFor, forwardedHost, forwardedProto, forwardedPort, forwardedPrefix } = request;
  const { hop, requestId, trace } = request;
  const result = ['host', request.host];
  pushClientLines(result, request);
  if (forwardedFor !== '') result.push('X-Forwarded-For', forwardedFor);
  if (forwardedHost !== null) result.push('X-Forwarded-Host', forwardedHost);
  if (forwardedPort !== null) result.push('X-Forwarded-Port', forwardedPort);
  if (forwardedPrefix !== null) result.push('X-Forwarded-Prefix', forwardedPrefix);
  result.push('X-Forwarded-Proto', forwardedProto, 'Via', appendHop(lines, hop), 'X-Request-Id', requestId);
  if (trace !== null) {
    result.push('traceparent', trace.parent);
    if (trace.state !== null) result.push('tracestate', trace.state);
  }
  if (request.keptCookies !== null) result.push('Cookie', request.keptCookies);
  result.push(...request.identity);
  return result;
}

function pushClientLines(result: string[], request: ForwardedRequest): void {
  const { lines, identityNames, credentialNames, keepCookies, dropLine, addressHeader } = request;
  const nominated = connectionNominated(lines);
  const addressName = addressHeader === null ? null : foldHeaderName(addressHeader);
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const folded = foldHeaderName(name);
    if (folded === addressName || folded === 'via' || isWithheldName(name, folded)) continue;
    if (credentialNames !== null && credentialNames.has(folded)) continue;
    if (identityNames.has(folded)) continue;
    // A client must not make the gateway drop a line that was judged, so only unknown names can be nominated.
    if (nominated !== null && nominated.has(folded) && !END_TO_END.has(folded)) continue;
    if (dropLine !== null && dropLine(folded)) continue;
    const value = lines[index + 1] as string;
    if (folded === 'destination' && request.destination !== null) {
      result.push(name, request.destination);
    } else if (folded === 'cookie') {
      const kept = keepCookies === null ? null : keepCookies(value);
      if (kept !== null) result.push(name, kept);
    } else {
      result.push(name, value);
    }
  }
}

/** `Connection` cannot remove these: they carry the meaning of the request. */
const END_TO_END: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'content-length',
  'content-type',
  'content-encoding',
  'destination',
]);

/** Null if there are only the usual two. */
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

/** What becomes of the lines of an answer that are not passed on as they are. */
export interface AnswerRules {
  /** The value of a `Set-Cookie` line for the client; null: it gets none. */
  cookie(value: string): string | null;
  reference(header: ReferenceHeader, value: string): string;
}

/** Without the connection's lines. */
export function answeredHeaders(lines: HeaderLines, rules: AnswerRules): string[] {
  const nominated = connectionNominated(lines);
  const result: string[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const kind = answeredKind(name);
    if (kind === 'dropped' || (nominated !== null && nominated.has(foldHeaderName(name)))) continue;
    const value = lines[index + 1] as string;
    if (kind === 'passed') {
      result.push(name, value);
    } else {
      const changed = kind === 'cookie' ? rules.cookie(value) : rules.reference(kind, value);
      if (changed !== null) result.push(name, changed);
    }
  }
  return result;
}

type AnsweredKind = 'dropped' | 'cookie' | ReferenceHeader | 'passed';

const ANSWERED_KINDS: ReadonlyMap<string, AnsweredKind> = new Map([
  ['x-request-id', 'dropped'],
  ['x-scopegate-token-expires', 'dropped'],
  ['set-cookie', 'cookie'],
  // Obsolete (RFC 6265 9.4); its path and domain would lead past the gateway.
  ['set-cookie2', 'dropped'],
  ['location', 'location'],
  ['content-location', 'location'],
  ['link', 'link'],
  ['refresh', 'refresh'],
]);

function answeredKind(name: string): AnsweredKind {
  const lower = name.toLowerCase();
  return isConnectionName(lower) ? 'dropped' : (ANSWERED_KINDS.get(lower) ?? 'passed');
}
