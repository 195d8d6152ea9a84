import { REASONS, STAGES, type ReasonCode, type Stage as StageName } from '@scopegate/access';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import type { ApiAnswer, ProblemBody } from '../support/api.client.js';
import { restoreRules, TEST_SETTINGS } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { shareGateway } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type TestToken } from '../support/scopegate.fixture.js';

type Stage = {
  readonly stage: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly detail: string | null;
};

type Explanation = {
  readonly decision: 'allow' | 'deny' | 'pass';
  readonly code: string | null;
  readonly stages: readonly Stage[];
  readonly clientIp: {
    readonly peer: string | null;
    readonly header: string | null;
    readonly derived: string | null;
    readonly entry: string | null;
  };
};

type Question = {
  readonly application?: string;
  readonly method?: string;
  readonly path?: string;
  readonly peer?: string;
  readonly headers?: readonly HeaderLine[];
  readonly tokenId?: string;
};

const REST = '/rest/api/2/myself';
const VENDOR = '/rest/de.resolution.apitokenauth/latest/user/token';

const { gateway, upstream } = await shareGateway();
await restoreRules(gateway);
const { url } = upstream;
await gateway.createApplication({ key: 'jira', upstream: url, mount: { pathPrefix: '/jira' } });
await gateway.createApplication({
  key: 'wiki',
  kind: 'confluence',
  upstream: url,
  mount: { pathPrefix: '/wiki' },
  nativeTokensDisabled: true,
});
await gateway.createApplication({ key: 'files', kind: 'generic', upstream: url, mount: { pathPrefix: '/files' } });
const alice = await gateway.createUser({ username: 'alice' });
const readOnly = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
const readWrite = await gateway.createToken({ owner: 'alice', scope: 'read-write' });

afterEach(async () => {
  vi.restoreAllMocks();
  await restoreRules(gateway);
});

function ask<Body = Explanation>(question: Question | object): Promise<ApiAnswer<Body>> {
  return gateway.admin.post<Body>('/explain', {
    application: 'jira',
    method: 'GET',
    path: REST,
    peer: '127.0.0.1',
    headers: [],
    ...question,
  });
}

async function explain(question: Question): Promise<Explanation> {
  const answer = await ask(question);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return answer.body;
}

/** Sends the request that a question describes, from this machine. */
function send({ application = 'jira', method = 'GET', path = REST, headers = [] }: Question): Promise<RawAnswer> {
  return request({ port: gateway.port, method, target: `/${application}${path}`, headers }, { closeWaitMs: 0 });
}

/** Expects the stages in their order: passed up to the one that refuses, and the rest not reached. */
function expectRefusedAt({ stages, decision, code }: Explanation, stage: StageName, reason: string): void {
  expect({ decision, code }).toEqual({ decision: 'deny', code: reason });
  const at = STAGES.indexOf(stage);
  expect(stages.map((entry) => [entry.stage, entry.outcome, entry.code])).toEqual(
    STAGES.map((name, index) => [
      name,
      index < at ? 'passed' : index === at ? 'refused' : 'not-reached',
      index === at ? reason : null,
    ]),
  );
  expect(stages[at]?.detail).toMatch(/\S/);
}

/** Expects of the gateway's answer the status and the code that clients get for the explained reason. */
function expectRefusedFor(answer: RawAnswer, { code, stages }: Explanation, about: string): void {
  const reason = REASONS[code as ReasonCode];
  const { status, code: told, detail } = answer.json<ProblemBody>();
  expect({ status, code: told }, about).toEqual({ status: reason.status, code: reason.publicCode });
  const refusing = stages.find(({ outcome }) => outcome === 'refused');
  expect(refusing?.stage, about).toBe(reason.stage);
  // Where clients get one code for all reasons, the administrator sees the true one.
  if (reason.publicCode !== 'credential_invalid') expect(refusing?.detail, about).toBe(detail);
}

async function useCountOf(token: TestToken): Promise<number> {
  await gateway.events({});
  return (await gateway.admin.get<{ useCount: number }>(`/tokens/${token.id}`)).body.useCount;
}

describe('explain', () => {
  it('R41: an allowed request passes every stage, each with what it saw', async () => {
    const explained = await explain({ tokenId: readOnly.id });
    expect(explained).toMatchObject({ decision: 'allow', code: null });
    expect(explained.stages.map(({ stage, outcome, code }) => [stage, outcome, code])).toEqual(
      STAGES.map((stage) => [stage, 'passed', null]),
    );
    const text = explained.stages.map(({ detail }) => detail).join(' ');
    for (const seen of [REST, '127.0.0.1', readOnly.id, 'alice', 'read-only']) expect(text).toContain(seen);
    expect(explained.clientIp).toEqual({ peer: '127.0.0.1', header: null, derived: '127.0.0.1', entry: null });
  });

  it('R41: what passes through needs no token, no permission and no scope', async () => {
    for (const headers of [
      [],
      [basic('alice', 'a password')],
      [['Cookie', 'JSESSIONID=1']],
      [bearer('of-jira')],
    ] as const) {
      const explained = await explain({ method: 'POST', headers });
      expect(explained).toMatchObject({ decision: 'pass', code: null });
      expect(explained.stages.filter(({ outcome }) => outcome === 'not-needed').map(({ stage }) => stage)).toEqual([
        'token',
        'permission',
        'scope',
        'destination',
        'upstream-credential',
      ]);
    }
  });

  it('R41: each stage refuses with its reason', async () => {
    const tooMany = Array.from({ length: 101 }, (_, index): HeaderLine => [`X-${index}`, '1']);
    expectRefusedAt(await explain({ method: 'TRACE' }), 'form', 'method_not_allowed');
    expectRefusedAt(await explain({ headers: tooMany }), 'form', 'headers_too_large');
    const twoHosts = [
      ['Host', 'a'],
      ['Host', 'b'],
    ] as const;
    expectRefusedAt(await explain({ headers: twoHosts }), 'form', 'request_malformed');
    expectRefusedAt(await explain({ path: '/rest/../x', tokenId: readOnly.id }), 'path', 'path_ambiguous');
    expectRefusedAt(
      await explain({ application: 'wiki', path: '/rest/pat/latest/tokens', tokenId: readOnly.id }),
      'native-management',
      'native_token_management_disabled',
    );
    expectRefusedAt(
      await explain({ method: 'POST', path: '/rest/oauth2/latest/token', tokenId: readWrite.id }),
      'blocked-path',
      'path_blocked',
    );
    const malformed = [['Authorization', 'Basic !']] as const;
    expectRefusedAt(await explain({ headers: malformed }), 'credential', 'credential_malformed');
    const twice = [bearer(readOnly.secret), bearer(readOnly.secret)];
    expectRefusedAt(await explain({ headers: twice }), 'credential', 'credential_ambiguous');
    expectRefusedAt(await explain({ headers: [basic('bob', readOnly.secret)] }), 'token', 'owner_mismatch');
    expectRefusedAt(await explain({ headers: [bearer('sg_nothing')] }), 'token', 'token_malformed');
    expectRefusedAt(await explain({ tokenId: 'abcdefghijkl' }), 'token', 'token_unknown');
    expectRefusedAt(
      await explain({ application: 'wiki', headers: [bearer('of-confluence')] }),
      'token',
      'native_token_disabled',
    );
    expectRefusedAt(await explain({ path: '/browse/X-1', tokenId: readOnly.id }), 'path-kind', 'token_not_accepted');
    expectRefusedAt(
      await explain({ application: 'wiki', path: '/rpc/xmlrpc', method: 'POST', tokenId: readWrite.id }),
      'path-kind',
      'remote_api_needs_password',
    );
    expectRefusedAt(await explain({ application: 'files', path: '/x' }), 'path-kind', 'authentication_required');
    expectRefusedAt(await explain({ method: 'POST', tokenId: readOnly.id }), 'scope', 'scope_insufficient');
    expect(await explain({ method: 'POST', tokenId: readWrite.id })).toMatchObject({ decision: 'allow' });
    const copy = { method: 'COPY', tokenId: readWrite.id } as const;
    const elsewhere = [['Destination', '/elsewhere']] as const;
    expectRefusedAt(await explain({ ...copy, headers: elsewhere }), 'destination', 'destination_not_allowed');
    const two = [...elsewhere, ...elsewhere];
    expectRefusedAt(await explain({ ...copy, headers: two }), 'destination', 'destination_malformed');
  });

  it('R25, R31, R51: the id of a token is enough to show its state and that of its owner', async () => {
    const expiring = await gateway.createToken({ owner: 'alice', scope: 'read-only', validity: 'P1M' });
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.revokeToken(revoked.id);
    const leaver = await gateway.createUser({ username: 'leaver' });
    const ofLeaver = await gateway.createToken({ owner: leaver.username, scope: 'read-only' });
    await gateway.admin.patch('/users/leaver', { active: false });

    expectRefusedAt(await explain({ tokenId: revoked.id }), 'token', 'token_revoked');
    expectRefusedAt(await explain({ tokenId: ofLeaver.id }), 'token', 'owner_inactive');
    expect(await explain({ tokenId: expiring.id })).toMatchObject({ decision: 'allow' });
    const end = Date.parse(expiring.expiresAt ?? '');
    vi.spyOn(gateway.provider(Clock), 'nowMs').mockImplementation(() => end);
    expectRefusedAt(await explain({ tokenId: expiring.id }), 'token', 'token_expired');
    vi.restoreAllMocks();

    await gateway.patchPermissions({ useTokens: { everyone: false } });
    expectRefusedAt(await explain({ tokenId: readOnly.id }), 'permission', 'use_not_permitted');
  });

  it('R37, R43: passwords are judged as the settings say', async () => {
    const headers = [basic('alice', 'a password')];
    await gateway.patchSettings({ passwords: { enabled: false } });
    expectRefusedAt(await explain({ headers }), 'path-kind', 'password_disabled');
    expect(await explain({ headers, path: '/browse/X-1' })).toMatchObject({ decision: 'pass' });
    await gateway.patchSettings({ passwords: { preventPathTraversal: true } });
    expectRefusedAt(await explain({ path: '/rest/..;/x' }), 'path', 'path_ambiguous');
    await gateway.admin.put('/settings', TEST_SETTINGS);
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.0/24'], applyToPasswords: true } });
    expectRefusedAt(await explain({ headers }), 'address', 'ip_not_allowed');
    expect(await explain({ headers, peer: '192.0.2.9' })).toMatchObject({ decision: 'pass' });
  });

  it('R39, R41: the address is derived through trusted proxies, and the deciding entry is named', async () => {
    await gateway.patchSettings({
      reverseProxy: { enabled: true, trustedProxies: ['10.0.0.0/8', '2001:db8:f::/48'] },
      ipRestriction: { allowList: ['192.0.2.7', '198.51.100.10-198.51.100.20', '2001:db8:1::/48'] },
    });
    const through = async (peer: string, ...values: string[]): Promise<Explanation> =>
      explain({ peer, tokenId: readOnly.id, headers: values.map((value) => ['X-Forwarded-For', value]) });

    expect((await through('10.1.2.3', '203.0.113.9, 198.51.100.15')).clientIp).toEqual({
      peer: '10.1.2.3',
      header: '203.0.113.9, 198.51.100.15',
      derived: '198.51.100.15',
      entry: '198.51.100.10-198.51.100.20',
    });
    const chained = await through('2001:db8:f::1', '203.0.113.9', '192.0.2.7, 10.9.9.9');
    expect(chained).toMatchObject({ decision: 'allow' });
    expect(chained.clientIp).toMatchObject({ derived: '192.0.2.7', entry: '192.0.2.7' });
    expect((await through('10.1.2.3', '[2001:DB8:1::5]:4711')).clientIp).toMatchObject({
      derived: '2001:db8:1::5',
      entry: '2001:db8:1::/48',
    });
    expect((await through('::ffff:192.0.2.7')).clientIp).toMatchObject({ peer: '192.0.2.7', derived: '192.0.2.7' });

    const untrusted = await through('203.0.113.1', '192.0.2.7');
    expectRefusedAt(untrusted, 'address', 'ip_not_allowed');
    expect(untrusted.clientIp).toEqual({ peer: '203.0.113.1', header: null, derived: '203.0.113.1', entry: null });
    const broken = await through('10.1.2.3', '192.0.2.7, nonsense');
    expectRefusedAt(broken, 'address', 'ip_not_allowed');
    expect(broken.clientIp).toMatchObject({ header: '192.0.2.7, nonsense', derived: null, entry: null });
  });

  it('R39: with the name Forwarded that header is explained, by RFC 7239', async () => {
    await gateway.patchSettings({
      reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'], header: 'Forwarded' },
      ipRestriction: { allowList: ['2001:db8::/32'] },
    });
    const headers = [
      ['X-Forwarded-For', '203.0.113.1'],
      ['Forwarded', 'for=203.0.113.9, for="[2001:db8::17]:4711";proto=https'],
    ] as const;
    const explained = await explain({ headers, tokenId: readOnly.id });
    expect(explained.decision).toBe('allow');
    expect(explained.clientIp).toMatchObject({ derived: '2001:db8::17', entry: '2001:db8::/32' });
  });

  it('R41: a peer that is no address gives no derived one, whatever the header says', async () => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['0.0.0.0/0'] } });
    for (const peer of ['nonsense', '', '127.0.0.1:80', 'fe80::1%eth0', '256.0.0.1']) {
      const explained = await explain({ peer, headers: [['X-Forwarded-For', '192.0.2.7']], tokenId: readOnly.id });
      expect(explained.clientIp, peer).toEqual({ peer: null, header: null, derived: null, entry: null });
      expect(explained.decision).toBe('allow');
    }
    await gateway.patchSettings({ ipRestriction: { allowList: ['0.0.0.0/0', '::/0'] } });
    expectRefusedAt(await explain({ peer: 'nonsense', tokenId: readOnly.id }), 'address', 'ip_not_allowed');
  });

  it('R41: shows the address also when the target is not a path', async () => {
    for (const path of ['/rest/#x', 'rest', '/a b', '/\u00e9']) {
      const explained = await explain({ path, peer: '192.0.2.7' });
      expectRefusedAt(explained, 'path', 'path_ambiguous');
      expect(explained.clientIp, path).toMatchObject({ peer: '192.0.2.7', derived: '192.0.2.7' });
    }
  });

  it('R41, R61: a token that is sent is judged like any other, and never comes back', async () => {
    for (const headers of [[basic('ALICE', readOnly.secret)], [bearer(readOnly.secret)]]) {
      const answer = await ask({ headers });
      expect(answer.body.decision).toBe('allow');
      expect(JSON.stringify(answer.body)).not.toContain(readOnly.secret);
    }
    const wrong = readOnly.secret.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    const refused = await ask({ headers: [bearer(wrong)] });
    expectRefusedAt(refused.body, 'token', 'token_malformed');
    expect(JSON.stringify(refused.body)).not.toContain(wrong);
  });

  it('R41: a query belongs to the path, and is judged with it', async () => {
    expect(await explain({ path: `${REST}?expand=groups`, tokenId: readOnly.id })).toMatchObject({ decision: 'allow' });
    const override = await explain({ path: `${REST}?_method=DELETE`, tokenId: readOnly.id });
    expectRefusedAt(override, 'scope', 'scope_insufficient');
    await gateway.patchSettings({ passwords: { enabled: false } });
    const inQuery = await explain({ path: `${REST}?os_username=alice&os_password=x` });
    expectRefusedAt(inQuery, 'path-kind', 'password_disabled');
  });
});

describe('what explain leaves alone', () => {
  it('R41: nothing is forwarded, counted as use, recorded as an authentication, or throttled', async () => {
    await gateway.patchSettings({ throttling: { maxFailures: 2, windowSeconds: 60 } });
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const guess = [basic('alice', `${token.secret.slice(0, -1)}x`)];
    for (let round = 0; round < 4; round += 1) {
      await explain({ tokenId: token.id });
      await explain({ headers: [bearer(token.secret)] });
      await explain({ headers: guess });
      await explain({ headers: [basic('alice', 'a password')] });
      await explain({ path: VENDOR, headers: [basic('alice', 'wrong password')] });
    }
    expect(upstream.bytesReceived).toBe(0);
    expect(await useCountOf(token)).toBe(0);
    expect(await gateway.events({ tokenId: token.id, outcome: 'allowed' })).toEqual([]);
    expect(await gateway.events({ application: 'jira', outcome: 'failed' })).toEqual([]);
    // Two failures are free: had the explained ones been counted, the first would be a 429.
    for (const status of [401, 401, 429]) expect((await send({ headers: guess })).status).toBe(status);
    // What was asked is one event of the administrator's own each time.
    const asked = await gateway.events({ user: 'admin', q: '/api/v1/explain' });
    expect(asked.filter(({ type, status }) => type === 'login.succeeded' && status === 200).length).toBeGreaterThan(0);
    expect(JSON.stringify(asked)).not.toContain(token.secret);
  });
});

describe('explain and the gateway', () => {
  /** Questions that can be sent as they are asked, from this machine. */
  const questions = (): readonly Question[] => {
    const credentials: readonly (readonly HeaderLine[])[] = [
      [],
      [basic('alice', readOnly.secret)],
      [basic('bob', readOnly.secret)],
      [bearer(readWrite.secret)],
      [bearer('sg_nothing')],
      [bearer('of-the-product')],
      [basic('alice', 'a password')],
      [['Authorization', 'Basic !']],
      [['Authorization', 'Negotiate abc']],
      [basic(readOnly.secret, '')],
      [['Cookie', 'JSESSIONID=1']],
      [bearer(readOnly.secret), ['X-HTTP-Method-Override', 'DELETE']],
    ];
    const paths = [
      REST,
      '/browse/X-1',
      '/rest/auth/1/session',
      '/rest/..;/secure',
      '/rpc/xmlrpc',
      '/rest/pat/1/tokens',
      VENDOR,
    ];
    return ['jira', 'wiki', 'files'].flatMap((application) =>
      (application === 'files' ? [REST, VENDOR] : paths).flatMap((path) =>
        credentials.flatMap((headers) => ['GET', 'POST'].map((method) => ({ application, method, path, headers }))),
      ),
    );
  };

  /** The gateway answers Jira's session endpoint for a token (R04). */
  const isAnsweredHere = ({ application = 'jira', path }: Question): boolean =>
    application === 'jira' && path === '/rest/auth/1/session';

  it.each([
    ['the settings of a fresh install', {}],
    ['passwords disabled', { passwords: { enabled: false, preventPathTraversal: true } }],
    ['a forbidden address', { ipRestriction: { allowList: ['192.0.2.1'], applyToPasswords: true } }],
  ])('R41: with %s explain and the gateway never differ', async (_name, settings) => {
    await gateway.patchSettings(settings);
    for (const question of questions()) {
      upstream.clear();
      const [explained, answer] = [await explain(question), await send(question)];
      const about = JSON.stringify([question, explained.code, answer.status]);
      const isVendor = question.path === VENDOR && question.application !== 'files';
      if (explained.decision === 'deny') {
        expectRefusedFor(answer, explained, about);
        expect(upstream.requests, about).toEqual([]);
      } else if (isVendor) {
        // It is answered here; a POST without a body is let in and then lacks one.
        expect([200, 400], about).toContain(answer.status);
        expect(answer.text(), about).not.toContain('credential');
      } else if (isAnsweredHere(question) && explained.decision === 'allow') {
        expect(answer.status, about).toBe(200);
        expect(upstream.requests, about).toEqual([]);
      } else {
        expect(answer.status, about).toBe(200);
        expect(upstream.requests, about).toHaveLength(1);
        expect(upstream.lastRequest?.header('x-forwarded-user'), about).toBe(
          explained.decision === 'allow' ? 'alice' : undefined,
        );
      }
    }
  });

  it('R05, R43: the vendor’s calls are explained as they are judged: by ourselves', async () => {
    const explainCall = (more: Question): Promise<Explanation> => explain({ path: VENDOR, ...more });
    expect(await explainCall({ method: 'POST', tokenId: readOnly.id })).toMatchObject({
      decision: 'allow',
      code: null,
    });
    expectRefusedAt(
      await explainCall({ method: 'DELETE', path: `${VENDOR}/1`, tokenId: readOnly.id }),
      'scope',
      'scope_insufficient',
    );
    await gateway.patchSettings({ passwords: { enabled: false } });
    const headers = [basic('alice', alice.password)];
    expect(await explainCall({ headers })).toMatchObject({ decision: 'allow', code: null });
    expectRefusedAt(await explainCall({ headers: [basic('alice', 'wrong password')] }), 'token', 'password_wrong');
    expectRefusedAt(await explainCall({}), 'path-kind', 'authentication_required');
    const { secret } = await gateway.createToken({ scope: 'read-write' });
    const question = { application: 'jira', method: 'GET', path: VENDOR, peer: '127.0.0.1', headers };
    const guess = await gateway.as({ bearer: secret }).post('/explain', question);
    expect([guess.status, guess.body], 'with a token').toMatchObject([400, { code: 'validation_failed' }]);
    expectRefusedAt(await explainCall({ application: 'files', headers }), 'path-kind', 'password_disabled');
  });

  it('R11: a session is explained by the token it was made with, and two sessions are ambiguous', async () => {
    const logIn = async (token: TestToken): Promise<string> => {
      const answer = await send({ method: 'POST', path: '/rest/auth/1/session', headers: [bearer(token.secret)] });
      expect(answer.status).toBe(200);
      return `JSESSIONID=${answer.json<{ session: { value: string } }>().session.value}`;
    };
    const [first, second] = [await logIn(readOnly), await logIn(readWrite)];
    expect(await explain({ headers: [['Cookie', first]] })).toMatchObject({ decision: 'allow' });
    expectRefusedAt(await explain({ method: 'POST', headers: [['Cookie', first]] }), 'scope', 'scope_insufficient');
    expect(await explain({ method: 'POST', headers: [['Cookie', second]] })).toMatchObject({ decision: 'allow' });
    for (const headers of [
      [['Cookie', `${first}; ${second}`]],
      [['Cookie', first], bearer('sg_nothing')],
      [['Cookie', first], basic('alice', 'a password')],
      [['Cookie', `${first}x`]],
      [['Cookie', 'JSESSIONID="sgs_made_up']],
      [['Cookie', 'JSESSIONID=0123456789ABCDEF']],
    ] as const) {
      const [explained, answer] = [await explain({ headers }), await send({ headers })];
      if (explained.decision === 'deny') expectRefusedFor(answer, explained, JSON.stringify(headers));
      else expect(answer.status).toBe(200);
    }
    expect((await explain({ headers: [['Cookie', `${first}; ${second}`]] })).code).toBe('credential_ambiguous');
  });
});

describe('explain by request id', () => {
  const explainEvent = async (answer: RawAnswer): Promise<ApiAnswer<Explanation>> =>
    gateway.admin.post<Explanation>('/explain', { requestId: answer.header('x-request-id') });

  it('R41: an audited refusal is explained by its request id', async () => {
    const refused = await send({ method: 'POST', headers: [bearer(readOnly.secret)] });
    const explained = await explainEvent(refused);
    expect(explained.status).toBe(200);
    expectRefusedAt(explained.body, 'scope', 'scope_insufficient');
    expect(explained.body.clientIp).toMatchObject({ peer: '127.0.0.1', derived: '127.0.0.1' });
  });

  it('R41, R56: shows the true reason where the client got a general one', async () => {
    const answer = await send({ headers: [basic('mallory', readOnly.secret)] });
    expect(answer.json<ProblemBody>().code).toBe('credential_invalid');
    expectRefusedAt((await explainEvent(answer)).body, 'token', 'owner_mismatch');
  });

  it('R41: what was allowed or passed on is explained as well', async () => {
    expect((await explainEvent(await send({ headers: [bearer(readOnly.secret)] }))).body).toMatchObject({
      decision: 'allow',
      code: null,
    });
    expect((await explainEvent(await send({ headers: [basic('alice', 'a password')] }))).body).toMatchObject({
      decision: 'pass',
      code: null,
    });
  });

  it('R41: what the management API allowed and refused is explained as well', async () => {
    await gateway.patchPermissions({ createForSelf: { everyone: false } });
    const asAlice = gateway.as({ user: 'alice', password: alice.password });
    const refused = await asAlice.post('/tokens', { description: 'x', scope: 'read-only' });
    const allowed = await asAlice.get('/me');
    for (const [answer, expected] of [
      [refused, { decision: 'deny', code: 'create_not_permitted' }],
      [allowed, { decision: 'allow', code: null }],
    ] as const) {
      const requestId = answer.headers.get('x-request-id');
      expect((await gateway.admin.post('/explain', { requestId })).body).toMatchObject(expected);
    }
  });

  it('R41: an id of no event is a 404, and beside it nothing else may be given', async () => {
    expectProblem(await gateway.admin.post('/explain', { requestId: 'nobody-has-this' }), 404, 'not_found');
    expectProblem(
      await gateway.admin.post('/explain', { requestId: 'x', application: 'jira' }),
      400,
      'validation_failed',
    );
    for (const requestId of ['', 5, null, 'x'.repeat(65)]) {
      expectProblem(await gateway.admin.post('/explain', { requestId }), 400, 'validation_failed');
    }
  });
});

describe('who may ask, and how', () => {
  const BODY = { application: 'jira', method: 'GET', path: REST, peer: '127.0.0.1', headers: [] };

  it('R63: administrators alone, and no read-only token', async () => {
    const ofAdmin = await gateway.createToken({ scope: 'read-only' });
    const writing = await gateway.createToken({ scope: 'read-write' });
    expectProblem(await gateway.as(null).post('/explain', BODY), 401, 'authentication_required');
    expectProblem(
      await gateway.as({ user: 'alice', password: alice.password }).post('/explain', BODY),
      403,
      'administrator_required',
    );
    expectProblem(await gateway.as({ bearer: readWrite.secret }).post('/explain', BODY), 403, 'administrator_required');
    expectProblem(await gateway.as({ bearer: ofAdmin.secret }).post('/explain', BODY), 403, 'scope_insufficient');
    expect((await gateway.as({ bearer: writing.secret }).post('/explain', BODY)).status).toBe(200);
    expect((await gateway.admin.get('/explain')).status).toBe(405);
  });

  it('R41: a body that lacks something, or has something that does not fit, is a 400 that names it', async () => {
    for (const [wrong, field] of [
      [{ application: undefined }, 'application'],
      [{ application: 'nowhere' }, 'application'],
      [{ application: 5 }, 'application'],
      [{ method: undefined }, 'method'],
      [{ method: '' }, 'method'],
      [{ method: 'GE T' }, 'method'],
      [{ path: undefined }, 'path'],
      [{ path: '' }, 'path'],
      [{ path: 7 }, 'path'],
      [{ peer: undefined }, 'peer'],
      [{ peer: null }, 'peer'],
      [{ headers: undefined }, 'headers'],
      [{ headers: {} }, 'headers'],
      [{ headers: ['a'] }, 'headers'],
      [{ headers: [['a']] }, 'headers.0'],
      [{ headers: [['a', 'b', 'c']] }, 'headers.0'],
      [{ headers: [['a', 5]] }, 'headers.0'],
      [{ headers: Array.from({ length: 201 }, () => ['a', 'b']) }, 'headers'],
      [{ tokenId: '' }, 'tokenId'],
      [{ tokenId: 'short' }, 'tokenId'],
      [{ tokenId: 'with-a-dash!' }, 'tokenId'],
      [{ tokenId: readOnly.secret }, 'tokenId'],
      [{ tokenId: readOnly.id, headers: [bearer('x')] }, 'tokenId'],
      [{ unknown: true }, 'unknown'],
    ] as const) {
      const answer = await gateway.admin.post('/explain', { ...BODY, ...wrong });
      const problem = expectProblem(answer, 400, 'validation_failed');
      expect(
        problem.errors?.map((error) => error.field),
        JSON.stringify(wrong),
      ).toContain(field);
      expect(JSON.stringify(problem)).not.toContain(readOnly.secret);
    }
    for (const body of [[], 'text', 5, null]) expect((await gateway.admin.post('/explain', body)).status).toBe(400);
  });
});

describe('the saver’s own address', () => {
  const warningsOf = async (
    settings: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<readonly { readonly code: string; readonly message: string }[]> => {
    const answer = await gateway.admin.patch<{ warnings: readonly { code: string; message: string }[] }>(
      '/settings',
      settings,
      { headers },
    );
    expect(answer.status).toBe(200);
    return answer.body.warnings.filter(({ code }) => code === 'own_address_not_allowed');
  };

  it('R41: a list that refuses it saves with a warning, and explain agrees with it', async () => {
    const [warning] = await warningsOf({ ipRestriction: { allowList: ['192.0.2.0/24'] } });
    expect(warning?.message).toContain('127.0.0.1');
    expectRefusedAt(await explain({ tokenId: readOnly.id }), 'address', 'ip_not_allowed');
    expect(await warningsOf({ ipRestriction: { allowList: ['192.0.2.0/24', '127.0.0.1'] } })).toEqual([]);
    expect((await explain({ tokenId: readOnly.id })).clientIp.entry).toBe('127.0.0.1');
  });

  it('R39, R41: behind a proxy, it is the address in the proxy’s header', async () => {
    const settings = {
      reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] },
      ipRestriction: { allowList: ['192.0.2.0/24'] },
    };
    expect(await warningsOf(settings, { 'X-Forwarded-For': '192.0.2.7' })).toEqual([]);
    const [warning] = await warningsOf(settings, { 'X-Forwarded-For': '203.0.113.9' });
    expect(warning?.message).toContain('203.0.113.9');
    expect(await warningsOf(settings, { 'X-Forwarded-For': 'nonsense' })).toHaveLength(1);
  });
});
