import { expect } from 'vitest';
import type { ApiCredential } from '../support/api.client.js';
import { gatewayTest } from '../support/gateway-test.js';
import { askForDecision, type GuardedRequest } from '../support/introspection.client.js';
import { basic, bearer, type TestToken } from '../support/scopegate.fixture.js';

const it = gatewayTest
  .extend('service', { scope: 'file' }, async ({ gateway }) => {
    await gateway.createGroup('services');
    await gateway.patchPermissions({ introspect: { groups: ['services'] } });
    await gateway.createUser({ username: 'reports', groups: ['services'] });
    const { id, secret } = await gateway.createToken({
      owner: 'reports',
      scope: 'read-only',
      applications: ['scopegate'],
    });
    return { id, secret, credential: { bearer: secret } as ApiCredential };
  })
  .extend('alice', { scope: 'file' }, async ({ gateway }) => {
    const user = await gateway.createUser({
      username: 'alice',
      displayName: 'Alice Example',
      email: 'alice@example.com',
    });
    const make = (token: Partial<TestToken & { applications: string[]; allowList: string[] }>): Promise<TestToken> =>
      gateway.createToken({ owner: 'alice', scope: 'read-only', ...token } as never);
    return { ...user, make, readOnly: await make({}), readWrite: await make({ scope: 'read-write' }) };
  })
  .extend(
    'ask',
    { scope: 'file' },
    ({ gateway, service }) =>
      (asked: GuardedRequest) =>
        askForDecision(gateway.url, service.credential, asked),
  )
  .extend('application', { scope: 'file' }, async ({ gateway }) => {
    const upstream = 'http://127.0.0.1:9';
    await gateway.createApplication({ key: 'jira', mount: { pathPrefix: '/jira' }, upstream });
    return gateway.createApplication({
      key: 'reports',
      kind: 'generic',
      mount: { pathPrefix: '/reports' },
      upstream,
      anonymous: 'allow',
      passwords: 'forward',
      readOnlyExceptions: [{ method: 'POST', path: '/search' }],
      blockedPaths: [{ path: '/internal/**' }],
    });
  });

it('R90: a guard gets the decision about a request with a token, and the user it is for', async ({ ask, alice }) => {
  const answer = await ask({ target: '/reports/7?full=1', headers: [bearer(alice.readOnly.secret)] });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    decision: 'allow',
    requestId: answer.headers.get('x-request-id'),
    caller: {
      username: 'alice',
      displayName: 'Alice Example',
      email: 'alice@example.com',
      groups: [],
      tokenId: alice.readOnly.id,
      scope: 'read-only',
      expiresAt: null,
    },
    problem: null,
    challenge: [],
    retryAfterSeconds: null,
  });
  const asBasic = await ask({ headers: [basic('alice', alice.readOnly.secret)] });
  expect(asBasic.body.caller?.tokenId).toBe(alice.readOnly.id);
});

it('R90: method and path decide about the scope, or the route does', async ({ ask, alice, application }) => {
  const decide = async (token: TestToken, asked: GuardedRequest): Promise<unknown> => {
    const { body } = await ask({ headers: [bearer(token.secret)], ...asked });
    return body.problem === null ? body.decision : `${body.problem.status} ${body.problem.code}`;
  };
  const insufficient = '403 scope_insufficient';
  const { readOnly, readWrite } = alice;
  expect(await decide(readOnly, { method: 'GET' })).toBe('allow');
  expect(await decide(readOnly, { method: 'POST' })).toBe(insufficient);
  expect(await decide(readWrite, { method: 'DELETE' })).toBe('allow');
  expect(await decide(readOnly, { method: 'GET', scope: 'read-write' })).toBe(insufficient);
  expect(await decide(readWrite, { method: 'GET', scope: 'read-write' })).toBe('allow');
  expect(await decide(readOnly, { method: 'POST', scope: 'read-only' })).toBe('allow');
  expect(await decide(readOnly, { method: 'POST', target: '/search', application })).toBe('403 body_needed');
  expect(await decide(readWrite, { method: 'POST', target: '/search', application })).toBe('allow');
  expect(await decide(readOnly, { target: '/internal/x', application })).toBe('403 path_blocked');
  expect(await decide(readOnly, { target: '/internal/x', application, scope: 'read-only' })).toBe('403 path_blocked');
  const { body } = await ask({ method: 'POST', headers: [bearer(readOnly.secret)] });
  expect(body.challenge).toEqual(['Bearer error="insufficient_scope", scope="read-write"']);
});

it('R90: an upgrade needs a read-write token, unless the route asks for less', async ({ ask, alice }) => {
  const headers = [
    bearer(alice.readOnly.secret),
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ] as const;
  expect((await ask({ headers })).body.problem?.code).toBe('scope_insufficient');
  expect((await ask({ headers, scope: 'read-only' })).body.decision).toBe('allow');
});

it('R90: nothing passes through: no password, no anonymous request, no other credential', async ({
  ask,
  alice,
  application,
}) => {
  const refusals = [
    [[], 'authentication_required'],
    [[basic('alice', alice.password)], 'password_disabled'],
    [[bearer('another-token')], 'authentication_required'],
    [[['Authorization', 'JWT eyJhbGciOiJub25lIn0.e30.']], 'authentication_required'],
    [[['Cookie', 'JSESSIONID=8A7B']], 'authentication_required'],
  ] as const;
  for (const named of [undefined, application, 'jira']) {
    for (const [headers, code] of refusals) {
      const asked = { headers, ...(named === undefined ? {} : { application: named }) };
      const { status, body } = await ask(asked);
      expect({ status, decision: body.decision, code: body.problem?.code }, JSON.stringify(asked)).toEqual({
        status: 200,
        decision: 'deny',
        code,
      });
      expect(body.caller).toBeNull();
      expect(body.problem?.status).toBe(401);
      expect(body.challenge.join()).toContain('realm="Scopegate"');
    }
  }
});

it('R90: with passwords let through to jira’s pages, a guard of jira still refuses them', async ({ ask, alice }) => {
  for (const target of ['/secure/Dashboard.jspa', '/rpc/xmlrpc', '/login.jsp?os_username=alice&os_password=x']) {
    const { body } = await ask({ application: 'jira', target, headers: [basic('alice', alice.password)] });
    expect({ target, decision: body.decision }).toEqual({ target, decision: 'deny' });
  }
  const session = await ask({
    application: 'jira',
    method: 'POST',
    target: '/rest/auth/1/session',
    headers: [bearer(alice.readWrite.secret)],
  });
  expect(session.body.problem).toMatchObject({ status: 403, code: 'body_needed' });
});

it('R90: a preflight is no way in', async ({ ask, gateway }) => {
  await gateway.createApplication({
    key: 'pages',
    kind: 'generic',
    mount: { pathPrefix: '/pages' },
    upstream: 'http://127.0.0.1:9',
    cors: { origins: ['https://pages.example.com'], headers: [] },
  });
  const { body } = await ask({
    application: 'pages',
    method: 'OPTIONS',
    headers: [
      ['Origin', 'https://pages.example.com'],
      ['Access-Control-Request-Method', 'DELETE'],
    ],
  });
  expect(body.problem?.code).toBe('authentication_required');
});

it('R90: a token that is limited to applications needs a guard that names one of them', async ({
  ask,
  alice,
  application,
}) => {
  const limited = await alice.make({ applications: [application] });
  const headers = [bearer(limited.secret)];
  expect((await ask({ headers, application })).body.decision).toBe('allow');
  expect((await ask({ headers })).body.problem?.code).toBe('token_not_accepted');
  expect((await ask({ headers, application: 'jira', target: '/rest/api/2/myself' })).body.problem?.code).toBe(
    'token_not_accepted',
  );
});

it('R90: the client address is the one that the guard names, whatever the forwarding lines say', async ({
  ask,
  alice,
  gateway,
}) => {
  const limited = await alice.make({ allowList: ['203.0.113.7'] });
  const decide = async (clientIp: string | null, lines: readonly (readonly [string, string])[] = []) => {
    const { body } = await ask({ headers: [bearer(limited.secret), ...lines], clientIp });
    return body.problem?.code ?? body.decision;
  };
  expect(await decide('203.0.113.7')).toBe('allow');
  expect(await decide('::ffff:203.0.113.7')).toBe('allow');
  expect(await decide('203.0.113.8')).toBe('ip_not_allowed');
  expect(await decide(null)).toBe('ip_not_allowed');
  await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['10.0.0.1'] } });
  expect(await decide('10.0.0.1', [['X-Forwarded-For', '203.0.113.7']])).toBe('ip_not_allowed');
  await gateway.patchSettings({ reverseProxy: { enabled: false, trustedProxies: [] } });
});

it('R64, R90: a revocation and a lost permission act on the next question', async ({ ask, alice, gateway }) => {
  const token = await alice.make({});
  const headers = [bearer(token.secret)];
  expect((await ask({ headers })).body.decision).toBe('allow');
  await gateway.patchPermissions({ useTokens: { everyone: false, groups: ['services'] } });
  expect((await ask({ headers })).body.problem).toMatchObject({ status: 403, code: 'use_not_permitted' });
  await gateway.patchPermissions({ useTokens: { everyone: true, groups: [] } });
  await gateway.revokeToken(token.id);
  expect((await ask({ headers })).body.problem).toMatchObject({ status: 401, code: 'token_revoked' });
});

it('R90: each decision is one event, that of the request, with the door and who asked', async ({
  ask,
  alice,
  application,
  service,
  gateway,
}) => {
  const allowed = await ask({
    application,
    target: '/reports/recorded?q=secret',
    headers: [bearer(alice.readOnly.secret), ['User-Agent', 'curl/8.5.0']],
    clientIp: '203.0.113.7',
  });
  const refused = await ask({ method: 'POST', target: '/a', headers: [bearer(alice.readOnly.secret)], clientIp: null });
  const [first, ...more] = await gateway.events({ q: '/reports/recorded' });
  expect(more).toEqual([]);
  expect(first).toMatchObject({
    type: 'authentication.succeeded',
    outcome: 'allowed',
    door: 'guard',
    actor: 'alice',
    owner: 'alice',
    tokenId: alice.readOnly.id,
    credential: 'bearer-token',
    clientIp: '203.0.113.7',
    method: 'GET',
    path: '/reports/recorded',
    application,
    status: 200,
    userAgent: 'curl/8.5.0',
    requestId: allowed.body.requestId,
    detail: { askedBy: 'reports', askedWith: service.id, askedFrom: '127.0.0.1' },
  });
  const second = (await gateway.events({ code: 'scope_insufficient' })).filter(
    ({ requestId }) => requestId === refused.body.requestId,
  );
  expect(second).toMatchObject([{ outcome: 'denied', application: null, clientIp: null, status: 403 }]);
  expect(await gateway.events({ q: '/introspect' })).toEqual([]);
  const uses = await gateway.admin.get<{ useCount: number }>(`/tokens/${service.id}`);
  expect(uses.body.useCount).toBeGreaterThan(0);
});

it('R90: only administrators and holders of the permission may ask, also with a read-only token', async ({
  alice,
  gateway,
}) => {
  const asked = { headers: [bearer(alice.readOnly.secret)] };
  const ask = (credential: ApiCredential | null) => askForDecision(gateway.url, credential, asked);
  expect((await ask(null)).body).toMatchObject({ status: 401, code: 'authentication_required' });
  expect((await ask({ user: 'alice', password: alice.password })).body.code).toBe('administrator_required');
  expect((await ask({ bearer: alice.readWrite.secret })).body.code).toBe('administrator_required');
  expect((await ask({ user: 'admin', password: gateway.adminPassword })).body.decision).toBe('allow');
  const ofAdmin = await gateway.createToken({ scope: 'read-only' });
  expect((await ask({ bearer: ofAdmin.secret })).body.decision).toBe('allow');
  const elsewhere = await gateway.createToken({ owner: 'reports', scope: 'read-write', applications: ['jira'] });
  expect((await ask({ bearer: elsewhere.secret })).body.code).toBe('token_not_accepted');
  const [event] = await gateway.events({ code: 'administrator_required' });
  expect(event).toMatchObject({ outcome: 'denied', door: 'guard', status: 403, actor: 'alice' });
});

it('R51, R90: guesses are counted by the address that is named, and lock out no login', async ({
  gateway,
  ask,
  alice,
}) => {
  await gateway.patchSettings({ throttling: { maxFailures: 3, windowSeconds: 60 } });
  const unknown = alice.readOnly.secret.replace(/^sg_.{12}/, 'sg_000000000000');
  for (let guess = 0; guess < 3; guess += 1) {
    expect((await ask({ headers: [bearer(unknown)] })).body.problem?.status).toBe(401);
  }
  const { body } = await ask({ headers: [bearer(unknown)] });
  expect(body.problem).toMatchObject({ status: 429, code: 'too_many_failures' });
  expect(body.retryAfterSeconds).toBeGreaterThan(0);
  expect((await ask({ headers: [bearer(alice.readOnly.secret)] })).body.decision).toBe('allow');
  for (let guess = 0; guess < 20; guess += 1) await ask({ headers: [bearer(unknown)] });
  expect((await gateway.admin.get('/me')).status).toBe(200);
  await gateway.patchSettings({ throttling: { maxFailures: 20, windowSeconds: 60 } });
});

it('R90: what cannot be a request is a 400 or a refusal, never an allow', async ({ gateway, service, alice }) => {
  const ask = (asked: object) => askForDecision(gateway.url, service.credential, asked);
  const token = bearer(alice.readOnly.secret);
  for (const asked of [
    { method: 'GET /admin' },
    { method: '' },
    { target: '' },
    { clientIp: 'localhost' },
    { clientIp: undefined },
    { clientIp: ['127.0.0.1'] },
    { scope: 'admin' },
    { scope: null },
    { application: '' },
    { headers: [['X Y', '1']] },
    { headers: [['', '1']] },
    { headers: [['X', 'a\r\nAuthorization: Basic eDp5']] },
    { headers: [['X', 'a\u0000']] },
    { headers: [['X', '€']] },
    { headers: [['X']] },
    { headers: [['X', '1', '2']] },
    { headers: Array.from({ length: 200 }, () => ['X', '1']) },
    { body: 'x' },
  ]) {
    const { status, body } = await ask(asked);
    expect({ asked, status, code: body.code }).toEqual({ asked, status: 400, code: 'validation_failed' });
  }
  expect((await ask({ application: 'nowhere' })).body).toMatchObject({ status: 404, code: 'application_not_found' });
  const refused = async (asked: object) => (await ask(asked)).body.problem?.code;
  expect(await refused({ target: 'admin', headers: [token] })).toBe('path_ambiguous');
  expect(await refused({ target: '/a#b', headers: [token] })).toBe('path_ambiguous');
  expect(await refused({ target: '/a/../b', headers: [token] })).toBe('path_ambiguous');
  expect(await refused({ target: '/a\\b', headers: [token] })).toBe('request_malformed');
  expect(await refused({ method: 'TRACE', headers: [token] })).toBe('method_not_allowed');
  expect(await refused({ headers: [token, ['Host', 'other.example.com']] })).toBe('request_malformed');
  expect(await refused({ headers: [token, bearer(alice.readWrite.secret)] })).toBe('credential_ambiguous');
  expect(await refused({ headers: [token, ...Array.from({ length: 100 }, () => ['X', '1'])] })).toBe(
    'headers_too_large',
  );
  expect(await refused({ method: 'GET', headers: [token, ['X-HTTP-Method-Override', 'DELETE']] })).toBe(
    'scope_insufficient',
  );
});

it('R61: no secret of a request gets into the answer, an event or an error', async ({ gateway, service, alice }) => {
  const { secret } = alice.readOnly;
  const answers = [
    await askForDecision(gateway.url, service.credential, { target: `/a?token=${secret}` }),
    await askForDecision(gateway.url, service.credential, { target: `/${secret}`, headers: [['X', secret]] }),
    await askForDecision(gateway.url, service.credential, { application: secret.slice(0, 64) }),
    await askForDecision(gateway.url, service.credential, { headers: [[secret, '1']] }),
    await askForDecision(gateway.url, service.credential, { scope: secret, clientIp: secret }),
  ];
  for (const { text } of answers) expect(text).not.toContain(secret);
  expect(JSON.stringify(await gateway.events({}))).not.toContain(secret);
});
