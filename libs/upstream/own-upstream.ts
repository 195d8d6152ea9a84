import type { UpstreamTarget } from './target.js';

/** Where a server listens. */
export interface Listener {
  /** An address or a host name, as it was configured. */
  readonly host: string;
  readonly port: number;
}

const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Whether an upstream is the server itself, so that every request would come back to it. Names are not
 * resolved here: such a loop ends when the first request comes back.
 * @param listeners of the server
 * @param machine the addresses and names of the machine, in lower case
 */
export function isOwnUpstream(
  target: UpstreamTarget,
  listeners: readonly Listener[],
  machine: ReadonlySet<string>,
): boolean {
  const host = hostOf(target);
  const port = portOf(target);
  return listeners.some((listener) => {
    if (listener.port !== port) return false;
    const own = listener.host.toLowerCase();
    if (UNSPECIFIED.has(own)) return isLoopback(host) || machine.has(host);
    return host === own || (isLoopback(own) && isLoopback(host));
  });
}

/** The host of an upstream: in lower case, without brackets and without a dot at its end. */
export function hostOf(target: UpstreamTarget): string {
  // The origin is that of a parsed URL: its IPv4 addresses are dotted decimals, in whatever form they were written.
  return new URL(target.origin).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf(target: UpstreamTarget): number {
  const { port, protocol } = new URL(target.origin);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Whether a host is this machine in any spelling (RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3). */
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
