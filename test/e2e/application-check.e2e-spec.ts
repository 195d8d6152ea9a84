import { afterAll, describe, expect, it } from 'vitest';
import { createServer } from 'node:net';
import type { ApiAnswer } from '../support/api.client.js';
import { expectProblem } from '../support/expect-problem.js';
import { shareGateway } from '../support/gateway-test.js';
import { type RecordingUpstream } from '../support/recording-upstream.js';

type Check = {
  readonly reachable: boolean;
  readonly tls: boolean;
  readonly version: string | null;
  readonly identityBelieved: boolean | 'unknown';
  readonly upstreamAccount: string | null;
  readonly status: number | null;
  readonly advice: readonly string[];
};

const SECRET = 'the-stored-upstream-secret';

const { gateway, upstream } = await shareGateway();
const silent = createServer(() => undefined).listen(0, '127.0.0.1');
afterAll(() => void silent.close());
const alice = await gateway.createUser({ username: 'alice' });
for (const kind of ['jira', 'confluence', 'bitbucket', 'generic'] as const) {
  await gateway.createApplication({
    key: kind,
    kind,
    mount: { pathPrefix: `/${kind}` },
    upstream: `${upstream.url}/base`,
    identity: { mode: 'headers', headers: { 'X-Forwarded-User': '{username}', 'X-Api-Key': { secret: SECRET } } },
  });
}

describe('the check of an application', () => {
  const check = (key: string, body: object = { username: 'alice' }): Promise<ApiAnswer<Check>> =>
    gateway.admin.post<Check>(`/applications/${key}/check`, body);
  /** Answers the question about the user; the ones about the version find nothing. */
  const answer = (status: number, body: string, headers: readonly (readonly [string, string])[] = []): void =>
    upstream.respondWith(({ target }) => (PATHS.includes(target) ? { status, body, headers } : { status: 404 }));
  const PATHS = [
    '/base/rest/api/2/myself',
    '/base/rest/api/user/current',
    '/base/plugins/servlet/applinks/whoami',
    '/base/',
  ];
  const asked = (): RecordingUpstream['requests'] => upstream.requests.filter(({ target }) => PATHS.includes(target));

  it.each([
    ['jira', '{"name":"alice"}', '/base/rest/api/2/myself'],
    ['confluence', '{"type":"known","username":"Alice"}', '/base/rest/api/user/current'],
    ['bitbucket', 'alice', '/base/plugins/servlet/applinks/whoami'],
  ])('R126: asks %s as the named user, and reports that it accepts the name', async (key, body, target) => {
    answer(200, body);
    const { status, body: result } = await check(key);
    expect([status, result.reachable, result.tls, result.identityBelieved, result.status, result.advice]).toEqual([
      200,
      true,
      false,
      true,
      200,
      [],
    ]);
    expect(result.upstreamAccount?.toLowerCase()).toBe('alice');
    expect(asked()).toHaveLength(1);
    const [request] = asked();
    expect([request?.method, request?.target]).toEqual(['GET', target]);
    expect(request?.headerValues('X-Forwarded-User')).toEqual(['alice']);
    expect(request?.headerValues('X-Api-Key')).toEqual([SECRET]);
    // Nothing of the administrator's request goes upstream.
    expect(request?.header('authorization')).toBeUndefined();
    expect(request?.header('cookie')).toBeUndefined();
  });

  it.each([
    [401, '', false, null, 'refuses'],
    [403, '', false, null, 'refuses'],
    [200, '{}', false, null, 'no user'],
    [200, '{"name":"service"}', false, 'service', 'service'],
    [200, '<html>a secret page</html>', 'unknown', null, 'kind'],
    [200, `{"name":"${'x'.repeat(70_000)}"}`, 'unknown', null, 'kind'],
    [404, 'a secret page', 'unknown', null, '404'],
    [500, 'a secret page', 'unknown', null, '500'],
  ] as const)('R126: reports %i with %j as %s', async (status, body, identityBelieved, upstreamAccount, word) => {
    answer(status, body);
    const { body: result } = await check('jira');
    expect(result).toMatchObject({ reachable: true, identityBelieved, upstreamAccount, status });
    expect(result.advice.join(' ')).toContain(word);
    expect(JSON.stringify(result)).not.toMatch(/a secret page|xxxx/);
  });

  it('R126: where the upstream sends the request is not gone to', async () => {
    answer(302, '', [['Location', `${upstream.url}/base/login?secret=1`]]);
    const { body } = await check('jira');
    expect(body).toMatchObject({ reachable: true, identityBelieved: 'unknown', status: 302 });
    expect(upstream.requests.filter(({ target }) => target.includes('login'))).toEqual([]);
  });

  it('R126: cannot say which user a generic application takes a request for', async () => {
    answer(200, '{"name":"alice"}');
    expect((await check('generic')).body).toMatchObject({
      reachable: true,
      identityBelieved: 'unknown',
      upstreamAccount: null,
      status: 200,
      version: null,
    });
    answer(401, '');
    expect((await check('generic')).body).toMatchObject({ identityBelieved: false, status: 401 });
  });

  it('R126: uses the caller when no user is named, and shows the product’s version', async () => {
    const manifest = '<manifest><typeId>jira</typeId><version>9.13.1</version></manifest>';
    upstream.respondWith(({ target }) =>
      target.endsWith('/manifest') ? { body: manifest } : { body: '{"name":"admin"}' },
    );
    await gateway.createApplication({
      key: 'versioned',
      kind: 'jira',
      version: null,
      mount: { pathPrefix: '/versioned' },
      upstream: `${upstream.url}/base`,
    });
    const { body } = await check('versioned', {});
    expect(body).toMatchObject({ version: '9.13.1', identityBelieved: true, upstreamAccount: 'admin' });
  });

  it('R126, R61: secrets are tried and then forgotten', async () => {
    answer(200, '{"name":"alice"}');
    const tried = { username: 'alice', secrets: { 'x-api-key': 'a-secret-to-try', 'X-More': 'another-one-to-try' } };
    const result = await check('jira', tried);
    expect(result.status).toBe(200);
    const [request] = asked();
    expect(request?.headerValues('x-api-key')).toEqual(['a-secret-to-try']);
    expect(request?.headerValues('x-more')).toEqual(['another-one-to-try']);
    const events = await gateway.events({});
    const shown = await gateway.admin.get('/applications/jira');
    expect(JSON.stringify([result.body, events, shown.body])).not.toMatch(/to-try|the-stored-upstream-secret/);
    await check('jira');
    expect(asked().at(-1)?.headerValues('x-api-key')).toEqual([SECRET]);
  });

  it('R126: reports within seconds an upstream that is not there or does not answer', async () => {
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    for (const [key, url, word] of [
      ['dead', 'http://127.0.0.1:9', 'accepts connections'],
      ['silent', `http://127.0.0.1:${port}`, 'in time'],
      ['untrusted', upstream.url.replace('http:', 'https:'), 'in time'],
    ] as const) {
      await gateway.createApplication({
        key,
        kind: 'generic',
        mount: { pathPrefix: `/${key}` },
        upstream: url,
        timeoutMs: 3_000,
      });
      const { status, body } = await check(key);
      expect(status).toBe(200);
      expect(body).toMatchObject({ reachable: false, tls: false, identityBelieved: 'unknown', status: null });
      expect(body.advice.join(' ')).toContain(word);
    }
  });

  it('R126: only administrators ask, as a user that there is, and with secrets that fit', async () => {
    const path = '/applications/jira/check';
    const before = upstream.requests.length;
    const asAlice = gateway.as({ user: alice.username, password: alice.password });
    expectProblem(await asAlice.post(path, {}), 403, 'administrator_required');
    const reading = await gateway.createToken({ scope: 'read-only' });
    const readOnly = gateway.as({ user: 'admin', token: reading.secret });
    expectProblem(await readOnly.post(path, {}), 403, 'scope_insufficient');
    expectProblem(await gateway.admin.post('/applications/nowhere/check', {}), 404, 'not_found');
    for (const body of [
      { username: 'nobody' },
      { username: 1 },
      { secrets: [] },
      { secrets: { 'X-Key': 1 } },
      { secrets: { 'X-Key': 'a\r\nHost: x' } },
      { secrets: { Host: 'x' } },
      { secrets: Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`X-${index}`, 'x'])) },
      { upstream: 'http://127.0.0.1:1' },
    ]) {
      expectProblem(await gateway.admin.post(path, body), 400, 'validation_failed');
    }
    expect(upstream.requests).toHaveLength(before);
  });

  it('R126: is one event', async () => {
    answer(200, '{"name":"alice"}');
    const result = await check('jira');
    const requestId = result.headers.get('x-request-id');
    const events = (await gateway.events({})).filter((event) => event.requestId === requestId);
    expect(events).toMatchObject([{ outcome: 'allowed', actor: 'admin', path: '/api/v1/applications/jira/check' }]);
  });
});
