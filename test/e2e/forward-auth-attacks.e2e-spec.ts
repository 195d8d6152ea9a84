import { describe, expect } from 'vitest';
import {
  ask,
  ASKING_FORMS,
  expectAllow,
  expectRefusal,
  forwardedLines,
  originalLines,
} from '../support/forward-auth.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, requestBytes, sendRaw } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

const IDENTITY = {
  mode: 'headers',
  headers: { 'X-Forwarded-User': '{username}', 'X-Remote-Groups': '{groups}' },
} as const;

const it = gatewayTest
  .extend('applications', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const generic = { kind: 'generic', upstream: `${upstream.url}/behind`, identity: IDENTITY } as const;
    await gateway.createApplication({ ...generic, key: 'app', mount: { pathPrefix: '/app' } });
    await gateway.createApplication({ ...generic, key: 'open', mount: { pathPrefix: '/open' }, anonymous: 'allow' });
    await gateway.createApplication({ ...generic, key: 'own', mount: { host: 'own.test' }, anonymous: 'allow' });
    await gateway.createApplication({
      ...generic,
      key: 'pages',
      mount: { pathPrefix: '/pages' },
      cors: { origins: ['https://board.test'], headers: [] },
    });
    await gateway.createApplication({
      ...generic,
      key: 'service',
      kind: 'gitlab',
      mount: { pathPrefix: '/service' },
      identity: {
        mode: 'credential',
        perUser: false,
        service: { type: 'bearer', secret: 'glpat-service' },
        headers: { Sudo: '{username}' },
      },
    });
  })
  .extend('readOnly', { scope: 'file' }, async ({ gateway, applications: _applications }) => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    return bearer(secret);
  })
  .extend('readWrite', { scope: 'file' }, async ({ gateway, applications: _applications }) => {
    const { secret } = await gateway.createToken({ scope: 'read-write' });
    return bearer(secret);
  })
  .extend(
    'raw',
    ({ gateway, applications: _applications }) =>
      (target: string, headers: readonly HeaderLine[] = []) =>
        request({ port: gateway.port, target, headers }),
  )
  .extend('asking', ({ gateway, applications: _applications }) => (application: string) => ({
    port: gateway.port,
    application,
  }));

describe('a question that does not come from a trusted proxy', () => {
  const places: readonly string[] = [
    '/authorize/app/x',
    '/authorize/app',
    '/authorize/unknown/x',
    '/authorize/unknown',
  ];

  it('R85: gets one answer, whatever it asks for and presents', async ({ gateway, raw, readWrite, upstream }) => {
    for (const reverseProxy of [
      { enabled: false },
      { enabled: true, trustedProxies: ['192.0.2.1'] },
      { enabled: true, trustedProxies: [] },
    ]) {
      await gateway.patchSettings({ reverseProxy });
      for (const target of places) {
        for (const headers of [[], [readWrite], [['X-Forwarded-For', '192.0.2.1'] as const]]) {
          const answer = await raw(target, [...forwardedLines({ target: '/app/x' }), ...headers]);
          expectRefusal(answer, 403, 'proxy_not_trusted');
          expect(answer.header('www-authenticate')).toBeUndefined();
        }
      }
    }
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    expect(upstream.bytesReceived).toBe(0);
    expectAllow(await raw('/authorize/app/x', [readWrite]), 'allowed');
  });

  it('R85: does not fill the audit log', async ({ gateway, applications: _applications }) => {
    const count = async (): Promise<number> => (await gateway.events({ code: 'proxy_not_trusted' })).length;
    const before = await count();
    await gateway.patchSettings({ reverseProxy: { enabled: false } });
    const one = requestBytes({ port: gateway.port, target: '/authorize/app/x' });
    const answers = await sendRaw(gateway.port, Buffer.concat(Array<Buffer>(60).fill(one)), { answers: 60 });
    expect(answers.raw.toString('latin1').match(/HTTP\/1\.1 403 /g)).toHaveLength(60);
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    // Many alike become one event with a count.
    expect((await count()) - before).toBeLessThanOrEqual(11);
  });

  it('R85: on the management port there is nothing to ask', async ({ gateway }) => {
    expect((await gateway.admin.get('/../../authorize/app')).status).not.toBe(200);
  });
});

describe('the subject of the request form', () => {
  it('R84: a request with the description of another one is refused', async ({ asking, readOnly }) => {
    // A proxy that asks with GET at this address, and names the method in a header, would let every write pass.
    for (const lines of [
      [['X-Forwarded-Method', 'DELETE']],
      [['X-Forwarded-Uri', '/app/admin']],
      forwardedLines({ method: 'DELETE', target: '/app/x' }),
      originalLines({ method: 'DELETE', target: '/app/x' }),
    ] as const) {
      for (const target of ['/', '/app/x', '/x']) {
        const answer = await ask({ target, headers: [readOnly, ...lines] }, asking('app'));
        expectRefusal(answer, 400, 'request_malformed');
      }
    }
  });

  it('R84: is judged with its own method', async ({ asking, readOnly, readWrite }) => {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'PROPPATCH', 'MKCOL', 'LOCK', 'PURGE']) {
      const subject = { method, target: '/app/x' };
      for (const form of ASKING_FORMS) {
        const refused = await ask({ ...subject, headers: [readOnly] }, { ...asking('app'), form });
        expectRefusal(refused, 403, 'scope_insufficient');
        expectAllow(await ask({ ...subject, headers: [readWrite] }, { ...asking('app'), form }), 'allowed');
      }
    }
    for (const method of ['TRACE', 'CONNECT']) {
      for (const form of ['forwarded', 'original'] as const) {
        const answer = await ask({ method, target: '/app/x', headers: [readWrite] }, { ...asking('app'), form });
        expect(answer.status, method).not.toBe(200);
      }
    }
    const trace = await ask({ method: 'TRACE', target: '/app/x', headers: [readWrite] }, asking('app'));
    expectRefusal(trace, 405, 'method_not_allowed');
  });

  it('R84: the key of the application is read exactly', async ({ raw, readWrite }) => {
    for (const target of [
      '/authorize',
      '/authorize/',
      '/authorize//app/x',
      '/authorize/%61pp/x',
      '/authorize/APP/x',
      '/authorize/app;a/x',
      '/authorize/app%2Fx',
      '/authorize/app%2e/x',
      '/authorize/./app/x',
      '/authorize/x/../app/x',
      '/authorize\\app/x',
      '/authorize/app\\x',
      '//authorize/app/x',
      '/Authorize/app/x',
      '/%61uthorize/app/x',
      '/authorize/__proto__/x',
      '/authorize/constructor',
    ]) {
      const answer = await raw(target, [readWrite]);
      expect([400, 404], target).toContain(answer.status);
    }
  });

  it('R84: a target that some reader takes for one in the mount is ambiguous', async ({ asking, readWrite }) => {
    for (const target of [
      '/%61pp/x',
      '/APP/x',
      '//app/x',
      '/app%2Fx',
      '/app;a/x',
      '/;a/app/x',
      '/./app/x',
      '/x/../app/x',
      '/%2e/app/x',
      '/a%5C..%5Capp/x',
      '/%2561pp/x',
      '/app%252fx',
    ]) {
      for (const form of ASKING_FORMS) {
        const answer = await ask({ target, headers: [readWrite] }, { ...asking('app'), form });
        expectRefusal(answer, 400, 'path_ambiguous');
      }
    }
  });

  it('R84: is judged below the mount once, or as it is', async ({ gateway, asking, readWrite }) => {
    await gateway.admin.patch('/applications/app', { blockedPaths: [{ path: '/keys/**' }] });
    for (const form of ASKING_FORMS) {
      const options = { ...asking('app'), form };
      for (const target of [
        '/app/keys/1',
        '/keys/1',
        '/app/%6beys/1',
        '/keys%2f1',
        '/app//keys/1',
        '/keys/../keys/1',
      ]) {
        const answer = await ask({ target, headers: [readWrite] }, options);
        expect([400, 403], `${form} ${target}`).toContain(answer.status);
      }
      for (const target of ['/app', '/app/', '/app/app/keys/1', '/', '/apple/x', '/x?a=/app/keys/1']) {
        expectAllow(await ask({ target, headers: [readWrite] }, options), 'allowed');
      }
    }
    await gateway.admin.patch('/applications/app', { blockedPaths: [] });
  });
});

describe('a path that is blocked with its mount', () => {
  it('R84, R124: is refused, since the application may get it with the mount', async ({
    gateway,
    asking,
    readWrite,
  }) => {
    await gateway.admin.patch('/applications/app', { blockedPaths: [{ path: '/app/*/secrets' }] });
    for (const form of ASKING_FORMS) {
      const options = { ...asking('app'), form };
      expectRefusal(await ask({ target: '/app/1/secrets', headers: [readWrite] }, options), 403, 'path_blocked');
      expectAllow(await ask({ target: '/app/1/things', headers: [readWrite] }, options), 'allowed');
    }
    await gateway.admin.patch('/applications/app', { blockedPaths: [] });
  });
});

describe('a body without a type', () => {
  it('R71, R84: decides who acts also in a DELETE, so that is refused', async ({ asking, readWrite }) => {
    const target = '/service/api/v4/projects/1';
    for (const form of ASKING_FORMS) {
      const options = { ...asking('service'), form };
      expectRefusal(await ask({ method: 'DELETE', target, headers: [readWrite] }, options), 403, 'body_needed');
      expectAllow(await ask({ method: 'GET', target, headers: [readWrite] }, options), 'allowed');
    }
  });
});

describe('a forged identity', () => {
  it('R86: is replaced by an empty line where the request passes (GO-2026-4639)', async ({ asking }) => {
    for (const form of ASKING_FORMS) {
      const headers: HeaderLine[] = [
        ['x-forwarded-user', 'admin'],
        ['X-REMOTE-GROUPS', 'administrators'],
      ];
      const answer = await ask({ target: '/open/x', headers }, { ...asking('open'), form });
      expectAllow(answer, 'passed');
      for (const name of ['x-forwarded-user', 'x-remote-groups', 'authorization', 'cookie']) {
        expect(answer.headerValues(name), name).toEqual(['']);
      }
    }
  });

  it('R86: in a spelling that a proxy cannot replace is refused', async ({ asking, readWrite }) => {
    for (const name of [
      'X_Forwarded_User',
      'X.Forwarded.User',
      'x-forwarded_user',
      'X-Remote_Groups',
      'X~Remote~Groups',
    ]) {
      for (const form of ASKING_FORMS) {
        for (const headers of [[], [readWrite]]) {
          for (const application of ['open', 'app']) {
            const options = { ...asking(application), form };
            const answer = await ask({ target: `/${application}/x`, headers: [...headers, [name, 'admin']] }, options);
            expectRefusal(answer, 400, 'request_malformed');
          }
        }
      }
    }
  });

  it('R86: by a header of the product is replaced, or refused', async ({ asking, readWrite }) => {
    for (const form of ASKING_FORMS) {
      const options = { ...asking('service'), form };
      for (const name of ['Sudo', 'sudo', 'Job-Token', 'PRIVATE-TOKEN', 'Deploy-Token']) {
        const answer = await ask({ target: '/service/api/v4/user1', headers: [readWrite, [name, 'root']] }, options);
        if (answer.status === 400) continue;
        expectAllow(answer, 'allowed');
        expect(answer.headerValues(name), name).toEqual([name.toLowerCase() === 'sudo' ? 'admin' : '']);
        expect(answer.headerValues('authorization')).toEqual(['Bearer glpat-service']);
      }
      for (const name of ['Job_Token', 'PRIVATE_TOKEN', 'private.token', 'Deploy_Token']) {
        const answer = await ask({ target: '/service/api/v4/user1', headers: [readWrite, [name, 'root']] }, options);
        expectRefusal(answer, 400, 'request_malformed');
      }
    }
  });

  it('R86: no header that changes the path or the body, which the gateway keeps back, goes on', async ({
    asking,
    readWrite,
  }) => {
    for (const name of [
      'X-Rewrite-URL',
      'X-Original-Uri',
      'X_Original_URL',
      'X-Override-URL',
      'X-Script-Name',
      'SCRIPT_NAME',
      'PATH_INFO',
      'Path-Info',
      'Proxy',
      'Content_Type',
      'Content.Length',
      'Content_Encoding',
      'Transfer_Encoding',
      'X_Forwarded_Uri',
      'X_Forwarded_Method',
      'X.Forwarded.Host',
      'X_Forwarded_Proto',
      'X_Forwarded_For',
    ]) {
      for (const form of ASKING_FORMS) {
        const answer = await ask(
          { target: '/app/x', headers: [readWrite, [name, '/admin']] },
          { ...asking('app'), form },
        );
        expectRefusal(answer, 400, 'request_malformed');
      }
    }
  });
});

describe('a question at the wrong host', () => {
  it('R84: of an application is never answered by the application', async ({ raw, upstream, readWrite }) => {
    for (const headers of [[['Host', 'own.test']], [['Host', 'OWN.test:80'], readWrite]] as const) {
      for (const target of [
        '/authorize/own/x',
        '/authorize/own',
        '/authorize/app/x',
        '/authorize/own?statuses=nginx',
        '/authorize/own/x?statuses=nginx',
      ]) {
        const answer = await raw(target, headers);
        expect([400, 401, 403, 404], target).toContain(answer.status);
        expect(upstream.bytesReceived).toBe(0);
      }
    }
    const absolute = await raw('http://own.test/authorize/own/x', []);
    expect(absolute.status).not.toBe(200);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R85: a malformed or doubled Host is refused in both places', async ({ gateway, raw, readWrite }) => {
    const described = [
      ['X-Forwarded-Method', 'GET'],
      ['X-Forwarded-Uri', '/app/x'],
      ['X-Forwarded-Proto', 'https'],
    ] as const;
    for (const host of ['a b', 'u@x', 'x/y', 'x,y', '', '[::1', 'x:y', 'x?y', 'x#y']) {
      const answer = await raw('/authorize/app', [readWrite, ...described, ['X-Forwarded-Host', host]]);
      expectRefusal(answer, 400, 'request_malformed');
    }
    const twice = await raw('/authorize/app/x', [readWrite, ['Host', 'a.test'], ['Host', 'b.test']]);
    expect(twice.status).toBe(400);
    const none = await sendRaw(gateway.port, `GET /authorize/app/x HTTP/1.1\r\n${readWrite.join(': ')}\r\n\r\n`);
    expect(none.status).toBe(400);
  });
});

describe('statuses for nginx', () => {
  it('R86: are 200, 401 and 403 alone, with the true status and the problem beside', async ({
    asking,
    readOnly,
    readWrite,
  }) => {
    const subjects = [
      { status: 401, code: 'authentication_required', subject: { target: '/app/x' } },
      {
        status: 401,
        code: 'credential_invalid',
        subject: { target: '/app/x', headers: [['Authorization', 'Bearer sg_x']] },
      },
      { status: 403, code: 'scope_insufficient', subject: { method: 'DELETE', target: '/app/x', headers: [readOnly] } },
      { status: 400, code: 'path_ambiguous', subject: { target: '/app/../x', headers: [readWrite] } },
      { status: 400, code: 'credential_ambiguous', subject: { target: '/app/x', headers: [readWrite, readWrite] } },
      { status: 400, code: 'request_malformed', subject: { target: '/app/x', headers: [['X_Forwarded_User', 'a']] } },
    ] as const;
    for (const { status, code, subject } of subjects) {
      for (const form of ASKING_FORMS) {
        const answer = await ask(subject, { ...asking('app'), form, statuses: true });
        const nginx = status === 401 ? 401 : 403;
        expect({ status: answer.status, code: answer.header('x-scopegate-code') }).toEqual({ status: nginx, code });
        expect(answer.header('x-scopegate-status')).toBe(String(status));
        const text = answer.header('x-scopegate-problem') ?? '';
        expect(text).toMatch(/^[\x20-\x7e]+$/);
        expect(JSON.parse(text)).toMatchObject({ status, code, requestId: answer.header('x-request-id') });
        if (status === 401) expect(answer.header('www-authenticate')).toMatch(/^Basic /);
      }
    }
  });

  it('R86: also hold for what is refused before the subject is read', async ({ gateway, raw, asking }) => {
    const unknown = await ask({ target: '/app/x' }, { ...asking('unknown'), statuses: true });
    expect(unknown.status).toBe(403);
    expect(unknown.header('x-scopegate-status')).toBe('404');
    for (const lines of [[['Via', '']], [['X-Filler', 'x']]] as const) {
      const many = Array.from({ length: 101 }, (): HeaderLine => [...lines[0]]);
      const answer = await raw('/authorize/app?statuses=nginx', many);
      expect([401, 403]).toContain(answer.status);
    }
    const malformed = await raw('/authorize/app/x?statuses=nginx', [['Host', 'a b']]);
    expect([401, 403]).toContain(malformed.status);
    const trace = await ask({ method: 'TRACE', target: '/app/x' }, { ...asking('app'), statuses: true });
    expect(trace.status).toBe(403);
    await gateway.patchSettings({ reverseProxy: { enabled: false } });
    const untrusted = await ask({ target: '/app/x' }, { ...asking('app'), statuses: true });
    expect({ status: untrusted.status, code: untrusted.header('x-scopegate-code') }).toEqual({
      status: 403,
      code: 'proxy_not_trusted',
    });
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
  });

  it('R86: are asked for by the last piece of the query alone, which is not judged', async ({ asking, readWrite }) => {
    const refused = async (target: string): Promise<boolean> => {
      const answer = await ask({ method: 'DELETE', target }, asking('app'));
      expect(answer.status).toBe(401);
      return answer.header('x-scopegate-status') !== undefined;
    };
    expect(await refused('/app/x?statuses=nginx')).toBe(true);
    expect(await refused('/app/x?a=b&statuses=nginx')).toBe(true);
    for (const query of [
      'statuses=nginx&a=b',
      'xstatuses=nginx',
      'a=statuses=nginx',
      'Statuses=nginx',
      'statuses=Nginx',
      'statuses=%6eginx',
      'a;statuses=nginx',
      'statuses=nginx#',
      'statuses=nginx&',
    ]) {
      const answer = await ask({ method: 'DELETE', target: `/app/x?${query}`, headers: [readWrite] }, asking('app'));
      expect(answer.header('x-scopegate-status'), query).toBeUndefined();
    }
    // What stands before it is judged.
    for (const query of ['_method=DELETE', 'access_token=sg_x', '_method=DELETE&statuses=nginx']) {
      const headers = [readWrite];
      const answer = await ask({ target: `/app/x?${query}`, headers }, { ...asking('app'), statuses: true });
      const plain = await ask({ target: `/app/x?${query}`, headers }, asking('app'));
      expect(answer.header('x-scopegate-code'), query).toBe(plain.header('x-scopegate-code'));
    }
  });

  it('R86: the problem is short enough for the buffer of a proxy, whatever the request says', async ({
    asking,
    readWrite,
  }) => {
    const long = 'a'.repeat(7_000);
    for (const headers of [
      [],
      [readWrite],
      [['Authorization', `Bearer sg_${long}`] as const],
      [['Authorization', `${long} sg_x`] as const],
      [['X-API-Key', `sg_${long}`] as const],
      [[`X-${long}`, 'sg_x'] as const],
    ]) {
      for (const target of [
        '/app/x',
        `/app/x?${long}token=sg_x`,
        `/app/x?token=sg_${long}`,
        `/app/${long}/..`,
        `/${long}%`,
      ]) {
        for (const form of ASKING_FORMS) {
          const answer = await ask({ target, headers }, { ...asking('app'), form, statuses: true });
          const head = answer.raw.length - answer.body.length;
          if (answer.status !== 200 && answer.status !== 431) expect(head, target.slice(0, 40)).toBeLessThan(3_000);
        }
      }
    }
  });
});

describe('a preflight', () => {
  it('R84: the gateway would answer it itself, so that it passes no proxy to an application without anonymous access', async ({
    asking,
  }) => {
    for (const form of ASKING_FORMS) {
      for (const more of [[], [['X-HTTP-Method-Override', 'DELETE']]] as const) {
        const headers = [['Origin', 'https://board.test'], ['Access-Control-Request-Method', 'GET'], ...more] as const;
        const subject = { method: 'OPTIONS', target: '/pages/x?_method=DELETE', headers };
        const answer = await ask(subject, { ...asking('pages'), form });
        expect(answer.status).not.toBe(200);
      }
    }
  });
});

describe('upgrades', () => {
  it('R84: count without Connection, which a proxy keeps to itself', async ({ asking, readOnly, readWrite }) => {
    for (const lines of [
      [['Upgrade', 'websocket']],
      [['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']],
      [['sec-websocket-key', 'x']],
      [['UPGRADE', 'tcp']],
    ] as const) {
      for (const form of ASKING_FORMS) {
        const options = { ...asking('app'), form };
        const refused = await ask({ target: '/app/live', headers: [readOnly, ...lines] }, options);
        expectRefusal(refused, 403, 'scope_insufficient');
        expectAllow(await ask({ target: '/app/live', headers: [readWrite, ...lines] }, options), 'allowed');
      }
    }
  });

  it('R84: the question itself is never upgraded', async ({ gateway, raw, readWrite, upstream }) => {
    const lines = [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
      ['Sec-WebSocket-Version', '13'],
    ] as const;
    for (const target of ['/authorize/app/live', '/authorize/app', '/authorize/unknown', '/authorize']) {
      const answer = await raw(target, [
        ...lines,
        ...(target === '/authorize/app' ? forwardedLines({ target: '/app/live' }) : []),
        readWrite,
      ]);
      expect([200, 404], target).toContain(answer.status);
      expect(answer.complete).toBe(true);
    }
    expect(upstream.bytesReceived).toBe(0);
    // HTTP/1.0, in which nginx asks by default, has no upgrades; its subject has.
    const head = `GET /authorize/app/live HTTP/1.0\r\nHost: x\r\nUpgrade: websocket\r\n`;
    const old = await sendRaw(gateway.port, `${head}${readWrite.join(': ')}\r\n\r\n`);
    expect(old.status).toBe(200);
  });
});

describe('the connection of a proxy', () => {
  it('R84: a body is not read, and never taken for the next question', async ({
    gateway,
    readWrite,
    upstream,
    applications: _applications,
  }) => {
    const hidden = requestBytes({ port: gateway.port, method: 'DELETE', target: '/app/hidden', headers: [readWrite] });
    const first = requestBytes({
      port: gateway.port,
      method: 'POST',
      target: '/authorize/app/x',
      headers: [readWrite, ['Content-Type', 'application/octet-stream']],
      body: hidden,
    });
    const answer = await sendRaw(gateway.port, [first], { answers: 2, timeoutMs: 1_500 });
    expect(answer.raw.toString('latin1').match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(answer.status).toBe(200);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R84: pipelined questions get their own answers in order', async ({
    gateway,
    readOnly,
    applications: _applications,
  }) => {
    const { port } = gateway;
    const one = requestBytes({ port, target: '/authorize/app/x', headers: [readOnly] });
    const two = requestBytes({ port, method: 'DELETE', target: '/authorize/app/x', headers: [readOnly] });
    const three = requestBytes({ port, target: '/authorize/app/x' });
    const answer = await sendRaw(port, Buffer.concat([one, two, three, one]), { answers: 4 });
    const statuses = [...answer.raw.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
    expect(statuses).toEqual(['200', '403', '401', '200']);
  });

  it('R84: an announced body, an expectation and HTTP/1.0 make no proxy wait', async ({
    gateway,
    readWrite,
    applications: _applications,
  }) => {
    const line = readWrite.join(': ');
    for (const head of [
      `PUT /authorize/app/x HTTP/1.1\r\nHost: x\r\n${line}\r\nContent-Length: 5000000000\r\n\r\n`,
      `PUT /authorize/app/x HTTP/1.1\r\nHost: x\r\n${line}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      `PUT /authorize/app/x HTTP/1.1\r\nHost: x\r\n${line}\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n`,
      `PUT /authorize/app/x HTTP/1.0\r\nHost: x\r\n${line}\r\nContent-Length: 5\r\n\r\n`,
      `GET /authorize/app/x HTTP/1.0\r\nHost: x\r\n${line}\r\n\r\n`,
      `HEAD /authorize/app/x HTTP/1.1\r\nHost: x\r\n${line}\r\n\r\n`,
    ]) {
      const answer = await sendRaw(gateway.port, head, { timeoutMs: 4_000, closeWaitMs: 10 });
      expect(answer.timedOut, head).toBe(false);
      expect(answer.status, head).toBe(200);
      expect(answer.interim, head).toEqual([]);
    }
  });

  it('R84: a question that has been through this gateway is a loop', async ({ raw, gateway, readWrite, upstream }) => {
    await request({ port: gateway.port, target: '/open/x' });
    const via = upstream.lastRequest?.header('via') ?? '';
    expect(via).toMatch(/scopegate/);
    const answer = await raw('/authorize/app/x', [readWrite, ['Via', via]]);
    expect(answer.status).toBe(508);
  });

  it('R84: bytes above 0x7f are judged as they are', async ({
    gateway,
    asking,
    readWrite,
    applications: _applications,
  }) => {
    for (const form of ASKING_FORMS) {
      const target = await ask({ target: '/app/\xc3\xa9', headers: [readWrite] }, { ...asking('app'), form });
      expect(target.status).not.toBe(200);
      const value = await ask(
        { target: '/app/x', headers: [readWrite, ['X-Forwarded-User', '\xff\xfe']] },
        { ...asking('app'), form },
      );
      expectAllow(value, 'allowed');
      expect(value.headerValues('x-forwarded-user')).toEqual(['admin']);
      const credential = await ask(
        { target: '/app/x', headers: [['Authorization', 'Bearer \xffsg_x']] },
        { ...asking('app'), form },
      );
      expect([400, 401]).toContain(credential.status);
    }
    const name = await sendRaw(gateway.port, 'GET /authorize/app/x HTTP/1.1\r\nHost: x\r\nX-Forw\xe4rded: a\r\n\r\n');
    expect(name.status).toBe(400);
  });
});
