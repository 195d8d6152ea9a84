import {
  admit,
  authenticate,
  authorize,
  decideAccess,
  judgeRequestPath,
  needsBodyOverrides,
  needsForm,
  needsLfsOperation,
  needsSessionBody,
  needsTokenLookup,
  readForm,
  readSessionBody,
  RequestHead,
  type AccessFacts,
  type AccessPolicy,
  type ApplicationRules,
  type AuthenticationFacts,
  type AuthorizationFacts,
  type Decision,
  type PrincipalFacts,
  type RequestFacts,
  type TokenFacts,
  type TokenLookup,
} from '@scopegate/access';
import { HmacKey } from '@scopegate/kernel';
import { compileAddressSet } from '@scopegate/network';
import { compileExceptions } from '@scopegate/path';
import { DEFAULT_PERMISSIONS } from '@scopegate/permission';
import { lfsOperation, overridingMethodsOfBody } from '@scopegate/scope';
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

/** What came out of a case, decided stage by stage and in one call. */
export type DecidedCase = {
  readonly stagewise: Decision;
  readonly atOnce: Decision;
};

/**
 * Decides a case as the guards do, one stage after the other, each fact looked up where a stage asks for it; and once
 * more with all facts at hand.
 */
export function decideCase(row: AccessCase): DecidedCase {
  const world = buildWorld(row);
  return decideIn(world, row, RequestHead.of(linesOf(row, world.secrets, 'gateway.example').flat()));
}

/** Decides a case over and over on one connection, as of a client that sends the same header lines again. */
export function decideRepeatedCase(row: AccessCase, times: number): readonly DecidedCase[] {
  const world = buildWorld(row);
  let head: RequestHead | undefined;
  return Array.from({ length: times }, () => {
    head = RequestHead.of(linesOf(row, world.secrets, 'gateway.example').flat(), head);
    return decideIn(world, row, head);
  });
}

function decideIn(world: World, row: AccessCase, head: RequestHead): DecidedCase {
  const { application, policy } = world;
  const body = Buffer.from(fillSecrets(row.request.body ?? '', world.secrets));
  const path = judgeRequestPath(row.request.path, application);
  const method = row.request.method ?? 'GET';
  const request: RequestFacts = {
    method,
    httpVersion: row.request.httpVersion ?? '1.1',
    rawPath: row.request.path,
    query: row.request.query === undefined ? null : fillSecrets(row.request.query, world.secrets),
    head,
    peer: peerOf(row),
    ...(needsSessionBody(method, path) ? { sessionBody: readSessionBody(body) } : {}),
    ...(needsForm(head, application) ? { form: readForm(head, body) } : {}),
  };
  let authentication: AuthenticationFacts = { nowMs: NOW_MS };
  let authorization: AuthorizationFacts = {
    createsToken: application === null && CREATING_PATHS.has(row.request.path),
  };
  const facts = (): AccessFacts => ({ request, application, policy, authentication, authorization });

  const admitted = admit(request, application, path, policy);
  if (admitted.kind === 'deny') return { stagewise: admitted, atOnce: decideAccess(facts()) };
  const { credential } = admitted;
  if (credential.kind === 'token' && needsTokenLookup(admitted)) {
    authentication = { token: world.lookUp(credential.secret), nowMs: NOW_MS };
  } else if (application === null && credential.kind === 'password') {
    authentication = { login: world.logIn(credential.username ?? '', credential.secret ?? ''), nowMs: NOW_MS };
  }
  const authenticated = authenticate(admitted, authentication);
  if (authenticated.kind !== 'authenticated') return { stagewise: authenticated, atOnce: decideAccess(facts()) };
  if (needsLfsOperation(authenticated)) authorization = { lfsOperation: lfsOperation(body) };
  if (needsLfsOperation(authenticated) || needsBodyOverrides(authenticated, authorization)) {
    authorization = { ...authorization, bodyOverrides: overridingMethodsOfBody(head.lines, body) };
  }
  return { stagewise: authorize(authenticated, authorization), atOnce: decideAccess(facts()) };
}

/** Everything around the request of a case. */
type World = {
  readonly application: ApplicationRules | null;
  readonly policy: AccessPolicy;
  /** The secret of each token by its name. */
  readonly secrets: ReadonlyMap<string, string>;
  lookUp(secret: string): TokenLookup;
  logIn(username: string, secret: string): AuthenticationFacts['login'];
};

/** The key of the application of every case. */
const APPLICATION_KEY = 'this';

function buildWorld(row: AccessCase): World {
  const tokens = tokensOf(row);
  const secrets = new Map<string, string>();
  const bySecret = new Map<string, TokenLookup>();
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
  const ofSession = bySecret.get(secrets.get(row.request.session ?? '') ?? '');
  if (ofSession !== undefined) bySecret.set(session.secret, ofSession);
  return {
    application: isAnsweredHere(row) ? null : rulesOf(row.application ?? { kind: 'jira' }),
    policy: policyOf(row),
    secrets,
    lookUp: (secret) => bySecret.get(secret) ?? { found: false },
    logIn: (username, secret) => {
      const known = ['admin', 'alice', 'bob'].find((name) => sameUserName(name, username));
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
    encodedSlashes: application.encodedSlashes ?? (kind === 'generic' ? 'allow' : 'reject'),
    anonymous: application.anonymous ?? (kind === 'generic' ? 'deny' : 'allow'),
    nativeTokensDisabled: application.nativeTokensDisabled ?? false,
    remoteApiPasswords: application.remoteApiPasswords ?? false,
    exceptions: compileExceptions(application.exceptions ?? []),
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
