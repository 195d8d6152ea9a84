import { describe, expect, it } from 'vitest';
import { authorizationOf, type ApiClient } from '../support/api.client.js';
import { restoreRules, TEST_SETTINGS, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import { shareServer } from '../support/gateway-test.js';
import { request, sendRaw, type RawAnswer } from '../support/raw-client.js';
import { bearer, startScopegateFixture } from '../support/scopegate.fixture.js';

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
type Route = { readonly method: string; readonly path: string };

const OPEN_TO_USERS = [
  'GET /me',
  'GET /me/requests',
  'GET /requests/{requestId}',
  'GET /reports/usage',
  'POST /me/password',
  'POST /tokens',
  'GET /tokens',
  'GET /tokens/{id}',
  'PATCH /tokens/{id}',
  'DELETE /tokens/{id}',
  'POST /tokens/{id}/rotate',
  'POST /tokens/revoke',
  'GET /me/applications',
  'GET /me/credentials',
  'PUT /me/credentials/{application}',
  'DELETE /me/credentials/{application}',
  'POST /me/credentials/{application}/check',
];

/** For the token that a request carries: the last two end it (R123). */
const OF_THE_TOKEN = ['GET /tokens/self', 'POST /tokens/self/rotate', 'DELETE /tokens/self'];

/** For the browser that a session belongs to, and for its login (R99): browser-sessions.e2e-spec.ts. */
const OF_THE_SESSION = [
  'POST /session',
  'GET /session',
  'DELETE /session',
  'GET /session/methods',
  'POST /session/step-up',
  'GET /session/oidc',
  'GET /session/oidc/callback',
];

const FOR_ADMINISTRATORS = [
  'GET /settings',
  'PATCH /settings',
  'PUT /settings',
  'POST /settings/allow-list',
  'DELETE /settings/allow-list/{entry}',
  'GET /permissions',
  'PATCH /permissions',
  'PUT /permissions',
  'GET /presets',
  'GET /applications',
  'POST /applications',
  'GET /applications/{key}',
  'PATCH /applications/{key}',
  'DELETE /applications/{key}',
  'POST /applications/{key}/check',
  'GET /applications/{key}/credentials',
  'DELETE /applications/{key}/credentials/{username}',
  'GET /directories',
  'POST /directories',
  'POST /directories/test',
  'GET /directories/{key}',
  'PATCH /directories/{key}',
  'DELETE /directories/{key}',
  'POST /directories/{key}/test',
  'POST /directories/{key}/sync',
  'POST /directories/{key}/sync/confirm',
  'GET /users',
  'POST /users',
  'GET /users/{username}',
  'PATCH /users/{username}',
  'DELETE /users/{username}',
  'POST /users/{username}/rename',
  'POST /users/import',
  'GET /groups',
  'POST /groups',
  'DELETE /groups/{name}',
  'PUT /groups/{name}/members/{username}',
  'DELETE /groups/{name}/members/{username}',
  'GET /audit-events',
  'GET /audit-events/export',
  'POST /audit-events/verify',
  'POST /explain',
  'GET /keys',
  'GET /nodes',
];

const server = await shareServer();
await restoreRules(server);
const user = await server.createUser();
const asUser = server.as({ user: user.username, password: user.password });
const authorization = ['Authorization', authorizationOf({ user: 'admin', password: server.adminPassword })] as const;
const document = (await (await fetch(`${server.url}/docs/openapi.json`)).json()) as Document;
const allRoutes = Object.entries(document.paths)
  .filter(([path]) => path.startsWith('/api/v1/'))
  .flatMap(([path, operations]) =>
    Object.keys(operations).map((method): Route => ({
      method: method.toUpperCase(),
      path: path.slice('/api/v1'.length),
    })),
  );

const routes = allRoutes.filter(({ method, path }) => !OF_THE_SESSION.includes(`${method} ${path}`));

const withoutThoseOfTheToken = routes.filter(({ method, path }) => !OF_THE_TOKEN.includes(`${method} ${path}`));

/** Calls a route with a credential, with the examples' names in its path and an empty body. */
const call = (as: ApiClient, { method, path }: Route): ReturnType<ApiClient['get']> => {
  const target = path.replace(/\{\w+\}/g, 'nothing');
  if (method === 'GET') return as.get(target);
  if (method === 'DELETE') return as.delete(target);
  return as[method.toLowerCase() as 'post' | 'patch' | 'put'](target, {});
};

const send = (
  method: string,
  target: string,
  more: { headers?: readonly (readonly [string, string])[]; body?: string | Buffer } = {},
): Promise<RawAnswer> =>
  request({
    port: server.port,
    method,
    target,
    headers: [authorization, ...(more.headers ?? [])],
    ...(more.body === undefined ? {} : { body: more.body }),
  });

const JSON_TYPE = ['Content-Type', 'application/json'] as const;

const problemOf = (answer: RawAnswer): { status: number; code: string; detail: string } => {
  expect(answer.header('content-type')).toMatch(/^application\/problem\+json/);
  const problem = answer.json<{ status: number; code: string; detail: string; requestId: string }>();
  expect(problem.status).toBe(answer.status);
  expect(problem.requestId).toBe(answer.header('x-request-id'));
  return problem;
};

describe('who may call what', () => {
  it('R63, R66: every route of the contract is there, is documented, and no other is', () => {
    const known = [...OPEN_TO_USERS, ...OF_THE_TOKEN, ...OF_THE_SESSION, ...FOR_ADMINISTRATORS];
    const documented = allRoutes.map(({ method, path }) => `${method} ${path}`);
    expect(documented).toEqual(expect.arrayContaining(known));
    // Later steps add routes; each belongs on one of the lists.
    expect(documented.filter((route) => !known.includes(route))).toEqual([]);
  });

  it('R63: every route answers 401 without a credential, and with a wrong one', async () => {
    for (const route of routes) {
      const anonymous = await call(server.as(null), route);
      expectProblem(anonymous, 401, 'authentication_required');
      const wrong = await call(server.as({ bearer: `sg_${'a'.repeat(12)}_${'b'.repeat(40)}_cccccc` }), route);
      expectProblem(wrong, 401, 'credential_invalid');
      expect(wrong.headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
    }
    expectProblem(await server.as({ user: 'admin', password: 'wrong password' }).get('/me'), 401, 'credential_invalid');
    expectProblem(await server.as({ bearer: 'eyJhbGciOi.x.y' }).get('/me'), 401, 'credential_invalid');
    for (const value of ['Basic', 'Basic !!!', 'Bearer', 'Digest username="admin"', 'Negotiate abc', 'admin']) {
      const answer = await server.as(null).get('/me', { headers: { Authorization: value } });
      expect(answer.status, value).toBe(401);
    }
  });

  it('R63: what is for administrators is a 403 for others, before anything about the body or the subject', async () => {
    const readWrite = await server.createToken({ scope: 'read-write', owner: user.username });
    for (const route of withoutThoseOfTheToken) {
      const isForAdministrators = FOR_ADMINISTRATORS.includes(`${route.method} ${route.path}`);
      for (const as of [asUser, server.as({ bearer: readWrite.secret })]) {
        const answer = await call(as, route);
        if (isForAdministrators) expectProblem(answer, 403, 'administrator_required');
        else expect(answer.status, JSON.stringify(route)).not.toBe(401);
      }
    }
    expect((await server.admin.get<{ items: unknown[] }>('/groups')).body.items).toHaveLength(1);
  });

  it('R05, R63: an administrator’s read-only token reads everything and changes nothing', async () => {
    const readOnly = server.as({ bearer: (await server.createToken({ scope: 'read-only' })).secret });
    for (const route of withoutThoseOfTheToken) {
      const answer = await call(readOnly, route);
      const name = `${route.method} ${route.path}`;
      if (route.method === 'GET') expect([200, 404], name).toContain(answer.status);
      else if (name === 'POST /tokens') expectProblem(answer, 400, 'validation_failed');
      else expectProblem(answer, 403, 'scope_insufficient');
    }
  });

  it('R06: a read-only token creates tokens by POST at the exact path, and nothing else there', async () => {
    const readOnly = server.as({ bearer: (await server.createToken({ scope: 'read-only' })).secret });
    expectProblem(await readOnly.delete('/tokens'), 403, 'scope_insufficient');
    expectProblem(await readOnly.put('/tokens', {}), 403, 'scope_insufficient');
    const readWrite = server.as({ bearer: (await server.createToken({ scope: 'read-write' })).secret });
    const refused = await readWrite.delete('/tokens');
    expectProblem(refused, 405, 'method_not_allowed');
    expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
  });

  it('R63: membership in the group of administrators counts from the change on', async () => {
    expectProblem(await asUser.get('/settings'), 403, 'administrator_required');
    expect((await server.admin.put(`/groups/administrators/members/${user.username}`)).status).toBe(204);
    expect((await asUser.get('/settings')).status).toBe(200);
    expect((await server.admin.delete(`/groups/administrators/members/${user.username}`)).status).toBe(204);
    expectProblem(await asUser.get('/settings'), 403, 'administrator_required');
  });

  it('R51: wrong passwords are throttled per address and name, and a right token never is', async () => {
    const token = await server.createToken({ scope: 'read-only', owner: user.username });
    const victim = await server.createUser();
    await server.patchSettings({ throttling: { maxFailures: 3, windowSeconds: 9 } });
    try {
      const wrong = server.as({ user: victim.username, password: 'not the password' });
      for (let attempt = 0; attempt < 3; attempt += 1) {
        expectProblem(await wrong.get('/me'), 401, 'credential_invalid');
      }
      const refused = await wrong.get('/me');
      expectProblem(refused, 429, 'too_many_failures');
      expect(refused.headers.get('retry-after')).toMatch(/^[1-9]$/);
      // Password logins are refused before the check; a token is not, nor is a login from another address.
      const right = server.as({ user: victim.username.toUpperCase(), password: victim.password });
      expectProblem(await right.get('/me'), 429, 'too_many_failures');
      expect((await server.as({ user: user.username, token: token.secret }).get('/me')).status).toBe(200);
      expect((await server.admin.get('/me')).status).toBe(200);
      await expect.poll(async () => (await right.get('/me')).status).toBe(200);
    } finally {
      await restoreRules(server);
    }
  });
});

describe('the form of requests and answers', () => {
  it('every answer carries a request id: the client’s where it fits, else a new one', async () => {
    for (const [given, isKept] of [
      ['abc-123_X.y', true],
      ['x'.repeat(64), true],
      ['x'.repeat(65), false],
      ['a b', false],
      ['<script>', false],
      ['', false],
      // R61: it would end up in answers, in the audit and upstream.
      [`sg_${'a'.repeat(12)}_${'b'.repeat(40)}_cccccc`, false],
      ['msg_0123', true],
    ] as const) {
      for (const target of ['/api/v1/me', '/api/v1/nothing', '/health/live', '/nowhere', '/docs/openapi.json']) {
        const id = (await send('GET', target, { headers: [['X-Request-Id', given]] })).header('x-request-id');
        if (isKept) expect(id).toBe(given);
        else expect(id).toMatch(/^[0-9a-f]{32}$/);
      }
    }
    const twice = await send('GET', '/api/v1/me', {
      headers: [
        ['X-Request-Id', 'a'],
        ['X-Request-Id', 'b'],
      ],
    });
    expect(twice.headerValues('x-request-id')).toHaveLength(1);
    expect(twice.header('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
  });

  it.each([
    ['GET', '/api/v1/nothing', 404, 'not_found'],
    ['GET', '/api/v1/me/', 404, 'not_found'],
    ['GET', '/api/v1/ME', 404, 'not_found'],
    ['GET', '/api/v1', 404, 'not_found'],
    ['GET', '/api', 404, 'not_found'],
    ['GET', '/api/v1/users/%zz', 400, 'request_malformed'],
    ['GET', '/api/v1/users/%E0%A4%A', 400, 'request_malformed'],
    ['GET', '/api/v1/users/nobody%00', 404, 'not_found'],
    ['GET', `/api/v1/users/${'x'.repeat(3_000)}`, 404, 'not_found'],
    ['DELETE', '/api/v1/settings/allow-list/%', 400, 'request_malformed'],
    ['GET', '/nowhere', 404, 'application_not_found'],
    ['GET', '/', 404, 'application_not_found'],
    ['PUT', '/api/v1/tokens', 405, 'method_not_allowed'],
    ['DELETE', '/api/v1/settings', 405, 'method_not_allowed'],
    ['POST', '/api/v1/users/x', 405, 'method_not_allowed'],
    ['TRACE', '/api/v1/me', 405, 'method_not_allowed'],
    ['TRACE', '/api/v1/nothing', 405, 'method_not_allowed'],
    ['PROPFIND', '/api/v1/me', 405, 'method_not_allowed'],
  ])('R07: %s %s is a problem: %i %s', async (method, target, status, code) => {
    const answer = await send(method, target);
    expect(problemOf(answer)).toMatchObject({ status, code });
    if (status === 405 && target !== '/api/v1/nothing') expect(answer.header('allow')).toMatch(/GET|PATCH/);
  });

  it('HEAD answers like GET without a body, OPTIONS tells the methods', async () => {
    const get = await send('GET', '/api/v1/me');
    const head = await send('HEAD', '/api/v1/me');
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect(head.header('content-length')).toBe(get.header('content-length'));
    expect((await request({ port: server.port, method: 'HEAD', target: '/api/v1/me' })).status).toBe(401);
    for (const [target, allowed] of [
      ['/api/v1/tokens', 'GET, HEAD, OPTIONS, POST'],
      ['/api/v1/tokens/x', 'DELETE, GET, HEAD, OPTIONS, PATCH'],
      ['/api/v1/settings', 'GET, HEAD, OPTIONS, PATCH, PUT'],
    ] as const) {
      const options = await request({ port: server.port, method: 'OPTIONS', target });
      expect({ status: options.status, allow: options.header('allow') }).toEqual({ status: 204, allow: allowed });
    }
    expect((await send('OPTIONS', '/api/v1/nothing')).status).toBe(404);
    // Nothing here invites pages of another site.
    const cors = await send('GET', '/api/v1/me', { headers: [['Origin', 'https://attacker.example']] });
    expect(cors.header('access-control-allow-origin')).toBeUndefined();
  });

  it('answers are never cached or sniffed', async () => {
    for (const target of ['/api/v1/me', '/api/v1/nothing', '/api/v1/users/%zz']) {
      expect((await send('GET', target)).header('cache-control')).toBe('no-store');
    }
    const answer = await send('GET', '/api/v1/me');
    expect(answer.header('x-content-type-options')).toBe('nosniff');
    expect(answer.header('content-security-policy')).toMatch(/default-src 'self'/);
    expect(answer.header('x-powered-by')).toBeUndefined();
    expect(answer.header('content-type')).toMatch(/^application\/json/);
  });

  it.each([
    ['broken JSON', '{"name":'],
    ['a comma too many', '{"name":"a",}'],
    ['no JSON', 'name=a'],
    ['a member twice', '{"name":"first","name":"second"}'],
    ['a member twice in another spelling', '{"name":"first","n\\u0061me":"second"}'],
    ['a member twice further in', '{"name":"a","x":{"y":1,"y":2}}'],
    ['the prototype', '{"name":"a","__proto__":{"admin":true}}'],
    ['the prototype further in', '{"name":"a","x":[{"__proto__":{"admin":true}}]}'],
    ['the constructor', '{"name":"a","constructor":{"prototype":{"admin":true}}}'],
    ['endless nesting', `{"name":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['two documents', '{"name":"a"}{"name":"b"}'],
  ])('R61: a body with %s is a 400, stores nothing and changes no prototype', async (_what, body) => {
    const before = await server.admin.get('/groups');
    const answer = await send('POST', '/api/v1/groups', { headers: [JSON_TYPE], body });
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'request_malformed' });
    const patch = await send('PATCH', '/api/v1/settings', {
      headers: [['Content-Type', 'application/merge-patch+json']],
      body,
    });
    expect(problemOf(patch)).toMatchObject({ status: 400, code: 'request_malformed' });
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
    expect((await server.admin.get('/groups')).body).toEqual(before.body);
  });

  it('a body that is JSON and no object, or not there, is a 400', async () => {
    for (const body of ['[]', '"text"', '5', 'null', 'true', undefined, '']) {
      const answer = await send('POST', '/api/v1/groups', {
        headers: [JSON_TYPE],
        ...(body === undefined ? {} : { body }),
      });
      expect(problemOf(answer)).toMatchObject({ status: 400, code: 'validation_failed' });
    }
    const bytes = await send('POST', '/api/v1/groups', { headers: [JSON_TYPE], body: Buffer.from([0x22, 0xff, 0x22]) });
    expect(problemOf(bytes)).toMatchObject({ status: 400, code: 'request_malformed' });
  });

  it('JSON in UTF-8 is read with or without its parameters, and a DELETE may announce it', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON']) {
      const answer = await send('POST', '/api/v1/groups', {
        headers: [['Content-Type', type]],
        body: JSON.stringify({ name: unique('grüppe') }),
      });
      expect(answer.status).toBe(201);
    }
    const name = await server.createGroup(unique('deleted'));
    expect((await send('DELETE', `/api/v1/groups/${name}`, { headers: [JSON_TYPE], body: '' })).status).toBe(204);
  });

  it.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'text/json',
    'application/xml',
    'application/json5',
    'application/vnd.api+json',
    'nonsense',
    'application/json, text/plain',
    'application/json; charset=utf-8, application/x-www-form-urlencoded',
  ])('a body of the type %s is a 415', async (type) => {
    const answer = await send('POST', '/api/v1/groups', { headers: [['Content-Type', type]], body: '{"name":"x"}' });
    expect(problemOf(answer)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    const patch = await send('PATCH', '/api/v1/settings', { headers: [['Content-Type', type]], body: '{}' });
    expect(patch.status).toBe(415);
    const untyped = await send('POST', '/api/v1/groups', { body: '{"name":"x"}' });
    expect(untyped.status).toBe(415);
  });

  it('a body that is too large is a 413, whether it says so before or not', async () => {
    const body = `{"name":"${'x'.repeat(3_000_000)}"}`;
    const announced = await send('POST', '/api/v1/groups', { headers: [JSON_TYPE], body });
    expect(problemOf(announced)).toMatchObject({ status: 413, code: 'too_large' });
    const chunk = Buffer.from(`${(65_536).toString(16)}\r\n${'x'.repeat(65_536)}\r\n`);
    const head = `POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization[1]}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const chunked = await sendRaw(server.port, [
      Buffer.from(head),
      Buffer.concat(Array.from({ length: 48 }, () => chunk)),
    ]);
    expect(problemOf(chunked)).toMatchObject({ status: 413, code: 'too_large' });
    expect((await server.admin.get('/me')).status).toBe(200);
  });

  it.each([
    ['GET', '/api/v1/me?verbose=1'],
    ['GET', '/api/v1/settings?x'],
    ['GET', '/api/v1/permissions?x=1'],
    ['GET', '/api/v1/users/admin?fields=all'],
    ['POST', '/api/v1/groups?dryRun=true'],
    ['DELETE', '/api/v1/groups/x?force=1'],
    ['GET', '/api/v1/groups?__proto__=1'],
  ])('%s %s: an unknown query parameter is a 400', async (method, target) => {
    const answer = await send(method, target, method === 'POST' ? { headers: [JSON_TYPE], body: '{"name":"x"}' } : {});
    expect(problemOf(answer)).toMatchObject({ status: 400, code: 'validation_failed' });
    // Who may not ask learns no more about it.
    expect((await request({ port: server.port, method, target })).status).toBe(401);
  });

  it('R67: two Authorization or Host lines are a 400, a hundred header lines too many a 431', async () => {
    const twice = await send('GET', '/api/v1/me', { headers: [authorization] });
    expect(problemOf(twice)).toMatchObject({ status: 400, code: 'credential_ambiguous' });
    const mixed = await send('GET', '/api/v1/me', { headers: [bearer('sg_x')] });
    expect(problemOf(mixed)).toMatchObject({ status: 400, code: 'credential_ambiguous' });
    const hosts = await send('GET', '/api/v1/me', {
      headers: [
        ['Host', 'a'],
        ['Host', 'b'],
      ],
    });
    expect(problemOf(hosts)).toMatchObject({ status: 400, code: 'request_malformed' });
    const many = await send('GET', '/api/v1/me', {
      headers: Array.from({ length: 101 }, (_, index) => [`X-${index}`, '1'] as const),
    });
    expect(problemOf(many)).toMatchObject({ status: 431, code: 'headers_too_large' });
  });

  it('R12: a header cannot make one method of the management API another', async () => {
    const name = await server.createGroup(unique('kept'));
    for (const header of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override']) {
      const answer = await send('GET', '/api/v1/settings', { headers: [[header, 'DELETE']] });
      expect(answer.status).toBe(200);
      await send('POST', `/api/v1/groups/${name}`, { headers: [[header, 'DELETE']] });
    }
    const groups = await server.admin.get<{ items: { name: string }[] }>('/groups?limit=200');
    expect(groups.body.items.map((item) => item.name)).toContain(name);
  });

  it('R45: health and documentation ask for nothing, and the API for a credential', async () => {
    for (const [target, status] of [
      ['/health/live', 200],
      ['/health/ready', 200],
      ['/health/live?probe=1', 200],
      ['/console', 200],
      ['/docs', 200],
      ['/docs/openapi.json', 200],
      ['/api/v1/me', 401],
    ] as const) {
      expect((await request({ port: server.port, target })).status, target).toBe(status);
    }
    const ready = await request({ port: server.port, target: '/health/ready' });
    expect(ready.json()).toMatchObject({ status: 'ok', checks: { database: 'ok' } });
  });

  it('R45: with a management port, the API answers there alone', async () => {
    const split = await startScopegateFixture({ management: true });
    try {
      expect(split.managementPort).not.toBe(split.port);
      for (const path of ['/api/v1/me', '/docs', '/docs/openapi.json', '/console', '/console/tokens']) {
        const there = await request({ port: split.managementPort, target: path });
        expect([200, 401], path).toContain(there.status);
        const here = await request({ port: split.port, target: path });
        expect({ status: here.status, code: here.json<{ code: string }>().code }).toEqual({
          status: 404,
          code: 'application_not_found',
        });
      }
      const key = await split.createApplication({ upstream: 'http://127.0.0.1:9', mount: { pathPrefix: '/x' } });
      expect(key).toMatch(/application/);
      expect((await request({ port: split.managementPort, target: '/x/rest' })).status).toBe(404);
      expect((await request({ port: split.port, target: '/health/live' })).status).toBe(200);
      expect((await request({ port: split.managementPort, target: '/health/live' })).status).toBe(200);
    } finally {
      await split.stop();
    }
  });

  it('R41: explain shows peer, header, derived address and the deciding entry, and does not count as a use', async () => {
    await server.createApplication({
      key: 'explained',
      version: '9.12.0',
      upstream: 'http://127.0.0.1:9',
      mount: { pathPrefix: '/explained' },
    });
    const token = await server.createToken({ scope: 'read-only', owner: user.username });
    await server.patchSettings({
      reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] },
      ipRestriction: { allowList: ['192.0.2.0/24'] },
    });
    try {
      const ask = (more: object = {}): ReturnType<ApiClient['post']> =>
        server.admin.post('/explain', {
          application: 'explained',
          method: 'GET',
          path: '/rest/api/2/issue',
          peer: '127.0.0.1',
          headers: [['X-Forwarded-For', '192.0.2.7']],
          tokenId: token.id,
          ...more,
        });
      const allowed = await ask();
      expect(allowed.status, JSON.stringify(allowed.body)).toBe(200);
      expect(allowed.body).toMatchObject({
        decision: 'allow',
        code: null,
        clientIp: { peer: '127.0.0.1', header: '192.0.2.7', derived: '192.0.2.7', entry: '192.0.2.0/24' },
      });
      expect((await ask({ method: 'POST' })).body).toMatchObject({ decision: 'deny', code: 'scope_insufficient' });
      expect((await ask({ headers: [] })).body).toMatchObject({
        decision: 'deny',
        code: 'ip_not_allowed',
        clientIp: { derived: '127.0.0.1', entry: null },
      });
      expect((await ask({ peer: 'nonsense' })).body).toMatchObject({ clientIp: { derived: null } });
      for (const wrong of [{ application: 'nowhere' }, { method: 5 }, { headers: [['a']] }, { tokenId: 5 }, { x: 1 }]) {
        expect([400, 404]).toContain((await ask(wrong)).status);
      }
      const shown = await server.admin.get<{ useCount: number }>(`/tokens/${token.id}`);
      expect(shown.body.useCount).toBe(0);
    } finally {
      await server.admin.put('/settings', TEST_SETTINGS);
    }
  });
});
