import { OWN_SEGMENTS } from '@scopegate/access';
import { parseAuthority } from '@scopegate/network';

/** Where an application is mounted: a path prefix, a host of its own, or a path prefix of a host. */
export interface Mount {
  /** In lower case, with a port if only that port counts; null for every host. */
  readonly host: string | null;
  /** `/`, or segments without a slash at the end. */
  readonly pathPrefix: string;
}

export type MountParsing =
  | { readonly ok: true; readonly mount: Mount }
  /** The member that does not fit, and what to do. */
  | { readonly ok: false; readonly member: 'host' | 'pathPrefix'; readonly message: string };

const PATH_PREFIX = /^(?:\/[A-Za-z0-9._~-]+)+$/;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;
const MAX_PREFIX_LENGTH = 200;
const MAX_HOST_LENGTH = 253;

/** Reads a mount: at least one of the two members; a host is compared without case and kept in lower case. */
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

/** The mount in one text, by which the database refuses to take it twice. */
export function mountKey(mount: Mount): string {
  return `${mount.host ?? ''}|${mount.pathPrefix}`;
}

/** A mount as a text for people. */
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
  // Without case as well: two such paths would look alike and be answered by different sides.
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
  // Requests are compared in the one spelling of a host: such a mount would read as another than it is.
  if (canonical !== name) return `must be a host name in its usual form: write ${canonical ?? 'another'}`;
  if (colon < 0) return null;
  const port = host.slice(colon + 1);
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535) return 'must have a port from 1 to 65535, or no port';
  // Clients leave these two out of the Host line, so such a mount would match nothing.
  return port === '80' || port === '443' ? `must not have the default port: write ${name}` : null;
}

function refuse(member: 'host' | 'pathPrefix', message: string): MountParsing {
  return { ok: false, member, message };
}
