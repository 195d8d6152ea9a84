import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { shareGateway, shareServer } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type ScopegateFixture } from '../support/scopegate.fixture.js';

const { gateway: onOnePort, upstream } = await shareGateway();
const onTwoPorts = await shareServer({ management: true });
let made: string[] = [];

/** Mounts an application whose upstream path names it. */
async function mount(gateway: ScopegateFixture, name: string, where: object): Promise<void> {
  const options = { kind: 'generic' as const, anonymous: 'allow', mount: where, upstream: `${upstream.url}/${name}` };
  made.push(await gateway.createApplication({ key: name, ...options }));
}

async function unmountAll(gateway: ScopegateFixture): Promise<void> {
  for (const key of made) await gateway.admin.delete(`/applications/${key}`);
  made = [];
}

/** The path the upstream was asked for, or the status and code of the answer where it was not asked. */
async function ask(port: number, target: string, headers: readonly HeaderLine[] = [], method = 'GET'): Promise<string> {
  upstream.clear();
  const answer = await request({ port, method, target, headers }, { closeWaitMs: 0 });
  const forwarded = upstream.lastRequest?.target;
  if (forwarded !== undefined) return forwarded;
  expect(upstream.bytesReceived).toBe(0);
  return `${answer.status} ${codeOf(answer)}`;
}

function codeOf(answer: RawAnswer): string {
  const isProblem = answer.header('content-type') === 'application/problem+json';
  return isProblem ? answer.json<{ code: string }>().code : (answer.header('content-type') ?? '');
}

describe('one port', () => {
  const gateway = onOnePort;

  afterEach(() => unmountAll(gateway));

  it('R48: the longest prefix wins, at a segment boundary, on the bytes that were sent', async () => {
    await mount(gateway, 'short', { pathPrefix: '/jira' });
    await mount(gateway, 'long', { pathPrefix: '/jira/next' });
    const { port } = gateway;
    expect(await ask(port, '/jira/x')).toBe('/short/x');
    expect(await ask(port, '/jira/next/x')).toBe('/long/x');
    expect(await ask(port, '/jira/next')).toBe('/long');
    expect(await ask(port, '/jira/next?a=/jira')).toBe('/long?a=/jira');
    expect(await ask(port, '/jira/nextx')).toBe('/short/nextx');
    expect(await ask(port, '/jira/x/jira/next')).toBe('/short/x/jira/next');
    for (const target of ['/jirax', '/JIRA/x', '/%6aira/x', '//jira/x', '/jira;a/x', '/x/jira/x', '/', '/jir']) {
      expect(await ask(port, target), target).toBe('404 application_not_found');
    }
  });

  it('R67: the absolute form is for the host of its target, whatever the Host line says', async () => {
    await mount(gateway, 'app', { pathPrefix: '/app' });
    await mount(gateway, 'own', { host: 'own.test' });
    const { port } = gateway;
    expect(await ask(port, 'http://evil.test/app/x?y=1')).toBe('/app/x?y=1');
    expect(upstream.lastRequest?.header('x-forwarded-host')).toBe('evil.test');
    expect(await ask(port, 'HTTPS://own.test/app/x')).toBe('/own/app/x');
    expect(await ask(port, 'http://OWN%2Etest.:/app/x', [['Host', 'other.test']])).toBe('/own/app/x');
    expect(upstream.lastRequest?.header('x-forwarded-host')).toBe('own.test');
    expect(await ask(port, 'http://evil.test/app/x', [['Host', 'own.test']])).toBe('/app/x');
    expect(await ask(port, 'http://own.test')).toBe('/own/');
    expect(await ask(port, 'http://own.test/api/v1/me')).toBe('/own/api/v1/me');
    expect(await ask(port, 'http://other.test/api/v1/me', [['Host', 'own.test']])).toBe('401 authentication_required');
    expect(await ask(port, 'ftp://x/app/x')).toBe('400 path_ambiguous');
    expect(await ask(port, 'app/x')).toBe('400 request_malformed');
    for (const authority of ['u:p@x', 'u@own.test', '', 'x\\@y', 'own.test,x', '[::1', 'x:y', '%zz', 'x%2Fy']) {
      for (const path of ['/app/x', '/api/v1/me', '/health/live', '/x']) {
        expect(await ask(port, `http://${authority}${path}`), authority).toBe('400 request_malformed');
      }
    }
    for (const hosts of [['a b'], ['own.test', 'own.test'], ['']] as const) {
      const lines = hosts.map((host): HeaderLine => ['Host', host]);
      expect(await ask(port, 'http://own.test/x', lines)).toBe('400 request_malformed');
    }
  });

  it('R48: a host of its own belongs to the application alone, in any spelling', async () => {
    await mount(gateway, 'own', { host: 'Own.Test' });
    await mount(gateway, 'app', { pathPrefix: '/app' });
    const { port } = gateway;
    for (const host of [
      'own.test',
      'OWN.TEST',
      'own.test:80',
      `own.test:${port}`,
      'own.test.',
      'own.test..',
      'own.test.:080',
      'own.test:',
      '%6fwn%2Etest',
      '%EF%BD%8Fwn.test',
      'own%E3%80%82test',
    ]) {
      for (const path of ['/x', '/app/x', '/api/v1/me', '/docs', '/health/live', '/metrics', '/authorize/nginx', '/']) {
        expect(await ask(port, path, [['Host', host]]), `${host}${path}`).toBe(`/own${path}`);
        expect(upstream.lastRequest?.header('x-forwarded-host')).toMatch(/^own\.test(:\d+)?$/);
      }
    }
    for (const host of ['xown.test', 'own.testx', 'own.test.evil', 'sub.own.test', 'own-test']) {
      expect((await ask(port, '/x', [['Host', host]])).slice(0, 3), host).toBe('404');
      expect(await ask(port, '/app/x', [['Host', host]]), host).toBe('/app/x');
    }
  });

  it('R48: the prefix tells applications of one host apart, and the rest of the host belongs to none', async () => {
    await mount(gateway, 'one', { host: 'shared.test', pathPrefix: '/one' });
    await mount(gateway, 'two', { host: 'shared.test', pathPrefix: '/two' });
    await mount(gateway, 'app', { pathPrefix: '/app' });
    const on = (path: string): Promise<string> => ask(gateway.port, path, [['Host', 'shared.test']]);
    expect(await on('/one/x')).toBe('/one/x');
    expect(await on('/two/x')).toBe('/two/x');
    for (const path of ['/', '/app/x', '/three', '/onex', '/api/v1/me', '/docs', '/health/live']) {
      expect(await on(path), path).toBe('404 application_not_found');
    }
    const me = await request({
      port: gateway.port,
      target: '/api/v1/me',
      headers: [['Host', 'shared.test'], basic('admin', gateway.adminPassword)],
    });
    expect(me.status).toBe(404);
  });

  it('R48: a Host with a port is meant for that port alone', async () => {
    await mount(gateway, 'port', { host: 'ports.test:8443' });
    expect(await ask(gateway.port, '/x', [['Host', 'ports.test:8443']])).toBe('/port/x');
    expect(await ask(gateway.port, '/x', [['Host', 'ports.test:8444']])).toBe('404 application_not_found');
    expect(await ask(gateway.port, '/x', [['Host', 'ports.test']])).toBe('404 application_not_found');
  });

  it('R48: the mount / leaves the server’s own paths alone', async () => {
    await mount(gateway, 'root', { pathPrefix: '/' });
    await mount(gateway, 'app', { pathPrefix: '/app' });
    const { port } = gateway;
    expect(await ask(port, '/x')).toBe('/root/x');
    expect(await ask(port, '/')).toBe('/root/');
    expect(await ask(port, '/app/x')).toBe('/app/x');
    expect(await ask(port, '/api/v1/me')).toBe('401 authentication_required');
    expect(await ask(port, '/health/live')).toMatch(/^200 application\/json/);
    expect((await gateway.admin.get('/me')).status).toBe(200);
    // Another spelling is another path, for both: nothing of the API answers there.
    expect(await ask(port, '/%61pi/v1/me')).toBe('/root/%61pi/v1/me');
    expect(await ask(port, '/API/v1/me')).toBe('/root/API/v1/me');
    expect(await ask(port, '//api/v1/me')).toBe('/root//api/v1/me');
  });

  it.each([
    '/api',
    '/console',
    '/docs',
    '/metrics',
    '/health',
    '/version',
    '/authorize',
    '/introspect',
    '/.well-known',
    '/API/x',
  ])('R48: %s cannot be a mount', async (pathPrefix) => {
    const answer = await gateway.admin.post('/applications', {
      key: 'reserved',
      kind: 'generic',
      mount: { pathPrefix },
      upstream: upstream.url,
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('R67: two Host lines are a 400, whomever either of them names', async () => {
    await mount(gateway, 'own', { host: 'own.test' });
    await mount(gateway, 'app', { pathPrefix: '/app' });
    const hosts = (...names: string[]): readonly HeaderLine[] => names.map((name) => ['Host', name]);
    for (const two of [
      hosts('own.test', 'x'),
      hosts('x', 'own.test'),
      hosts('own.test', 'own.test'),
      hosts('x', 'x'),
    ]) {
      for (const target of ['/app/x', '/api/v1/me', '/health/live', '/x']) {
        expect(await ask(gateway.port, target, two)).toBe('400 request_malformed');
      }
    }
  });

  it('R67: an address is the application’s in every spelling of it', async () => {
    await mount(gateway, 'address', { host: '192.0.2.7' });
    for (const host of [
      '192.0.2.7',
      '[::ffff:192.0.2.7]',
      '[::FFFF:c000:0207]:80',
      '192.0.519',
      '0xc0000207',
      '3221225991.',
    ]) {
      expect(await ask(gateway.port, '/api/v1/me', [['Host', host]]), host).toBe('/address/api/v1/me');
    }
    const refused = await gateway.admin.post('/applications', {
      key: 'respelled',
      kind: 'generic',
      mount: { host: '192.0.519' },
      upstream: upstream.url,
    });
    expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  it('R67: an invalid Host is a 400 on every path, the server’s own included', async () => {
    await mount(gateway, 'own', { host: 'own.test' });
    await mount(gateway, 'app', { pathPrefix: '/app' });
    const vendor = '/app/rest/de.resolution.apitokenauth/latest/user/token';
    for (const host of [
      '',
      'user@own.test',
      'own.test/path',
      'a b',
      '[::1',
      '::1',
      '[fe80::1%25eth0]',
      'own.test:abc',
      'own.test:99999',
      'own.test,x',
      '"own.test"',
      'own.test?x',
      'own.test#x',
      'own.test\\x',
      '%zz',
      'own%2Ftest',
      '\u00fcber.test',
      'own.test\u00e9',
    ]) {
      for (const path of [
        '/app/x',
        '/api/v1/me',
        '/docs',
        '/health/live',
        '/metrics',
        '/x',
        '/authorize/x',
        vendor,
        '/',
      ]) {
        expect(await ask(gateway.port, path, [['Host', host]]), `${host} ${path}`).toBe('400 request_malformed');
      }
    }
  });

  it('R67: a Host that is one stays good', async () => {
    await mount(gateway, 'app', { pathPrefix: '/app' });
    for (const [host, forwarded] of [
      ['[::1]:80', '[::1]:80'],
      ['h:', 'h'],
      ['h.', 'h'],
      ['XN--mller-kva.example', 'xn--mller-kva.example'],
      ['m%C3%BCller.example', 'xn--mller-kva.example'],
      ["a_b!$&'()*+;=~", "a_b!$&'()*+;=~"],
    ] as const) {
      expect(await ask(gateway.port, '/app/x', [['Host', host]]), host).toBe('/app/x');
      expect(upstream.lastRequest?.headerValues('x-forwarded-host')).toEqual([forwarded]);
      expect(await ask(gateway.port, '/api/v1/me', [['Host', host]]), host).toBe('401 authentication_required');
    }
  });

  it('R64: a change of a mount acts on the next request', async () => {
    await mount(gateway, 'moved', { pathPrefix: '/before' });
    expect(await ask(gateway.port, '/before/x')).toBe('/moved/x');
    await gateway.admin.patch('/applications/moved', { mount: { pathPrefix: '/after' } });
    expect(await ask(gateway.port, '/before/x')).toBe('404 application_not_found');
    expect(await ask(gateway.port, '/after/x')).toBe('/moved/x');
    await gateway.admin.patch('/applications/moved', { upstream: `${upstream.url}/elsewhere` });
    expect(await ask(gateway.port, '/after/x')).toBe('/elsewhere/x');
    await unmountAll(gateway);
    expect(await ask(gateway.port, '/after/x')).toBe('404 application_not_found');
  });

  it('R48: a token narrowed to one application works there and nowhere else', async () => {
    await mount(gateway, 'mine', { pathPrefix: '/mine' });
    await mount(gateway, 'other', { pathPrefix: '/other' });
    const { secret } = await gateway.createToken({ scope: 'read-only', applications: ['mine'] });
    expect(await ask(gateway.port, '/mine/x', [bearer(secret)])).toBe('/mine/x');
    expect(await ask(gateway.port, '/other/x', [bearer(secret)])).toBe('401 token_not_accepted');
  });
});

describe('two ports', () => {
  const gateway = onTwoPorts;

  beforeAll(async () => {
    await mount(gateway, 'app', { pathPrefix: '/app' });
    await mount(gateway, 'own', { host: 'own.test' });
  });

  afterAll(() => unmountAll(gateway));

  it('R63: the first one proxies and does not manage', async () => {
    expect(gateway.port).not.toBe(gateway.managementPort);
    expect(await ask(gateway.port, '/app/x')).toBe('/app/x');
    expect(await ask(gateway.port, '/x', [['Host', 'own.test']])).toBe('/own/x');
    const admin = basic('admin', gateway.adminPassword);
    for (const path of ['/api/v1/me', '/api/v1/settings', '/docs', '/docs/openapi.json', '/metrics', '/api']) {
      expect(await ask(gateway.port, path, [admin]), path).toBe('404 application_not_found');
      expect(await ask(gateway.port, `http://127.0.0.1:${gateway.managementPort}${path}`, [admin])).toMatch(/^404/);
      const host: HeaderLine = ['Host', `127.0.0.1:${gateway.managementPort}`];
      expect(await ask(gateway.port, path, [host, admin])).toBe('404 application_not_found');
    }
    expect(await ask(gateway.port, '/health/live')).toMatch(/^200 /);
  });

  it('R63: the other one manages and does not proxy', async () => {
    expect((await gateway.admin.get('/me')).status).toBe(200);
    expect(await ask(gateway.managementPort, '/health/ready')).toMatch(/^200 /);
    expect((await ask(gateway.managementPort, '/docs/openapi.json')).slice(0, 3)).toBe('200');
    expect(await ask(gateway.managementPort, '/app/x')).toBe('404 application_not_found');
    expect(await ask(gateway.managementPort, '/x', [['Host', 'own.test']])).toBe('404 application_not_found');
    expect(await ask(gateway.managementPort, '/authorize/nginx')).toMatch(/^404 /);
  });

  it('R48: the mount / of every host has the paths that only the other port answers', async () => {
    await mount(gateway, 'root', { pathPrefix: '/' });
    expect(await ask(gateway.port, '/api/v1/me')).toBe('/root/api/v1/me');
    expect(await ask(gateway.port, '/health/live')).toMatch(/^200 /);
    expect((await gateway.admin.get('/me')).status).toBe(200);
  });
});
