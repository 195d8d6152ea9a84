import { foldHeaderName, headerValues, isHttpToken, upgradesToRequests, type HeaderLines } from '@scopegate/kernel';
import { parseIpAddress } from '@scopegate/network';
import { parseTarget, pathReadings, stripMount } from '@scopegate/path';
import { isMisleading } from '@scopegate/upstream';
import { judgeRequestPath } from './admit.js';
import { isBlocked } from './blocked-request.js';
import { deny, type Deny } from './decision.js';
import type { AccessPolicy, ApplicationRules, RequestFacts } from './facts.js';
import { RequestHead } from './request-head.js';

/**
 * The ways to ask for a decision: to send a request through the gateway; forward authentication, in which the request
 * itself or headers are the subject; introspection of a token; the guard of another application.
 */
export const DOORS = ['proxy', 'request', 'headers', 'introspection', 'guard'] as const;

export type Door = (typeof DOORS)[number];

/** What the path of forward authentication asks for. */
export type AskedPath =
  | { readonly door: 'request'; readonly key: string; readonly rest: string }
  | { readonly door: 'headers'; readonly key: string };

/** `/authorize/{application}`, or with the original target behind it; null: neither. */
export function readAskedPath(rawPath: string): AskedPath | null {
  const [, key, rest] = /^\/authorize\/([^/]+)(\/.*)?$/.exec(rawPath) ?? [];
  if (key === undefined) return null;
  return rest === undefined ? { door: 'headers', key } : { door: 'request', key, rest };
}

export interface AskedStatuses {
  /** nginx understands 200, 401 and 403 alone (R86). */
  readonly isForNginx: boolean;
  /** What is left of the query. */
  readonly query: string | null;
}

const FOR_NGINX = 'statuses=nginx';

/** It is the last part, because nginx adds it behind the client's query. */
export function readStatuses(query: string | null): AskedStatuses {
  if (query === FOR_NGINX) return { isForNginx: true, query: null };
  if (query?.endsWith(`&${FOR_NGINX}`) !== true) return { isForNginx: false, query };
  return { isForNginx: true, query: query.slice(0, -FOR_NGINX.length - 1) };
}

/** R85: anybody else could forge what a proxy says. */
export function isTrustedProxy(peer: string | undefined, { reverseProxy }: AccessPolicy): boolean {
  const address = parseIpAddress(peer);
  return address !== null && reverseProxy.enabled && reverseProxy.trusted.has(address);
}

/** What the subject belongs to. */
export interface SubjectPlace {
  readonly pathPrefix: string;
  readonly application: ApplicationRules;
  /** The headers that a proxy replaces by those of the answer: from the folded name to the exact one, in lower case. */
  readonly ownedNames: ReadonlyMap<string, string>;
}

export type SubjectReading =
  { readonly ok: true; readonly facts: RequestFacts } | { readonly ok: false; readonly denial: Deny };

/**
 * The request that a proxy asks about (R84, R85).
 * @param asking the request of the proxy, without the part of the query for the statuses
 */
export function readSubject(asked: AskedPath, asking: RequestFacts, place: SubjectPlace): SubjectReading {
  const fault = faultOfLines(asked, asking, place);
  if (fault !== null) return malformed(fault);
  if (asked.door === 'request') {
    const { method, query, head } = asking;
    return subjectOf({ method, rawPath: asked.rest, query, head }, asking, place);
  }
  if (asking.query !== null) return malformed('The query of this address may only be "statuses=nginx".');
  const described = readDescription(asking.head.lines);
  if (typeof described === 'string') return malformed(described);
  const target = parseTarget(described.target);
  if (!target.ok) return { ok: false, denial: deny('path_ambiguous', null, { detail: target.detail }) };
  const { method, lines, host } = described;
  const ownHost = host ?? target.authority;
  const head = RequestHead.of(ownHost === null ? lines : withHost(lines, ownHost));
  return subjectOf({ method, rawPath: target.rawPath, query: target.query, head }, asking, place);
}

type SubjectLine = Pick<RequestFacts, 'method' | 'rawPath' | 'query' | 'head'>;

function subjectOf(
  { method, rawPath, query, head }: SubjectLine,
  { peer }: RequestFacts,
  { application, pathPrefix }: SubjectPlace,
): SubjectReading {
  const rest = belowMount(rawPath, pathPrefix);
  if (rest === null) return { ok: false, denial: deny('path_ambiguous', null, { detail: MOUNT_IN_DISGUISE }) };
  const isMountItself = pathPrefix !== '/' && rawPath === pathPrefix;
  // The proxy may ask in HTTP/1.0 about a request in HTTP/1.1.
  const httpVersion = '1.1';
  const facts = { method, httpVersion, rawPath: rest, isMountItself, query, head: head.describedFor(method), peer };
  const isHidden = rest !== rawPath && isBlockedWithMount(facts, rawPath, application);
  return isHidden ? { ok: false, denial: deny('path_blocked') } : { ok: true, facts };
}

/** The application may get the path with the mount. What is blocked below it, too, is refused as everywhere. */
function isBlockedWithMount(facts: RequestFacts, rawPath: string, application: ApplicationRules): boolean {
  const blocked = (path: string): boolean =>
    isBlocked({ ...facts, rawPath: path }, { path: judgeRequestPath(path, application), application });
  return blocked(rawPath) && !blocked(facts.rawPath);
}

const MOUNT_IN_DISGUISE =
  'The path begins with the mount of the application in another spelling. Send it exactly as the mount is written.';

/** The proxy may ask with the mount or without it. Null: some reader finds the mount where it is not written (R12). */
function belowMount(rawPath: string, pathPrefix: string): string | null {
  const rest = stripMount(rawPath, pathPrefix);
  if (rest !== null) return rest;
  const prefix = pathPrefix.toLowerCase();
  const readings = pathReadings(rawPath, { rewritesStatic: false });
  const isPlain = readings?.every((reading) => stripMount(reading.toLowerCase(), prefix) === null) ?? false;
  return isPlain ? rawPath : null;
}

/** Two dialects; a request has one of them (R85). */
const FORWARDED_NAMES = ['x-forwarded-method', 'x-forwarded-uri', 'x-forwarded-host', 'x-forwarded-proto'] as const;
const ORIGINAL_NAMES = ['x-original-method', 'x-original-url'] as const;
const DIALECT_NAMES: ReadonlySet<string> = new Set([...FORWARDED_NAMES, ...ORIGINAL_NAMES]);

const TWO_FORMS = 'Ask with these headers at exactly /authorize/{application}, or with the original method and target.';

/** What a proxy could neither replace nor leave out, since it compares names without case alone. Null: nothing. */
function faultOfLines(asked: AskedPath, asking: RequestFacts, { ownedNames }: SubjectPlace): string | null {
  const { lines } = asking.head;
  for (let index = 0; index < lines.length; index += 2) {
    const name = (lines[index] ?? '').toLowerCase();
    const folded = foldHeaderName(name);
    const isOfDialect = DIALECT_NAMES.has(folded);
    const owned = ownedNames.get(folded) ?? (isOfDialect ? folded : name);
    if (name !== owned) {
      return `The header ${name} is another spelling of ${owned}, and some servers take it for the same. Leave it out.`;
    }
    if (asked.door === 'request' && describesAnother(name, lines[index + 1], asked, asking)) {
      return `The header ${name} describes another request than the one that is asked about. ${TWO_FORMS}`;
    }
    if (isMisleading(name, folded) && !(isOfDialect && asked.door === 'headers')) {
      return `The header ${name} could mislead the application, and only the gateway itself keeps it back. Leave it out.`;
    }
  }
  return upgradesToRequests(lines) ? 'An upgrade to HTTP or TLS would carry requests that are not judged.' : null;
}

/**
 * Some proxies add what they ask about. One that asks with GET about a POST has the wrong form: all writes would pass.
 * @param name in lower case
 */
function describesAnother(
  name: string,
  value: string | undefined,
  { rest }: AskedPath & { readonly door: 'request' },
  { method, query }: RequestFacts,
): boolean {
  if (name === 'x-forwarded-method' || name === 'x-original-method') return value !== method;
  return name === 'x-forwarded-uri' && value !== (query === null ? rest : `${rest}?${query}`);
}

interface Described {
  readonly method: string;
  readonly target: string;
  /** Null if the target says it, or nothing does. */
  readonly host: string | null;
  /** Of the subject. */
  readonly lines: HeaderLines;
}

/** Traefik writes the last two for upgrades. */
const PROTOCOLS: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss']);

/**
 * The proxy puts it together from the scheme, the Host and the target. nginx lets marks through in a Host, such as `?`:
 * the path of the target would become a query.
 */
const ORIGINAL_URL = /^(?:https?:\/\/[0-9A-Za-z._~:[\]-]+)?\//i;

/** @returns a text that says what is wrong */
function readDescription(lines: HeaderLines): Described | string {
  const isForwarded = isNamed(lines, FORWARDED_NAMES);
  const isOriginal = isNamed(lines, ORIGINAL_NAMES);
  if (isForwarded && isOriginal) return 'The request is described by X-Forwarded-* and by X-Original-*. Send one.';
  const [method, target, host = null, proto = 'http'] = (isOriginal ? ORIGINAL_NAMES : FORWARDED_NAMES).map((name) =>
    onlyValue(lines, name),
  );
  if (method === undefined || target === undefined || method === null || target === null) return MISSING;
  if (!isOriginal && (host === null || proto === null)) return MISSING;
  if (!isHttpToken(method)) return 'The described method is no method (RFC 9110 9.1).';
  if (!PROTOCOLS.has(proto ?? '')) return 'X-Forwarded-Proto must be "http" or "https".';
  if (!isOriginal && !target.startsWith('/')) return 'X-Forwarded-Uri must begin with a slash.';
  if (isOriginal && !ORIGINAL_URL.test(target)) return 'X-Original-URL must be an http address with a path, or a path.';
  return { method, target, host, lines: without(lines, DIALECT_NAMES) };
}

const MISSING =
  'The request is not described. Send X-Forwarded-Method, X-Forwarded-Uri, X-Forwarded-Host and X-Forwarded-Proto, or ' +
  'X-Original-Method and X-Original-URL, each exactly once; or the original target behind this path.';

function isNamed(lines: HeaderLines, names: readonly string[]): boolean {
  return names.some((name) => headerValues(lines, name).length > 0);
}

function onlyValue(lines: HeaderLines, name: string): string | null {
  const [value, second] = headerValues(lines, name);
  return value === undefined || value === '' || second !== undefined ? null : value;
}

function withHost(lines: HeaderLines, host: string): HeaderLines {
  return [...without(lines, new Set(['host'])), 'Host', host];
}

/** @param names in lower case */
function without(lines: HeaderLines, names: ReadonlySet<string>): HeaderLines {
  const kept: string[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const name = lines[index] ?? '';
    if (!names.has(name.toLowerCase())) kept.push(name, lines[index + 1] ?? '');
  }
  return kept;
}

function malformed(detail: string): SubjectReading {
  return { ok: false, denial: deny('request_malformed', null, { detail }) };
}
