import { foldHeaderName, type HeaderLines } from '@scopegate/kernel';
import type { ReferenceHeader, SessionParameterRule } from './session-parameter.js';
import { appendHop } from './via.js';
import { isConnectionName, isWithheldName } from './withheld-names.js';

/** What decides which of the client's lines go upstream. */
interface ForwardingRules {
  /** Names the gateway sets for this application, folded: the client's own are dropped always. */
  readonly identityNames: ReadonlySet<string>;
  /** The client's Authorization goes upstream only where it is not ours to judge. */
  readonly dropAuthorization: boolean;
  /** What goes upstream of a Cookie line, or null where nothing of it does; null in its place where no cookie goes. */
  readonly keepCookies: ((value: string) => string | null) | null;
  /** Whether a line overrides the method and is dropped (R12). */
  readonly dropLine: ((foldedName: string) => boolean) | null;
  /** The header that the client address is taken from, as configured; null where none is. What it said is sent on. */
  readonly addressHeader: string | null;
}

/** What decides, besides the client's lines, which lines go upstream before those of the single request. */
interface Origin extends ForwardingRules {
  /** The upstream's own host. */
  readonly host: string;
  /** The addresses the request came through, for `X-Forwarded-For`. */
  readonly forwardedFor: string;
  readonly forwardedHost: string | null;
  readonly forwardedProto: string;
  /** This gateway's own hop, which `Via` gets at its end: `1.1 scopegate-…`. */
  readonly hop: string;
}

/** What forwarding needs to know of a request. */
export interface ForwardedRequest extends Origin {
  readonly lines: HeaderLines;
  /** Whether the same list of lines comes with further requests, so that it is worth it to keep what follows from it. */
  readonly isRepeated: boolean;
  readonly requestId: string;
  /** Names and values, alternating, that identify the user; empty unless this is a token request. */
  readonly identity: readonly string[];
  /** The gateway's own place in the trace. The client's lines are dropped always: they name another parent. */
  readonly trace: { readonly parent: string; readonly state: string | null } | null;
}

/**
 * The header lines that go upstream, names and values alternating: everything the client sent but what belongs to its
 * connection, what only the gateway may say, and, on a token request, the client's own credentials.
 */
export function forwardedHeaders(request: ForwardedRequest): string[] {
  const result = leadingLines(request).slice();
  result.push('X-Request-Id', request.requestId);
  if (request.trace !== null) {
    result.push('traceparent', request.trace.parent);
    if (request.trace.state !== null) result.push('tracestate', request.trace.state);
  }
  for (const part of request.identity) result.push(part);
  return result;
}

/** What stays the same from one request to the next where the client's lines are repeated; put together once then. */
function leadingLines(request: ForwardedRequest): string[] {
  const known = leadingLinesOf.get(request.lines);
  if (known !== undefined && isSameOrigin(known.of, request)) return known.lines;
  const lines = ['host', request.host, ...selectLines(request.lines, request)];
  if (request.forwardedFor !== '') lines.push('X-Forwarded-For', request.forwardedFor);
  if (request.forwardedHost !== null) lines.push('X-Forwarded-Host', request.forwardedHost);
  lines.push('X-Forwarded-Proto', request.forwardedProto, 'Via', appendHop(request.lines, request.hop));
  if (request.isRepeated) leadingLinesOf.set(request.lines, { of: request, lines });
  return lines;
}

/** By the client's lines. */
const leadingLinesOf = new WeakMap<HeaderLines, { readonly of: Origin; readonly lines: string[] }>();

function isSameOrigin(one: Origin, other: Origin): boolean {
  return (
    one.host === other.host &&
    one.forwardedFor === other.forwardedFor &&
    one.forwardedHost === other.forwardedHost &&
    one.forwardedProto === other.forwardedProto &&
    one.hop === other.hop &&
    one.identityNames === other.identityNames &&
    one.dropAuthorization === other.dropAuthorization &&
    one.keepCookies === other.keepCookies &&
    one.dropLine === other.dropLine &&
    one.addressHeader === other.addressHeader
  );
}

function selectLines(lines: HeaderLines, rules: ForwardingRules): string[] {
  const nominated = connectionNominated(lines);
  const addressName = rules.addressHeader === null ? null : foldHeaderName(rules.addressHeader);
  const result: string[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] as string;
    const folded = foldHeaderName(name);
    if (folded === addressName || folded === 'via' || isWithheldName(name, folded)) continue;
    if (folded === 'authorization' && rules.dropAuthorization) continue;
    if (rules.identityNames.has(folded)) continue;
    // A client must not make the gateway forget a line it judged by, so only unknown names can be nominated.
    if (nominated !== null && nominated.has(folded) && !END_TO_END.has(folded)) continue;
    if (rules.dropLine !== null && rules.dropLine(folded)) continue;
    const value = lines[index + 1] as string;
    if (folded === 'cookie') {
      const kept = rules.keepCookies === null ? null : rules.keepCookies(value);
      if (kept !== null) result.push(name, kept);
      continue;
    }
    result.push(name, value);
  }
  return result;
}

/** Lines that `Connection` cannot take away, since they carry the meaning of the request. */
const END_TO_END: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'content-length',
  'content-type',
  'content-encoding',
]);

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
 * The header lines of an answer, without what belongs to the upstream's connection. The answer to a token request is
 * also without Set-Cookie and without session ids in the URLs it leads to: the upstream's own session never reaches
 * the client of a token (R11).
 * @param sessionRule the rule of the product; null where this is no token request
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
