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

/** How a product reads the paths below its root. */
export interface PathRules {
  /** What is at or below these is REST; `everything` where the product has nothing else. */
  readonly rest: readonly string[] | 'everything';
  /** Whether `/rest/auth/<version>/session` makes sessions (R04). */
  readonly sessionEndpoint: boolean;
  /** Whether `/rpc/` holds a Remote API (R49). */
  readonly remoteApi: boolean;
  /** Where the product manages tokens of its own, in every API version (R53). */
  readonly nativeTokens: readonly string[];
  /** Whether the product serves `/s/<anything>/_/<path>` as `/<path>`. */
  readonly rewritesStatic: boolean;
  /** Whether `%2F` and `%25` may stand in a path of an application that allows them (R48). */
  readonly encodedSlashes: boolean;
}

/** The reading of a product that gives no path a meaning of its own. */
export const PLAIN_PATHS: PathRules = {
  rest: 'everything',
  sessionEndpoint: false,
  remoteApi: false,
  nativeTokens: [],
  rewritesStatic: false,
  encodedSlashes: true,
};

/**
 * The class of a path, case kept and at segment boundaries (`/rest` and `/rest/x`, not `/restricted`).
 * @param path a path that is taken literally; `offset` says where in the string it begins
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

/** Whether a path is one of the product's own token management (R53). */
export function isNativeTokenPath(path: string, rules: PathRules, offset = 0): boolean {
  return isAtOrBelowAny(path, rules.nativeTokens, offset);
}

/**
 * Whether a path is jira's session endpoint under any name it answers to: every API version, a trailing slash, a suffix
 * such as `.xml`, both of them. Wider than the class `rest-session` on purpose: that one opens R04's exception, this one says where a
 * body may hold a password (R43) and where a session of the upstream may be made (R11).
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
