import { PROXY_WRITTEN_NAMES } from '@scopegate/upstream';
import { describe, expect } from 'vitest';
import type { HeaderLine } from '../support/http-message.js';
import { codeOf, FORMS, nginxTest as it } from '../support/nginx-test.js';
import { isNginxAvailable } from '../support/nginx.upstream.js';
import { sendRaw } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

/** As the gateway withholds them; nginx sets `Host` and `X-Request-Id`, and passes traces on. `$WSRA` is folded to `-wsra`. */
const WITHHELD = PROXY_WRITTEN_NAMES.filter((name) => !/^(?:host|x-request-id|trace.*)$/.test(name)).map((name) =>
  name.replace(/^-/, '$'),
);

/** Every spelling that some upstream takes for the name. */
function spellingsOf(name: string): readonly string[] {
  const marks = [name, name.toUpperCase(), name.toLowerCase()];
  return marks.flatMap((spelling) => [spelling, spelling.replaceAll('-', '_'), spelling.replaceAll('-', '.')]);
}

describe.runIf(isNginxAvailable()).each(FORMS)('nginx with the shipped files, form %s', (form) => {
  it('R87: sends what was judged, byte for byte, with the identity and without the credentials', async ({
    send,
    upstream,
    secrets,
  }) => {
    const target = '/app/rest/%C3%A9;v=1/b?q=%2F&q=a+b';
    const answer = await send(form, 'POST', target, [bearer(secrets.readWrite), ['Cookie', 'own=1']], '{"a":1}');
    expect(answer.status).toBe(200);
    const received = upstream.lastRequest;
    expect([received?.method, received?.target, received?.body.toString()]).toEqual(['POST', target, '{"a":1}']);
    expect(received?.headerValues('x-forwarded-user')).toEqual(['alice']);
    for (const name of ['authorization', 'cookie']) expect(received?.headerValues(name), name).toEqual([]);
    expect(JSON.stringify(received?.headerLines)).not.toContain(secrets.readWrite);
  });

  it('R87: keeps the cookies that the application sets from the client of a token, and no others', async ({
    send,
    upstream,
    secrets,
  }) => {
    const cookies: readonly HeaderLine[] = [
      ['Set-Cookie', 'session=of-the-owner; Path=/'],
      ['set-cookie', 'second=1'],
      ['Set-Cookie2', 'third=1'],
    ];
    upstream.respondWith(() => ({ headers: cookies, body: 'ok' }));
    const withToken = await send(form, 'GET', '/app/x', [bearer(secrets.readOnly)]);
    expect([withToken.status, withToken.text()]).toEqual([200, 'ok']);
    expect(withToken.raw.toString('latin1')).not.toMatch(/set-cookie/i);
    const own = await send(form, 'GET', '/app/x', [basic('bob', 'a password'), ['Cookie', 'own=1; two=2']]);
    expect(own.headerValues('set-cookie')).toEqual(['session=of-the-owner; Path=/', 'second=1']);
    expect(upstream.lastRequest?.header('authorization')).toBe(basic('bob', 'a password')[1]);
    expect(upstream.lastRequest?.header('cookie')).toBe('own=1; two=2');
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual([]);
  });

  it('R87: a forged identity does not reach the application, whoever asks (Caddy GO-2026-4639)', async ({
    send,
    upstream,
    secrets,
  }) => {
    for (const name of spellingsOf('X-Forwarded-User')) {
      for (const credential of [[], [bearer(secrets.readOnly)]]) {
        for (const lines of [
          [[name, 'admin']],
          [
            [name, ''],
            [name, 'admin'],
          ],
        ] as HeaderLine[][]) {
          upstream.clear();
          await send(form, 'GET', '/app/x', [...credential, ...lines]);
          const received = JSON.stringify(upstream.requests.map(({ headerLines }) => headerLines));
          expect(received, name).not.toContain('admin');
        }
      }
    }
  });

  it('R87: an identity cannot be made a line of the connection, which proxies drop', async ({
    send,
    upstream,
    secrets,
  }) => {
    const lines: HeaderLine[] = [bearer(secrets.readOnly), ['Connection', 'X-Forwarded-User, Authorization, close']];
    await send(form, 'GET', '/app/x', lines);
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([]);
  });

  it('R87: no other method is judged than is sent (Traefik CVE-2026-33433, -39858, -54763, -88011)', async ({
    send,
    upstream,
    secrets,
  }) => {
    const names = [
      'X-Forwarded-Method',
      'X-Original-Method',
      'X-Forwarded-Uri',
      'X-Original-URL',
      'X-HTTP-Method-Override',
    ];
    for (const name of names.flatMap(spellingsOf)) {
      const value = /method/i.test(name) ? 'GET' : '/app/x';
      await send(form, 'DELETE', '/app/x', [bearer(secrets.readOnly), [name, value]]);
      await send(form, 'DELETE', '/app/x?a', [bearer(secrets.readOnly), [name, value], [name, value]]);
    }
    expect(upstream.bytesReceived).toBe(0);
    for (const method of ['POST', 'PUT', 'PATCH', 'PROPPATCH', 'MKCOL']) {
      expect(codeOf(await send(form, method, '/app/x', [bearer(secrets.readOnly)])), method).toEqual([
        403,
        'scope_insufficient',
      ]);
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R87: a read cannot be made a write by a line that overrides the method', async ({ send, upstream, secrets }) => {
    for (const name of spellingsOf('X-HTTP-Method-Override')) {
      for (const lines of [
        [[name, 'DELETE']],
        [
          [name, 'GET'],
          [name, 'DELETE'],
        ],
        [
          [name, ''],
          [name, 'DELETE'],
        ],
      ] as HeaderLine[][]) {
        upstream.clear();
        await send(form, 'GET', '/app/x', [bearer(secrets.readOnly), ...lines]);
        const received = JSON.stringify(upstream.requests.map(({ headerLines }) => headerLines));
        expect(received, name).not.toContain('DELETE');
      }
    }
  });

  it('R87: no line of a client changes the path or the origin that the application sees', async ({
    send,
    upstream,
    secrets,
  }) => {
    const names = ['X-Forwarded-Prefix', 'X-Forwarded-Port', 'X-Forwarded-Server', 'X-Forwarded-Proto', ...WITHHELD];
    for (const name of names.flatMap(spellingsOf)) {
      upstream.clear();
      await send(form, 'GET', '/app/x', [bearer(secrets.readOnly), [name, '/forged'], [name, '/forged']]);
      const received = JSON.stringify(upstream.requests.map(({ headerLines }) => headerLines));
      expect(received, name).not.toContain('forged');
    }
    await send(form, 'GET', '/app/x', [
      ['X-Forwarded-For', '6.6.6.6'],
      ['X-Forwarded-Host', 'evil.test'],
    ]);
    expect(upstream.lastRequest?.headerValues('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(upstream.lastRequest?.headerValues('x-forwarded-host')).toEqual(upstream.lastRequest?.headerValues('host'));
  });

  it('R87: the target is sent as it was judged, or not at all (heimdall GHSA-r9fw, Envoy CVE-2026-73511)', async ({
    send,
    upstream,
    secrets,
  }) => {
    const targets = (
      '/app/x/../admin/y /app/%2e%2e/admin/y /app/x/..;/admin/y /app/x;/../admin/y /app/%61dmin/y ' +
      '/app/admin;x=1/y /app/admin%2Fy /app/admin%252Fy /app//admin/y /app/./admin/y /app/admin\\y ' +
      '/app/admin%00/y /app/admin%3Bx/y /app/x#/../admin/y //app/admin/y /%61pp/admin/y /app/\xff\xfe ' +
      '/app/%ff /app/x?q=\xe9 /app/x?q=%zz /app?statuses=nginx /app/x?statuses=nginx'
    ).split(' ');
    for (const target of targets) {
      upstream.clear();
      await send(form, 'GET', target, [bearer(secrets.readOnly)]);
      const [received] = upstream.requests;
      if (received !== undefined) expect(received.target).toBe(target);
      expect(decodeURIComponent((received?.target ?? '').replaceAll(/%(?![0-9a-f]{2})|%ff/gi, '')), target).not.toMatch(
        /^\/+app\/+admin/i,
      );
    }
  });

  it('R87: an address without a path is refused, since it would be sent as another one', async ({
    servers,
    upstream,
    secrets,
  }) => {
    const [name, value] = bearer(secrets.readOnly);
    const lines = ['Host: nginx', `${name}: ${value}`, 'X-Original-Method: GET', 'X-Original-URL: /app/x'];
    for (const target of ['http://nginx?a=1', 'http://nginx?', 'http://nginx?statuses=nginx', '*', 'nginx:80']) {
      const bytes = [`GET ${target} HTTP/1.1`, ...lines, 'Connection: close', '', ''].join('\r\n');
      expect((await sendRaw(servers[form].port, bytes)).status, target).toBe(400);
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R87: bytes beyond ASCII in a header change nothing of the identity', async ({ send, upstream, secrets }) => {
    for (const value of ['alice\xff', '\xe9', '\xc3\xa9', '\x80\x81']) {
      upstream.clear();
      await send(form, 'GET', '/app/x', [bearer(secrets.readOnly), ['X-Forwarded-User', value], ['X-Other', value]]);
      for (const received of upstream.requests) expect(received.headerValues('x-forwarded-user')).toEqual(['alice']);
      await send(form, 'GET', '/app/x', [['Authorization', `Bearer ${secrets.readOnly}${value}`]]);
      for (const received of upstream.requests.slice(1)) {
        expect(received.headerValues('x-forwarded-user')).toEqual([]);
      }
    }
  });

  it('R87: a body that could name another user is refused, also that of a GET', async ({
    send,
    gateway,
    upstream,
    secrets,
  }) => {
    const service = { type: 'bearer', secret: 'of-the-service' };
    const headers = { 'X-Forwarded-User': '{username}' };
    const { body } = await gateway.admin.get<{ identity: unknown }>('/applications/app');
    const identity = { mode: 'credential', perUser: false, service, headers };
    expect(await gateway.admin.patch('/applications/app', { identity })).toMatchObject({ status: 200 });
    try {
      for (const method of ['GET', 'DELETE', 'POST']) {
        const answer = await send(form, method, '/app/x', [bearer(secrets.readWrite)], 'x_forwarded_user=admin');
        expect(codeOf(answer), method).toEqual([403, 'body_needed']);
      }
      expect(upstream.bytesReceived).toBe(0);
      const file: HeaderLine = ['Content-Type', 'application/octet-stream'];
      expect((await send(form, 'PUT', '/app/x', [bearer(secrets.readWrite), file], 'a file')).status).toBe(200);
      expect((await send(form, 'GET', '/app/empty', [bearer(secrets.readOnly), ['Content-Length', '0']])).status).toBe(
        200,
      );
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual(['Bearer of-the-service']);
      expect(upstream.lastRequest?.headerValues('content-encoding')).toEqual([]);
    } finally {
      await gateway.admin.patch('/applications/app', { identity: body.identity });
    }
  });

  it('R87: an application with a host of its own is judged by the whole path', async ({
    send,
    gateway,
    upstream,
    secrets,
  }) => {
    const moveTo = (mount: unknown): Promise<unknown> => gateway.admin.patch('/applications/app', { mount });
    expect(await moveTo({ host: 'app.test' })).toMatchObject({ status: 200 });
    try {
      const lines = [bearer(secrets.readOnly), ['Host', 'app.test']] as const;
      expect((await send(form, 'GET', '/app/x?host', lines)).status).toBe(200);
      expect(upstream.lastRequest?.target).toBe('/app/x?host');
      upstream.clear();
      expect(codeOf(await send(form, 'GET', '/admin/x', lines))).toEqual([403, 'path_blocked']);
      expect(upstream.bytesReceived).toBe(0);
    } finally {
      await moveTo({ pathPrefix: '/app' });
    }
  });

  it('R87: the location of the decision is closed to clients and to answers of the application', async ({
    send,
    upstream,
    secrets,
  }) => {
    for (const target of [
      '/scopegate-decision',
      '/scopegate%2Ddecision',
      '/app/../scopegate-decision',
      '/scopegate-decision?x',
    ]) {
      expect((await send(form, 'GET', target, [bearer(secrets.readWrite)])).status, target).toBeGreaterThanOrEqual(400);
    }
    expect(upstream.bytesReceived).toBe(0);
    upstream.respondWith(() => ({ headers: [['X-Accel-Redirect', '/scopegate-decision']], body: 'own' }));
    const answer = await send(form, 'GET', '/app/x', [bearer(secrets.readOnly)]);
    expect([answer.status, answer.text()]).toEqual([200, 'own']);
    expect(answer.raw.toString('latin1')).not.toContain('alice');
  });
});
