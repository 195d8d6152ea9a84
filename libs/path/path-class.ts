import type { ApplicationKind } from '@scopegate/kernel';

/**
 * What a path below the mount addresses: the application's REST interface, its session endpoint (R04), confluence's
 * Remote API and what else lies under its `/rpc/` (R49), or anything else, pages mostly.
 */
export type PathClass = 'rest' | 'rest-session' | 'remote-api' | 'rpc-other' | 'other';

/** The names of jira's session endpoint that R04 lists. */
const SESSION_PATHS: ReadonlySet<string> = new Set(
  ['1', '1.0', 'latest'].flatMap((version) =>
    ['', '/', '.json'].map((ending) => `/rest/auth/${version}/session${ending}`),
  ),
);

/**
 * The class of a path, case kept and at segment boundaries (`/rest` and `/rest/x`, not `/restricted`).
 * @param path a path that is taken literally; `offset` says where in the string it begins
 */
export function classifyPath(path: string, kind: ApplicationKind, offset = 0): PathClass {
  if (kind === 'generic') {
    return 'rest';
  }
  if (isAtOrBelow(path, '/rest', offset)) {
    const isSession =
      kind === 'jira' && path.startsWith('/rest/auth/', offset) && SESSION_PATHS.has(path.slice(offset));
    return isSession ? 'rest-session' : 'rest';
  }
  if (kind === 'bitbucket' && isAtOrBelow(path, '/scm', offset)) {
    return 'rest';
  }
  if (kind === 'confluence' && isAtOrBelow(path, '/rpc', offset)) {
    return isRemoteApi(path, offset) ? 'remote-api' : 'rpc-other';
  }
  return 'other';
}

/** Whether a path is one of the product's own token management (R53), in every API version. */
export function isNativeTokenPath(path: string, kind: ApplicationKind, offset = 0): boolean {
  return (
    kind !== 'generic' && (isAtOrBelow(path, '/rest/pat', offset) || isAtOrBelow(path, '/rest/access-tokens', offset))
  );
}

/**
 * Whether a path is jira's session endpoint under any name it answers to: every API version, a trailing slash, a suffix
 * such as `.xml`, both of them. Wider than the class `rest-session` on purpose: that one opens R04's exception, this one says where a
 * body may hold a password (R43) and where a session of the upstream may be made (R11).
 */
export function isSessionAlias(path: string, kind: ApplicationKind, offset = 0): boolean {
  if (kind !== 'jira' || !path.startsWith('/rest/auth/', offset)) {
    return false;
  }
  const version = offset + '/rest/auth/'.length;
  const resource = path.indexOf('/', version);
  if (resource <= version || !path.startsWith('/session', resource)) {
    return false;
  }
  return SESSION_ENDING.test(path.slice(resource + '/session'.length));
}

/** A suffix is taken off before the resource is found, also where it stands behind a slash: `/session/.json`. */
const SESSION_ENDING = /^\/?(?:\.[^/]*)?\/?$/;

/** R49: these three and nothing else under `/rpc/`; the first is one resource, the others hold services. */
function isRemoteApi(path: string, offset: number): boolean {
  const length = path.length - offset;
  return (
    (length === '/rpc/xmlrpc'.length && path.startsWith('/rpc/xmlrpc', offset)) ||
    (length > '/rpc/soap-axis/'.length && path.startsWith('/rpc/soap-axis/', offset)) ||
    (length > '/rpc/json-rpc/'.length && path.startsWith('/rpc/json-rpc/', offset))
  );
}

function isAtOrBelow(path: string, prefix: string, offset: number): boolean {
  const end = offset + prefix.length;
  return path.startsWith(prefix, offset) && (path.length === end || path.charCodeAt(end) === 0x2f);
}
