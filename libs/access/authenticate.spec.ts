import { compileAddressSet } from '@scopegate/network';
import { DEFAULT_PERMISSIONS } from '@scopegate/permission';
import { HmacKey } from '@scopegate/kernel';
import { mintSession, mintToken } from '@scopegate/token';
import { describe, expect, it } from 'vitest';
import { admit, judgeRequestPath } from './admit.js';
import { authenticate } from './authenticate.js';
import { authorize, NO_ROUTE } from './authorize.js';
import type { Admitted } from './decision.js';
import { judge } from './judge.js';
import { RequestHead } from './request-head.js';
import { readSessionBody } from './session-body.js';
import type { AccessPolicy, ApplicationRules, PrincipalFacts, TokenFacts, FoundToken, NotFound } from './facts.js';
import { JIRA_RULES } from '../../test/support/jira-rules.js';

const NOW_MS = Date.UTC(2026, 5, 15, 12);
const { id, secret } = mintToken((size) => new Uint8Array(size).fill(7));
const session = mintSession(new HmacKey('a pepper of a test'), (size) => new Uint8Array(size).fill(8)).secret;

const POLICY: AccessPolicy = {
  allowList: compileAddressSet([]),
  allowListAppliesToPasswords: false,
  reverseProxy: { enabled: false, trusted: compileAddressSet([]), header: 'X-Forwarded-For' },
  passwordsEnabled: true,
  preventPathTraversal: false,
  validity: { maximum: 'never', applyAtUse: false },
  permissions: DEFAULT_PERMISSIONS,
};

const OWNER: PrincipalFacts = {
  id: 'alice',
  username: 'alice',
  displayName: 'Alice',
  email: null,
  active: true,
  groups: new Set(),
};

const TOKEN: TokenFacts = {
  id,
  ownerId: 'alice',
  ownerName: 'alice',
  description: 'a script',
  scope: 'read-only',
  createdAt: NOW_MS - 1,
  expiresAt: null,
  revokedAt: null,
  allowList: null,
  applications: null,
};

/** A request with a session of the gateway, unless it has another header. */
function admitted(more: {
  readonly method?: string;
  readonly path?: string;
  readonly header?: readonly [string, string];
  readonly query?: string;
  readonly body?: string;
  readonly application?: Partial<ApplicationRules>;
  readonly policy?: Partial<AccessPolicy>;
}): Admitted {
  const rawPath = more.path ?? '/rest/api/2/myself';
  const application = { ...JIRA_RULES, ...more.application };
  const result = admit(
    {
      method: more.method ?? 'GET',
      httpVersion: '1.1',
      rawPath,
      query: more.query ?? null,
      head: RequestHead.of(['Host', 'gateway.example', ...(more.header ?? ['Cookie', `JSESSIONID=${session}`])]),
      peer: '198.51.100.7',
      ...(more.body === undefined ? {} : { sessionBody: readSessionBody(Buffer.from(more.body)) }),
    },
    application,
    judgeRequestPath(rawPath, application),
    { ...POLICY, ...more.policy },
  );
  if (result.kind === 'deny') throw new Error(`The request was not admitted: ${result.code}.`);
  return result;
}

/** Whether the token or the session that a request presents is looked up. */
function isLookedUp({ request, application, policy }: Admitted): boolean {
  let lookUps = 0;
  const find = (): FoundToken | NotFound => {
    lookUps += 1;
    return { found: false };
  };
  void judge(
    { request, application, policy, vendorMount: null, route: NO_ROUTE },
    {
      nowMs: () => NOW_MS,
      findToken: find,
      findSession: find,
      findBrowserSession: () => ({ found: false }),
      findDeposit: () => null,
      logIn: () => Promise.resolve({ matched: false }),
      mounts: { route: () => null },
      body: null,
      onPassed: () => undefined,
    },
  );
  return lookUps > 0;
}

function found(token: Partial<TokenFacts> = {}, owner: PrincipalFacts | null = OWNER): FoundToken | NotFound {
  return { found: true, token: { ...TOKEN, ...token }, owner };
}

describe('a session of the gateway', () => {
  it('R11: is held to the scope of the token', () => {
    const read = authenticate(admitted({}), { token: found(), vendorMount: null, nowMs: NOW_MS });
    expect(read).toMatchObject({ kind: 'authenticated', principal: { username: 'alice' } });
    const write = authenticate(admitted({ method: 'POST' }), { token: found(), vendorMount: null, nowMs: NOW_MS });
    expect(
      write.kind === 'authenticated' && authorize(write, { route: NO_ROUTE, mounts: { route: () => null } }),
    ).toMatchObject({
      kind: 'deny',
      code: 'scope_insufficient',
      credential: 'cookie',
    });
  });

  it.each<[string, Partial<TokenFacts>, string]>([
    ['its revocation', { revokedAt: NOW_MS }, 'token_revoked'],
    ['its expiry', { expiresAt: NOW_MS }, 'token_expired'],
    ['its own addresses', { allowList: compileAddressSet(['192.0.2.1']) }, 'ip_not_allowed'],
    ['its applications', { applications: new Set(['wiki']) }, 'token_not_accepted'],
  ])('R11: is held to %s', (_what, token, code) => {
    const result = authenticate(admitted({}), { token: found(token), vendorMount: null, nowMs: NOW_MS });
    expect(result).toMatchObject({ kind: 'deny', code, credential: 'cookie' });
  });

  it('R11, R36: is not looked up where its shape or checksum is wrong', () => {
    expect(isLookedUp(admitted({}))).toBe(true);
    for (const value of ['sgs_', `${session}0`, session.slice(0, -1), `%73gs_x`]) {
      const request = admitted({ header: ['Cookie', `JSESSIONID=${value}`] });
      expect(isLookedUp(request)).toBe(false);
      expect(authenticate(request, { vendorMount: null, nowMs: NOW_MS })).toMatchObject({
        code: 'token_malformed',
        credential: 'cookie',
      });
    }
  });

  it('R11: is refused if it was not looked up: a stage that is left out opens nothing', () => {
    expect(authenticate(admitted({}), { vendorMount: null, nowMs: NOW_MS })).toMatchObject({
      kind: 'deny',
      credential: 'cookie',
    });
  });

  it('R11: a cookie of the upstream is not looked up, and passes', () => {
    const request = admitted({ header: ['Cookie', 'JSESSIONID=0123456789ABCDEF0123456789ABCDEF'] });
    expect(isLookedUp(request)).toBe(false);
    expect(authenticate(request, { vendorMount: null, nowMs: NOW_MS })).toMatchObject({ kind: 'pass' });
  });

  it('R11, R26: is refused with the owner', () => {
    for (const owner of [null, { ...OWNER, active: false }]) {
      const result = authenticate(admitted({}), { token: found({}, owner), vendorMount: null, nowMs: NOW_MS });
      expect(result).toMatchObject({ kind: 'deny', code: 'owner_inactive' });
    }
  });
});

describe('a token without its record', () => {
  const bearer = (value: string): Admitted => admitted({ header: ['Authorization', `Bearer ${value}`] });

  it('R36: is refused if it was not looked up: a stage that is left out opens nothing', () => {
    expect(isLookedUp(bearer(secret))).toBe(true);
    expect(authenticate(bearer(secret), { vendorMount: null, nowMs: NOW_MS })).toMatchObject({
      kind: 'deny',
      credential: 'bearer-token',
    });
  });

  it('R36: is not looked up where its shape or checksum is wrong', () => {
    for (const wrong of [`${secret}0`, secret.slice(0, -1), `${secret.slice(0, -1)}~`, 'sg_']) {
      expect(isLookedUp(bearer(wrong))).toBe(false);
      expect(authenticate(bearer(wrong), { vendorMount: null, nowMs: NOW_MS })).toMatchObject({
        code: 'token_malformed',
      });
    }
  });

  it('R56: nothing is known of the owner of a token that was not found', () => {
    const result = authenticate(bearer(secret), { token: { found: false }, vendorMount: null, nowMs: NOW_MS });
    expect(result).toMatchObject({ code: 'token_unknown', token: null, username: null });
  });
});
