import { defaultPort } from '@scopegate/kernel';
import { forwardingOf, parseAuthority, readAuthority, type Authority } from '@scopegate/network';
import { parseTarget, type CanonicalPath, type PathJudgement } from '@scopegate/path';
import { judgeRequestPath } from './admit.js';
import type { Admitted } from './decision.js';
import type { MountedApplications } from './destination.js';

/** Finds the application that a client reaches at an address. */
export type Mounts = Pick<MountedApplications<{ readonly key: string }>, 'route'>;

/** What a `Destination` line (RFC 4918 10.3) names, below the mount, or what is wrong. */
export type CopyDestination =
  | { readonly ok: true; readonly path: CanonicalPath; readonly judgement: PathJudgement }
  | { readonly ok: false; readonly code: 'destination_malformed' | 'destination_not_allowed'; readonly detail: string };

/** R115: the destination of a token request is held to the rules of its path. */
export function judgeCopyDestination(admitted: Admitted, mounts: Mounts): CopyDestination {
  const destination = locateCopyDestination(admitted, mounts);
  const { application, request } = admitted;
  if (!destination.ok || application === null) return destination;
  const { judgement, path } = destination;
  if (!judgement.strict.ok || judgement.strict.pathClass !== 'rest' || judgement.sessionEndpoint) {
    return notAllowed('The path in Destination is no REST path. A token works only on REST paths.');
  }
  const isOfNativeTokens = judgement.nativeTokenManagement && application.nativeTokensDisabled;
  if (isOfNativeTokens || application.blockedPaths.methodsAt(path, 'tree') !== null) {
    return notAllowed(`No token may ${request.method} to the path in Destination, because it is blocked.`);
  }
  return destination;
}

/**
 * Where the destination lies below the mount of the application, in its canonical form. The scheme may be http or
 * https: a proxy in front of the gateway can speak TLS without saying so.
 */
export function locateCopyDestination(admitted: Admitted, mounts: Mounts): CopyDestination {
  const { address, application, policy, request } = admitted;
  const [value = '', second] = request.head.destinations;
  if (second !== undefined) return malformed('There is more than one Destination line. Send exactly one.');
  const target = parseTarget(value);
  if (!target.ok || target.query !== null || value.startsWith('//')) return malformed(NO_ADDRESS);
  const asked = readAuthority({ ...request, hostLine: request.head.hostLine });
  const own = asked.ok ? asked.authority : null;
  if (target.authority !== null) {
    const named = parseAuthority(target.authority);
    if (named === null) return malformed(NO_ADDRESS);
    const isSecure = value.slice(0, 6).toLowerCase() === 'https:';
    const outer = forwardingOf(request.head.lines, address, policy.reverseProxy).host;
    if (!isSameServer(named, own, isSecure) && !isSameServer(named, outer, isSecure)) {
      return notAllowed('Destination names another server. It must be below the same address as the request.');
    }
  }
  const route = mounts.route(own, target.rawPath);
  if (route === null || typeof route === 'string' || route.application.key !== application?.key) {
    return notAllowed('Destination lies outside of the application. It must be below the same mount as the request.');
  }
  const judgement = judgeRequestPath(route.rest, application);
  if (judgement?.strict.ok === true) return { ok: true, path: judgement.strict.canonical, judgement };
  return notAllowed(`The path in Destination can be read in more than one way. ${judgement?.strict.detail ?? ''}`);
}

/** A default port may be written or left out. */
function isSameServer(named: Authority, own: Authority | null, isSecure: boolean): boolean {
  if (own === null || named.host !== own.host) return false;
  const port = defaultPort(isSecure);
  return (named.port ?? port) === (own.port ?? port);
}

const NO_ADDRESS =
  'Destination must be one http or https address, or a path from the root, without a query or a fragment (RFC 4918 10.3).';

function malformed(detail: string): CopyDestination {
  return { ok: false, code: 'destination_malformed', detail };
}

function notAllowed(detail: string): CopyDestination {
  return { ok: false, code: 'destination_not_allowed', detail };
}
