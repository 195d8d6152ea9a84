import { readAuthority, type Authority } from '@scopegate/network';
import { parseTarget } from '@scopegate/path';
import { judgeForm } from './admit.js';
import { deny, type Deny } from './decision.js';
import { readAskedPath } from './door.js';
import type { ApplicationRules, RequestFacts } from './facts.js';
import type { RequestHead } from './request-head.js';
import { vendorCallOf, type VendorCall } from './vendor-call.js';

/** What a listener answers: everything, or one side if the management API has its own port. */
export type ListenerSide = 'both' | 'gateway' | 'management';

/** The first path segments that are the server's own, and the sides that answer them. */
export const OWN_SEGMENTS: ReadonlyMap<string, readonly ListenerSide[]> = new Map([
  ['api', ['both', 'management']],
  ['console', ['both', 'management']],
  ['docs', ['both', 'management']],
  ['metrics', ['both', 'management']],
  ['version', ['both', 'management']],
  ['health', ['both', 'management', 'gateway']],
  ['authorize', ['both', 'gateway']],
  ['introspect', ['both', 'gateway']],
  ['.well-known', ['both', 'gateway']],
]);

/** A request as the listener received it, before any check. */
export interface TakenRequest {
  readonly method: string;
  readonly httpVersion: string;
  /** The request target as it was sent. */
  readonly target: string;
  readonly head: RequestHead;
  readonly peer: string | undefined;
  /** Node's parser also accepts the request line of some other protocols. */
  readonly isOtherProtocol: boolean;
  /** The request has been through this gateway already. */
  readonly isLoop: boolean;
}

export interface Route<Application> {
  readonly application: Application;
  /** Byte for byte as it was sent; always begins with a slash. */
  readonly rest: string;
  /** The host belongs to the application, so every path on it does, too. */
  readonly hasOwnHost: boolean;
  /** The path is the mount, without a slash behind it: `rest` is `/` (R113). */
  readonly isMountItself: boolean;
}

export interface MountedApplications<Application> {
  /** `unclaimed-host-path`: the host is one of an application, and the path lies outside its mount. */
  route(authority: Authority | null, rawPath: string): Route<Application> | 'unclaimed-host-path' | null;
  /** Null if no application has this key. */
  byKey(key: string): Application | null;
}

/** A request refused before routing is recorded for the application of its path, if there is one. */
export type Destination<Application> = {
  /** With the path below the mount; for a vendor call, its canonical path. */
  readonly facts: RequestFacts;
  /** Null if the request names no host, or an unreadable one. */
  readonly authority: Authority | null;
} & (
  | { readonly kind: 'application'; readonly application: Application }
  | { readonly kind: 'vendor-call'; readonly application: Application; readonly call: VendorCall }
  | { readonly kind: 'refused'; readonly application: Application | null; readonly denial: Deny }
  | { readonly kind: 'loop'; readonly application: Application | null }
  /** One of the server's own paths. */
  | { readonly kind: 'own' }
  /**
   * A proxy asks for a decision (R84, R85), and gets a refusal of the form in the statuses that it understands (R86).
   * `targetFault`: why the target cannot be read; otherwise null.
   */
  | { readonly kind: 'door'; readonly formDenial: Deny | null; readonly targetFault: string | null }
  /** `OPTIONS *` asks about the server and no application (RFC 9112 3.2.4). */
  | { readonly kind: 'server-options' }
  /** `isServerRoot`: the address of the server itself, where no application is mounted. */
  | { readonly kind: 'nowhere'; readonly isServerRoot: boolean }
);

const OTHER_PROTOCOL = {
  ok: false,
  detail: 'The request line is not valid HTTP/1.1 or HTTP/1.0 (RFC 9112 3).',
} as const;

/** Finds where a request goes: to an application, to the server's own paths, or nowhere. */
export function destinationOf<Application extends { readonly key: string; readonly rules: ApplicationRules }>(
  taken: TakenRequest,
  side: ListenerSide,
  applications: MountedApplications<Application>,
): Destination<Application> {
  const { method, httpVersion, head, peer } = taken;
  const target = parseTarget(taken.target);
  const targetAuthority = target.ok ? target.authority : null;
  const reading = taken.isOtherProtocol
    ? OTHER_PROTOCOL
    : readAuthority({ hostLine: head.hostLine, httpVersion, targetAuthority });
  const authority = reading.ok ? reading.authority : null;
  const path = target.ok ? target.rawPath : pathBeforeFault(taken.target);
  const query = target.ok ? target.query : null;
  const factsAt = (rawPath: string, isMountItself = false): RequestFacts => ({
    method,
    httpVersion,
    rawPath,
    isMountItself,
    query,
    targetAuthority,
    head,
    peer,
  });

  const route = routeOf(authority, path, side, applications);
  const application = typeof route === 'string' ? null : route.application;
  const facts = typeof route === 'string' ? factsAt(path) : factsAt(route.rest, route.isMountItself);

  if (!reading.ok) {
    const denial = deny('request_malformed', null, { detail: reading.detail });
    return { kind: 'refused', facts, authority, application, denial };
  }
  if (taken.isLoop) return { kind: 'loop', facts, authority, application };
  if (taken.target === '*' && method === 'OPTIONS') {
    return ownDestination({ kind: 'server-options', facts: factsAt('*'), authority });
  }
  if (route === 'own' && firstSegmentOf(path) === DOOR_SEGMENT) {
    const targetFault = target.ok ? null : target.detail;
    return { kind: 'door', facts, authority, formDenial: judgeForm(facts), targetFault };
  }
  if (!target.ok) {
    const denial = deny('path_ambiguous', null, { detail: target.detail });
    return { kind: 'refused', facts, authority, application, denial };
  }
  if (application !== null) {
    if (asksAtOwnHost(route, path, applications)) {
      const denial = deny('request_malformed', null, { detail: ASKED_AT_OWN_HOST });
      return { kind: 'refused', facts, authority, application, denial };
    }
    const call = vendorCallOf(method, facts.rawPath, application.rules);
    return call === null
      ? { kind: 'application', facts, authority, application }
      : { kind: 'vendor-call', facts: factsAt(call.path), authority, application, call };
  }
  if (route === 'own') return ownDestination({ kind: 'own', facts, authority });
  return ownDestination({ kind: 'nowhere', facts, authority, isServerRoot: route === 'nowhere' && path === '/' });
}

/** The first segment of the paths of forward authentication. */
const DOOR_SEGMENT = 'authorize';

const ASKED_AT_OWN_HOST =
  'This host belongs to an application, whose answer must not be taken for a decision. A proxy must ask for decisions ' +
  'with a host name of the gateway itself in the Host line.';

/** The application would answer the question of a proxy, perhaps with 200, and the proxy would take it for an allow. */
function asksAtOwnHost<Application>(
  route: Route<Application> | string,
  rawPath: string,
  applications: MountedApplications<Application>,
): boolean {
  if (typeof route === 'string' || !route.hasOwnHost || firstSegmentOf(rawPath) !== DOOR_SEGMENT) return false;
  const asked = readAskedPath(rawPath);
  return asked !== null && applications.byKey(asked.key) !== null;
}

/** The form of a request below a mount is judged later; every other one is judged here. */
function ownDestination<Application>(destination: Destination<Application>): Destination<Application> {
  const { facts, authority } = destination;
  const denial = judgeForm(facts);
  return denial === null ? destination : { kind: 'refused', facts, authority, application: null, denial };
}

function routeOf<Application>(
  authority: Authority | null,
  rawPath: string,
  side: ListenerSide,
  applications: MountedApplications<Application>,
): Route<Application> | 'own' | 'nowhere' | 'unclaimed-host-path' {
  const isOwnPath = OWN_SEGMENTS.get(firstSegmentOf(rawPath))?.includes(side) === true;
  const route = side === 'management' ? null : applications.route(authority, rawPath);
  if (route === 'unclaimed-host-path') return route;
  // An application at the root of every host leaves the server's own paths alone; one with a host of its own has all.
  if (route !== null && (route.hasOwnHost || !isOwnPath)) return route;
  return isOwnPath ? 'own' : 'nowhere';
}

function firstSegmentOf(rawPath: string): string {
  const end = rawPath.indexOf('/', 1);
  return end < 0 ? rawPath.slice(1) : rawPath.slice(1, end);
}

/** The part of a malformed target that shows which application it was meant for. */
function pathBeforeFault(target: string): string {
  return target.startsWith('/') ? (/^[^?#]*/.exec(target)?.[0] ?? '/') : '/';
}
