/** `rest-session`: jira's session endpoint (R04). `remote-api`: confluence's (R49). `rpc-other`: other `/rpc/`. */
export type PathClass = 'rest' | 'rest-session' | 'remote-api' | 'rpc-other' | 'other';

/**
 * R48. `tomcat`: what a servlet container could decode, cut or fold is refused, and slashes are merged. `rfc3986`:
 * everything without a dot segment in any reading is forwarded byte for byte.
 */
export const PATH_READINGS = ['tomcat', 'rfc3986'] as const;

export type PathReading = (typeof PATH_READINGS)[number];

/** The names of jira's session endpoint in R04. */
const SESSION_PATHS: ReadonlySet<string> = new Set(
  ['1', '1.0', 'latest'].flatMap((version) =>
    ['', '/', '.json'].map((ending) => `/rest/auth/${version}/session${ending}`),
  ),
);

export interface PathRules {
  /** These paths and everything below; `everything`: all paths. */
  readonly rest: readonly string[] | 'everything';
  /** `/rest/auth/<version>/session` makes sessions (R04). */
  readonly sessionEndpoint: boolean;
  /** `/rpc/` has a Remote API (R49). */
  readonly remoteApi: boolean;
  /** Where the product manages its own tokens, in every API version (R53). */
  readonly nativeTokens: readonly string[];
  /** The product serves `/s/<anything>/_/<path>` as `/<path>`. */
  readonly rewritesStatic: boolean;
  /** How its server reads a path (R48). Only an application of an `rfc3986` product may choose the other one. */
  readonly reading: PathReading;
}

/** For a product whose paths have no special meaning. */
export const PLAIN_PATHS: PathRules = {
  rest: 'everything',
  sessionEndpoint: false,
  remoteApi: false,
  nativeTokens: [],
  rewritesStatic: false,
  reading: 'rfc3986',
};

/**
 * With case, at segment boundaries (`/rest` and `/rest/x`, not `/restricted`).
 * @param path taken literally, from `offset`
 */
export function classifyPath(path: string, rules: PathRules, offset = 0): PathClass {
  if (rules.rest === 'everything') {
    return 'rest';
  }
  if (isAtOrBelowAny(path, rules.rest, offset)) {
    const isSession =
      rules.sessionEndpoint && path.startsWith('/rest/auth/', offset) && SESSION_PATHS.has(path.slice(offset));
    return isSession ? 'rest-session' : 'rest';
  }
  if (rules.remoteApi && isAtOrBelow(path, '/rpc', offset)) {
    return isRemoteApi(path, offset) ? 'remote-api' : 'rpc-other';
  }
  return 'other';
}

/** R53. */
export function isNativeTokenPath(path: string, rules: PathRules, offset = 0): boolean {
  return isAtOrBelowAny(path, rules.nativeTokens, offset);
}

/**
 * All names of jira's session endpoint: every API version, a trailing slash, a suffix such as `.xml`. Wider than
 * `rest-session` on purpose: that class opens R04's exception; this one finds bodies with passwords (R43) and upstream
 * sessions (R11).
 */
export function isSessionAlias(path: string, rules: PathRules, offset = 0): boolean {
  if (!rules.sessionEndpoint || !path.startsWith('/rest/auth/', offset)) {
    return false;
  }
  const version = offset + '/rest/auth/'.length;
  const resource = path.indexOf('/', version);
  if (resource <= version || !path.startsWith('/session', resource)) {
    return false;
  }
  return SESSION_ENDING.test(path.slice(resource + '/session'.length));
}

/** The suffix is removed before the resource is found, also after a slash: `/session/.json`. */
const SESSION_ENDING = /^\/?(?:\.[^/]*)?\/?$/;

/** R49: only these three; the first is one resource, the others contain services. */
function isRemoteApi(path: string, offset: number): boolean {
  const length = path.length - offset;
  return (
    (length === '/rpc/xmlrpc'.length && path.startsWith('/rpc/xmlrpc', offset)) ||
    (length > '/rpc/soap-axis/'.length && path.startsWith('/rpc/soap-axis/', offset)) ||
    (length > '/rpc/json-rpc/'.length && path.startsWith('/rpc/json-rpc/', offset))
  );
}

function isAtOrBelowAny(path: string, prefixes: readonly string[], offset: number): boolean {
  for (const prefix of prefixes) {
    if (isAtOrBelow(path, prefix, offset)) {
      return true;
    }
  }
  return false;
}

function isAtOrBelow(path: string, prefix: string, offset: number): boolean {
  const end = offset + prefix.length;
  return path.startsWith(prefix, offset) && (path.length === end || path.charCodeAt(end) === 0x2f);
}
