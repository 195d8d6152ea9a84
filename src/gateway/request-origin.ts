import type { Decision } from '@scopegate/access';
import { defaultPort } from '@scopegate/kernel';
import { forwardingOf } from '@scopegate/network';
import type { OuterAddress } from '@scopegate/upstream';
import type { ProtectedApplication } from '../applications/application.js';
import type { Exchange } from '../common/access/exchange.js';

export type Forwarded = Exclude<Decision, { kind: 'deny' }>;

export interface RequestOrigin {
  readonly forwardedFor: string;
  readonly forwardedHost: string | null;
  readonly forwardedProto: 'http' | 'https';
  readonly forwardedPort: string | null;
  readonly addressHeader: string | null;
}

/** Only what was judged goes upstream (R39). */
export function originOf(decision: Forwarded, exchange: Exchange): RequestOrigin {
  const { address, policy, request } = decision.kind === 'allow' ? decision.authenticated.admitted : decision.admitted;
  const { reverseProxy } = policy;
  const { chain, proto, host } = forwardingOf(request.head.lines, address, reverseProxy);
  const authority = host ?? exchange.authority;
  return {
    // Also a peer that is no plain address, such as one with a zone.
    forwardedFor: address.peer === null ? (request.peer ?? '') : chain.join(', '),
    forwardedHost: authority?.text ?? null,
    forwardedProto: proto,
    forwardedPort: authority === null ? null : String(authority.port ?? defaultPort(proto === 'https')),
    addressHeader: reverseProxy.enabled ? reverseProxy.header : null,
  };
}

/** R115: the Host line that goes upstream. */
export function hostFor({ options, target }: ProtectedApplication, { forwardedHost }: RequestOrigin): string {
  switch (options.host) {
    case 'upstream':
      return target.host;
    case 'client':
      return forwardedHost ?? target.host;
    default:
      return options.host;
  }
}

/** Where the client of this request finds the application. */
export function outerAddressOf({ pathPrefix }: ProtectedApplication, origin: RequestOrigin): OuterAddress {
  return { scheme: origin.forwardedProto, host: origin.forwardedHost, pathPrefix };
}
