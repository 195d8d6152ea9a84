import {
  Acting,
  Cors,
  judge,
  NO_ROUTE,
  RequestHead,
  type AccessPolicy,
  type ActingIdentity,
  type ApplicationRules,
  type Credential,
  type Decision,
  type DepositState,
  type LoginResult,
  type PrincipalFacts,
  type Route,
  type TokenFacts,
  type FoundToken,
  type NotFound,
} from '@scopegate/access';
import { HmacKey } from '@scopegate/kernel';
import { compileAddressSet } from '@scopegate/network';
import { compileBlockedPaths, compilePatterns, stripMount } from '@scopegate/path';
import { DEFAULT_PERMISSIONS } from '@scopegate/permission';
import { productOf } from '@scopegate/product';
import { mintSession, mintToken, sameUserName } from '@scopegate/token';
import {
  DAY_MS,
  isAnsweredHere,
  NOW_MS,
  USER_PASSWORD,
  type AccessCase,
  type CaseApplication,
  type CaseToken,
} from './access-case.js';
import { fillSecrets, linesOf, peerOf, tokensOf } from './access-case.request.js';

/** The routes that create a token (R05): our own, and the vendor-compatible one below a mount. */
const CREATING_PATHS: ReadonlySet<string> = new Set([
  '/api/v1/tokens',
  '/rest/de.resolution.apitokenauth/latest/user/token',
]);

/** The calls that concern the presented token alone (R123). */
const OWN_TOKEN_CALLS: ReadonlySet<string> = new Set([
  'GET /api/v1/tokens/self',
  'DELETE /api/v1/tokens/self',
  'POST /api/v1/tokens/self/rotate',
]);

/** Decides a case as every door does. */
export async function decideCase(row: AccessCase): Promise<Decision> {
  const world = buildWorld(row);
  return decideIn(world, row, RequestHead.of(linesOf(row, world.secrets, 'gateway.example').flat()));
}

/** Decides a case over and over on one connection, as of a client that sends the same header lines again. */
export async function decideRepeatedCase(row: AccessCase, times: number): Promise<readonly Decision[]> {
  const world = buildWorld(row);
  const decisions: Decision[] = [];
  let head: RequestHead | undefined;
  for (let time = 0; time < times; time += 1) {
    head = RequestHead.of(linesOf(row, world.secrets, 'gateway.example').flat(), head);
    decisions.push(await decideIn(world, row, head));
  }
  return decisions;
}

const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** What the head alone decides, and whether the decision also reads the body, which forward authentication lacks. */
export async function decideByHead(row: AccessCase): Promise<{ readonly decision: Decision; readonly reads: boolean }> {
  const world = buildWorld(row);
  const { method = 'GET', body } = row.request;
  // Where the row has none, there may be one: a proxy keeps it.
  const more = body !== undefined || BODILESS.has(method) ? [] : ['Transfer-Encoding', 'chunked'];
  const head = RequestHead.of([...linesOf(row, world.secrets, 'gateway.example').flat(), ...more]);
  let reads = 0;
  await decideIn(world, row, head, () => (reads += 1));
  return { decision: await decideIn(world, row, head, null), reads: reads > 0 };
}

async function decideIn(
  world: World,
  row: AccessCase,
  head: RequestHead,
  onRead: (() => unknown) | null = () => undefined,
): Promise<Decision> {
  const { application, policy, secrets } = world;
  const { method = 'GET', path, query, httpVersion = '1.1' } = row.request;
  const body = Buffer.from(fillSecrets(row.request.body ?? '', secrets));
  const read = (): Promise<Buffer> => {
    onRead?.();
    return Promise.resolve(body);
  };
  return judge(
    {
      request: {
        method,
        httpVersion,
        rawPath: path === '' ? '/' : path,
        isMountItself: path === '',
        query: query === undefined ? null : fillSecrets(query, secrets),
        head,
        peer: peerOf(row),
      },
      application,
      policy,
      vendorMount: null,
      route: {
        ...NO_ROUTE,
        createsToken: application === null && CREATING_PATHS.has(path),
        concernsOwnToken: application === null && OWN_TOKEN_CALLS.has(`${method} ${path}`),
      },
    },
    {
      nowMs: () => NOW_MS,
      findToken: (_id, secret) => world.lookUp(secret),
      findSession: (_id, secret) => world.lookUp(secret),
      findBrowserSession: () => ({ found: false }),
      findDeposit: (_application, userId) => depositOf(row, userId),
      logIn: ({ credential }) => Promise.resolve(world.logIn(credential)),
      mounts: { route: (_authority, outerPath) => routeOf(outerPath) },
      body: onRead === null ? null : { readWhole: read, readBeginning: read },
      onPassed: () => undefined,
    },
  );
}

/** Everything around the request of a case. */
type World = {
  readonly application: ApplicationRules | null;
  readonly policy: AccessPolicy;
  /** The secret of each token by its name. */
  readonly secrets: ReadonlyMap<string, string>;
  lookUp(secret: string): FoundToken | NotFound;
  logIn(credential: Credential): LoginResult;
};

/** The one deposit of a case is alice's. */
function depositOf({ application }: AccessCase, userId: string): DepositState | null {
  const deposit = application === 'management' ? undefined : application?.deposit;
  return deposit === undefined || deposit === 'missing' || userId !== 'id-of-alice' ? null : deposit;
}

/** The mount of the application, and another one below it. */
function routeOf(path: string): Route<{ readonly key: string }> | null {
  const rest = stripMount(path, `/${APPLICATION_KEY}`);
  if (rest === null) return null;
  const application = { key: rest.startsWith('/nested/') ? 'other' : APPLICATION_KEY };
  return { application, rest, hasOwnHost: false, isMountItself: path === `/${APPLICATION_KEY}` };
}

/** The key of the application of every case. */
const APPLICATION_KEY = 'this';

function buildWorld(row: AccessCase): World {
  const tokens = tokensOf(row);
  const secrets = new Map<string, string>();
  const bySecret = new Map<string, FoundToken | NotFound>();
  for (const [index, [name, token]] of Object.entries(tokens).entries()) {
    const minted = mintToken((size) => new Uint8Array(size).fill(index + 1));
    secrets.set(name, minted.secret);
    if (token.unknown === true) continue;
    const owner = token.owner ?? 'alice';
    bySecret.set(minted.secret, {
      found: true,
      token: tokenFacts(minted.id, name, owner, token),
      owner: row.users?.[owner]?.deleted === true ? null : principal(row, owner),
    });
  }
  const session = mintSession(new HmacKey('a pepper of the cases'), (size) => new Uint8Array(size).fill(99));
  secrets.set('cookie', session.secret);
  secrets.set('mount', `/${APPLICATION_KEY}`);
  const ofSession = bySecret.get(secrets.get(row.request.session ?? '') ?? '');
  if (ofSession !== undefined) bySecret.set(session.secret, ofSession);
  return {
    application: isAnsweredHere(row) ? null : rulesOf(row.application ?? { kind: 'jira' }),
    policy: policyOf(row),
    secrets,
    lookUp: (secret) => bySecret.get(secret) ?? { found: false },
    logIn: (credential) => {
      const { username, secret } = credential.kind === 'password' ? credential : { username: null, secret: null };
      const known = ['admin', 'alice', 'bob'].find((name) => sameUserName(name, username ?? ''));
      return known !== undefined && secret === USER_PASSWORD
        ? { matched: true, user: principal(row, known) }
        : { matched: false };
    },
  };
}

function tokenFacts(id: TokenFacts['id'], name: string, owner: string, token: CaseToken): TokenFacts {
  return {
    id,
    ownerId: `id-of-${owner}`,
    ownerName: owner,
    description: name,
    scope: token.scope,
    createdAt: NOW_MS - (token.createdAgoMs ?? DAY_MS),
    expiresAt: token.expiresInMs === undefined ? null : NOW_MS + token.expiresInMs,
    revokedAt: token.revoked === true ? NOW_MS - 1 : null,
    allowList: token.allowList === undefined ? null : compileAddressSet(token.allowList),
    applications: token.applications === undefined ? null : new Set(token.applications),
  };
}

function principal(row: AccessCase, username: string): PrincipalFacts {
  const user = row.users?.[username] ?? {};
  return {
    id: `id-of-${username}`,
    username,
    displayName: username,
    email: null,
    active: user.active ?? true,
    groups: new Set(user.groups ?? (username === 'admin' ? ['administrators'] : ['developers'])),
  };
}

function rulesOf(application: CaseApplication | 'management'): ApplicationRules | null {
  if (application === 'management') return null;
  const { kind } = application;
  return {
    key: APPLICATION_KEY,
    kind,
    paths: application.paths ?? productOf(kind).paths.reading,
    anonymous: application.anonymous ?? productOf(kind).anonymous,
    passwords: application.passwords ?? productOf(kind).passwords,
    passSchemes: new Set(application.passSchemes?.map((scheme) => scheme.toLowerCase())),
    challenge: ['basic'],
    nativeTokensDisabled: application.nativeTokensDisabled ?? false,
    remoteApiPasswords: application.remoteApiPasswords ?? false,
    readOnlyUpgrades: application.readOnlyUpgrades ?? false,
    needsDeposit: application.deposit !== undefined,
    acting: Acting.of(productOf(kind).actAs, actingOf(application)),
    exceptions: compilePatterns(application.exceptions ?? []),
    tokenPaths: compilePatterns(application.tokenPaths ?? []),
    cors: application.cors === undefined ? null : new Cors(application.cors),
    blockedPaths: compileBlockedPaths([...productOf(kind).blockedPaths, ...(application.blockedPaths ?? [])]),
  };
}

function actingOf({ identity, actsForUsers }: CaseApplication): ActingIdentity {
  if (actsForUsers === true) return { isService: true, headers: [], credentials: [], encoding: 'percent' };
  if (identity === undefined) {
    return { isService: false, headers: [], credentials: [], encoding: null };
  }
  return {
    isService: true,
    headers: Object.keys(identity.headers),
    credentials: [identity.service.header],
    encoding: 'percent',
  };
}

function policyOf({ settings = {}, permissions }: AccessCase): AccessPolicy {
  return {
    allowList: compileAddressSet(settings.allowList ?? []),
    allowListAppliesToPasswords: settings.allowListAppliesToPasswords ?? false,
    reverseProxy: {
      enabled: settings.trustedProxies !== undefined,
      trusted: compileAddressSet(settings.trustedProxies ?? []),
      header: settings.proxyHeader ?? 'X-Forwarded-For',
    },
    passwordsEnabled: settings.passwordsEnabled ?? true,
    preventPathTraversal: settings.preventPathTraversal ?? false,
    validity: { maximum: settings.maximum ?? 'never', applyAtUse: settings.applyAtUse ?? false },
    permissions: { ...DEFAULT_PERMISSIONS, ...permissions },
  };
}
