import { defaultPort } from '@scopegate/kernel';
import type { UpstreamTarget } from './target.js';

export interface Listener {
  /** As configured. */
  readonly host: string;
  readonly port: number;
}

const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Every request would come back. Names are not resolved: such a loop ends when the first request returns.
 * @param machine addresses and names of the machine, in lower case
 */
export function isOwnUpstream(
  target: UpstreamTarget,
  listeners: readonly Listener[],
  machine: ReadonlySet<string>,
): boolean {
  if (target.socketPath !== null) return false;
  const host = hostOf(target);
  const port = portOf(target);
  return listeners.some((listener) => {
    if (listener.port !== port) return false;
    const own = listener.host.toLowerCase();
    if (UNSPECIFIED.has(own)) return isLoopback(host) || machine.has(host);
    return host === own || (isLoopback(own) && isLoopback(host));
  });
}

/** Lower case, without brackets and a dot at the end; `localhost` for a socket file. */
export function hostOf(target: UpstreamTarget): string {
  // A parsed URL has dotted decimals, whatever was written.
  return new URL(target.origin).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf(target: UpstreamTarget): number {
  const { port, protocol } = new URL(target.origin);
  return port === '' ? defaultPort(protocol === 'https:') : Number(port);
}

/** In any spelling (RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    UNSPECIFIED.has(host) ||
    host === '::1' ||
    /^127\.\d+\.\d+\.\d+$/.test(host) ||
    // IPv4-mapped, as a URL writes it: ::ffff:7f00:1.
    /^::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/.test(host)
  );
}
