import { OWN_SEGMENTS } from '@scopegate/access';
import { parseAuthority } from '@scopegate/network';

export interface Mount {
  /** Lower case, with a port if only that port counts; null for every host. */
  readonly host: string | null;
  /** `/`, or segments without a slash at the end. */
  readonly pathPrefix: string;
}

export type MountParsing =
  | { readonly ok: true; readonly mount: Mount }
  /** The invalid member, and what to do. */
  | { readonly ok: false; readonly member: 'host' | 'pathPrefix'; readonly message: string };

const PATH_PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const MAX_PREFIX_LENGTH = 200;
const MAX_HOST_LENGTH = 253;

/** At least one member; the host becomes lower case. */
export function parseMount(value: {
  readonly pathPrefix?: string | undefined;
  readonly host?: string | undefined;
}): MountParsing {
  const { pathPrefix, host } = value;
  if (pathPrefix === undefined && host === undefined) {
    return refuse('pathPrefix', 'is missing: give a pathPrefix (such as /jira) or a host');
  }
  const prefixProblem = pathPrefix === undefined ? null : refusePrefix(pathPrefix);
  if (prefixProblem !== null) return refuse('pathPrefix', prefixProblem);
  if (host === undefined) return { ok: true, mount: { host: null, pathPrefix: pathPrefix ?? '/' } };
  const lower = host.toLowerCase();
  const hostProblem = refuseHost(lower);
  if (hostProblem !== null) return refuse('host', hostProblem);
  return { ok: true, mount: { host: lower, pathPrefix: pathPrefix ?? '/' } };
}

/** Unique in the database. */
export function mountKey(mount: Mount): string {
  return `${mount.host ?? ''}|${mount.pathPrefix}`;
}

export function describeMount(mount: Mount): string {
  if (mount.host === null) return mount.pathPrefix;
  return mount.pathPrefix === '/' ? mount.host : mount.host + mount.pathPrefix;
}

function refusePrefix(prefix: string): string | null {
  if (prefix === '/') return null;
  if (prefix.length > MAX_PREFIX_LENGTH) return `must have at most ${MAX_PREFIX_LENGTH} characters`;
  if (!PATH_PREFIX.test(prefix)) {
    return 'must be "/" or a path such as /jira: segments of letters, digits and "._~-", without a slash at the end';
  }
  const segments = prefix.slice(1).split('/');
  if (segments.some((segment) => segment === '.' || segment === '..')) return 'must not contain dot segments';
  // Without case: two similar paths must not be answered by different sides.
  const first = segments[0]?.toLowerCase() ?? '';
  return OWN_SEGMENTS.has(first) ? `must not begin with /${first}, which the gateway answers itself` : null;
}

function refuseHost(host: string): string | null {
  const colon = host.indexOf(':');
  const name = colon < 0 ? host : host.slice(0, colon);
  if (name.length > MAX_HOST_LENGTH || !HOST_NAME.test(name)) {
    return 'must be a host name, such as jira.example.com, with an optional port';
  }
  const canonical = parseAuthority(name)?.host;
  // Requests compare with the usual spelling of a host, so another one would never match.
  if (canonical !== name) return `must be a host name in its usual form: write ${canonical ?? 'another'}`;
  if (colon < 0) return null;
  const port = host.slice(colon + 1);
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return 'must have a port from 1 to 65535, or no port';
  // Clients leave default ports out of the Host line, so such a mount would never match.
  return port === '80' || port === '443' ? `must not have the default port: write ${name}` : null;
}

function refuse(member: 'host' | 'pathPrefix', message: string): MountParsing {
  return { ok: false, member, message };
}
