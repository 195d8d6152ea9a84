import { defaultPort } from '@scopegate/kernel';
import {
  forwardingOf,
  parseAuthority,
  readAuthority,
  type Authority,
  type ClientAddress,
  type ReverseProxyRules,
} from '@scopegate/network';
import { isReadMethod } from '@scopegate/scope';
import type { RequestFacts } from './facts.js';
import type { RequestHead } from './request-head.js';

/** A web origin (RFC 6454). */
export interface Origin {
  /** As browsers write it: `https://gate.example.com`. */
  readonly text: string;
  readonly isSecure: boolean;
}

/** Of the management API, where browser sessions count (R99). */
export interface BrowserRules {
  /** The outer address of the console, from the configuration; null: the one that each request came to. */
  readonly publicOrigin: Origin | null;
}

/** Null unless it is an http or https address without a user, as a line `Origin` has it. */
export function readOrigin(text: string): Origin | null {
  const [, scheme = '', rest = ''] = /^(https?):\/\/([^/?#@\s]+)$/i.exec(text) ?? [];
  const authority = rest === '' ? null : parseAuthority(rest);
  return authority === null ? null : originOf(scheme.toLowerCase() === 'https', authority);
}

function originOf(isSecure: boolean, { host, port }: Authority): Origin {
  const shown = port === null || port === defaultPort(isSecure) ? host : `${host}:${port}`;
  return { text: `${isSecure ? 'https' : 'http'}://${shown}`, isSecure };
}

/** Where the browser sent this request, as far as trusted proxies say so. Null if the request names no host. */
function requestOrigin(request: RequestFacts, address: ClientAddress, rules: ReverseProxyRules): Origin | null {
  const { head, httpVersion, targetAuthority } = request;
  const reading = readAuthority({ hostLine: head.hostLine, httpVersion, targetAuthority });
  const { proto, host } = forwardingOf(head.lines, address, rules);
  const authority = host ?? (reading.ok ? reading.authority : null);
  return authority === null ? null : originOf(proto === 'https', authority);
}

/** Whether the cookie of this request is the one of https. The configuration wins: a proxy may end TLS unnoticed. */
export function isSecureRequest(
  request: RequestFacts,
  address: ClientAddress,
  reverseProxy: ReverseProxyRules,
  { publicOrigin }: BrowserRules,
): boolean {
  return publicOrigin?.isSecure ?? forwardingOf(request.head.lines, address, reverseProxy).proto === 'https';
}

/** What a request says about the page that made it. */
export type PageOrigin = 'own' | 'foreign' | 'unsaid';

/**
 * R99: what browsers write and no page can change. `Sec-Fetch-Site` is enough by itself; where browsers leave it out
 * (plain http), `Origin` must be ours. A line twice, `none`, `same-site` and `null` are foreign.
 */
export function pageOriginOf(
  request: RequestFacts,
  address: ClientAddress,
  reverseProxy: ReverseProxyRules,
  { publicOrigin }: BrowserRules,
): PageOrigin {
  const sites = request.head.values('sec-fetch-site');
  if (sites.length > 0) return only(sites) === 'same-origin' ? 'own' : 'foreign';
  const origins = request.head.values('origin');
  if (origins.length === 0) return 'unsaid';
  const origin = readOrigin(only(origins) ?? '');
  if (origin === null) return 'foreign';
  const ours = [publicOrigin, requestOrigin(request, address, reverseProxy)];
  return ours.some((own) => own?.text === origin.text) ? 'own' : 'foreign';
}

/** Whether a browser says that a page of another origin made the request; not what somebody typed or opened. */
export function isOfForeignPage(request: RequestFacts): boolean {
  const sites = request.head.values('sec-fetch-site');
  return sites.length > 0 && !['same-origin', 'none'].includes(only(sites) ?? '');
}

function only(values: RequestHead['lines']): string | null {
  const [value, second] = values;
  return value === undefined || second !== undefined ? null : value.trim();
}

/** A request that changes nothing may come from anywhere, such as from a link (RFC 9110 9.2.1). */
export function mayChange({ method }: Pick<RequestFacts, 'method'>): boolean {
  return !isReadMethod(method);
}
