import { describe, expect } from 'vitest';
import {
  BLOCKED_TARGETS,
  DECIDING_LINES,
  FAILING_ANSWERS,
  FORGED,
  FORGED_LINES,
  FORGED_METHODS,
} from './door-attacks.js';
import { freePort } from './free-port.js';
import { gatewayTest } from './gateway-test.js';
import type { HeaderLine } from './http-message.js';
import { request, type RawAnswer } from './raw-client.js';
import { startRecordingUpstream, type RecordedRequest } from './recording-upstream.js';
import { basic, bearer } from './scopegate.fixture.js';
import type { ShippedProxy } from './shipped-proxy.js';

type Sent = {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: string | Buffer;
};

/** A cookie that the application sets: a session of the owner of the token. */
export const SESSION: HeaderLine = ['Set-Cookie', 'session=of-the-owner; Path=/'];

/** `it` for the tests of a proxy that runs with its shipped files, between the clients and the application. */
// oxlint-disable-next-line typescript/explicit-function-return-type
export function shippedProxyTest(proxy: ShippedProxy) {
  return gatewayTest
    .extend('proxyPort', { scope: 'file' }, async ({ gateway, upstream }, { onCleanup }) => {
      await gateway.patchSettings({
        reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'], header: 'X-Forwarded-For' },
      });
      await gateway.createApplication({
        key: 'app',
        kind: 'generic',
        anonymous: 'allow',
        passwords: 'forward',
        mount: { pathPrefix: '/wiki' },
        upstream: upstream.url,
        identity: { mode: 'headers', headers: { 'X-Forwarded-User': '{username}' } },
        blockedPaths: [{ path: '/admin/**' }],
      });
      const server = await proxy.start({ scopegate: gateway.port, application: upstream.port });
      onCleanup(() => server.stop());
      return server.port;
    })
    .extend('tokens', { scope: 'file' }, async ({ gateway }) => {
      const { username: owner } = await gateway.createUser({ username: 'alice' });
      const readOnly = await gateway.createToken({ owner, scope: 'read-only' });
      const readWrite = await gateway.createToken({ owner, scope: 'read-write' });
      const elsewhere = await gateway.createToken({ owner, scope: 'read-write', allowList: ['203.0.113.7'] });
      return { readOnly: readOnly.secret, readWrite: readWrite.secret, elsewhere: elsewhere.secret };
    })
    .extend('send', ({ proxyPort, upstream }) => {
      upstream.respondWith(() => ({ headers: [SESSION, ['Content-Type', 'text/plain']], body: 'page' }));
      return ({ target = '/page', ...sent }: Sent): Promise<RawAnswer> => request({ port: proxyPort, target, ...sent });
    })
    .extend('asked', { scope: 'file' }, async ({ upstream: _upstream }, { onCleanup }) => {
      const headers = ['X-Request-Id', 'X-Forwarded-User', 'Authorization', 'Cookie'].map(
        (name) => [name, ''] as const,
      );
      const allow = { headers: [['X-Scopegate-Code', 'passed'], ...headers] as const };
      const recorder = await startRecordingUpstream({ respond: () => allow });
      onCleanup(() => recorder.stop());
      return recorder;
    })
    .extend('alwaysAllowed', { scope: 'file' }, async ({ asked, upstream }, { onCleanup }) => {
      const server = await proxy.start({ scopegate: asked.port, application: upstream.port });
      onCleanup(() => server.stop());
      return server.port;
    })
    .extend('received', ({ upstream }) => () => {
      const { lastRequest } = upstream;
      if (lastRequest === undefined) throw new Error('The application received nothing.');
      return lastRequest;
    });
}

type ShippedProxyTest = ReturnType<typeof shippedProxyTest>;

/** What the application behind a proxy receives. @param door the form in which the proxy asks */
export function describeShippedProxy(it: ShippedProxyTest, proxy: ShippedProxy, door: 'request' | 'headers'): void {
  describe('a request with a token', () => {
    it('arrives with the identity of its owner, without its credential, and is answered without cookies', async ({
      send,
      tokens,
      received,
    }) => {
      const headers: readonly HeaderLine[] = [bearer(tokens.readOnly), ['Cookie', 'session=old'], ['Accept', 'a/b']];
      const answer = await send({ target: '/page%2Fone?a=%20&b={c}', headers });
      expect(answer).toMatchObject({ status: 200, body: Buffer.from('page') });
      expect(answer.header('set-cookie')).toBeUndefined();
      expect(received()).toMatchObject({ method: 'GET', target: '/page%2Fone?a=%20&b={c}' });
      expectIdentity(received(), 'alice');
      expect(received().header('authorization') ?? '').toBe('');
      expect(received().header('cookie') ?? '').toBe('');
      expect(received().header('accept')).toBe('a/b');
    });

    it('arrives with its method and its whole body', async ({ send, tokens, received }) => {
      const body = Buffer.alloc(1_000_000, 'b');
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const answer = await send({ method, headers: [bearer(tokens.readWrite)], body });
        expect(answer.status, method).toBe(200);
        expect(received()).toMatchObject({ method, bodyLength: body.length });
        expectIdentity(received(), 'alice');
      }
    });

    it('is answered with the problem document if its scope does not cover it', async ({ send, tokens, upstream }) => {
      const answer = await send({ method: 'POST', headers: [bearer(tokens.readOnly)], body: 'x' });
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ status: 403, code: 'scope_insufficient' });
      expect(answer.header('x-scopegate-code')).toBe('scope_insufficient');
      expect(upstream.requests).toEqual([]);
    });

    it('is answered with the challenge if the token has been revoked', async ({
      send,
      gateway,
      tokens: _tokens,
      upstream,
    }) => {
      const { id, secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
      expect((await send({ headers: [bearer(secret)] })).status).toBe(200);
      await gateway.revokeToken(id);
      upstream.clear();
      const answer = await send({ headers: [bearer(secret)] });
      expect(answer.status).toBe(401);
      expect(answer.header('www-authenticate')).toContain('realm="Scopegate"');
      expect(upstream.requests).toEqual([]);
    });

    it('is judged at the address of the client, not at one that the client names', async ({
      send,
      tokens,
      upstream,
    }) => {
      for (const name of ['X-Forwarded-For', 'X-Real-IP', 'X_Forwarded_For']) {
        const answer = await send({ headers: [bearer(tokens.elsewhere), [name, '203.0.113.7']] });
        expect(answer.status, name).toBeGreaterThanOrEqual(400);
      }
      expect(upstream.requests).toEqual([]);
    });

    it('may be an upgrade', async ({ send, tokens, upstream }) => {
      const lines = [
        'HTTP/1.1 101 Switching Protocols',
        'Upgrade: websocket',
        'Connection: Upgrade',
        // The answer to the key below, of RFC 6455 1.3.
        'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      ];
      upstream.respondWith(() => ({ raw: `${lines.join('\r\n')}\r\n\r\n` }));
      const upgrade: readonly HeaderLine[] = [
        ['Connection', 'keep-alive, Upgrade, X-Forwarded-User'],
        ['Upgrade', 'websocket'],
        ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
        ['Sec-WebSocket-Version', '13'],
      ];
      expect((await send({ headers: [bearer(tokens.readWrite), ...upgrade] })).status).toBe(101);
      expect(upstream.lastRequest?.header('upgrade')).toBe('websocket');
      expectIdentity(upstream.lastRequest, 'alice');
      upstream.clear();
      expect((await send({ target: '/admin/users', headers: [bearer(tokens.readWrite), ...upgrade] })).status).toBe(
        403,
      );
      expect(upstream.requests).toEqual([]);
    });

    it('is recorded as one event, with the form in which the proxy asks', async ({ send, tokens, gateway }) => {
      await send({ target: '/recorded', headers: [bearer(tokens.readOnly)] });
      await send({ target: '/recorded', method: 'POST', headers: [bearer(tokens.readOnly)], body: 'x' });
      const events = (await gateway.events({ application: 'app' })).filter(({ path }) => path?.includes('/recorded'));
      expect(events.map(({ method, owner, clientIp }) => ({ method, owner, clientIp }))).toEqual(
        ['POST', 'GET'].map((method) => ({ method, owner: 'alice', clientIp: '127.0.0.1' })),
      );
      for (const event of events) expect(event).toMatchObject({ door });
    });
  });

  describe('a request without a token', () => {
    it('arrives with its own credentials and without an identity, and is answered with cookies', async ({
      send,
      received,
    }) => {
      const password = basic('bob', 'a password of the application');
      const answer = await send({ headers: [password, ['Cookie', 'session=mine']] });
      expect(answer.status).toBe(200);
      expect(answer.header('set-cookie')).toBe(SESSION[1]);
      expect(received().headerValues('authorization')).toEqual([password[1]]);
      expect(received().headerValues('cookie')).toEqual(['session=mine']);
      expectIdentity(received(), null);
    });
  });

  describe('an attack', () => {
    it.for(FORGED_LINES)('$name ($advisory)', async ({ headers }, { send, tokens, upstream }) => {
      await send({ headers });
      await send({ headers: [bearer(tokens.readOnly), ...headers] });
      for (const arrived of upstream.requests) {
        const lines = [...arrived.headerLines, ...arrived.trailers].map((line) => line.join(': '));
        expect(lines.filter((line) => line.includes(FORGED))).toEqual([]);
        expectIdentity(arrived, arrived.header('x-forwarded-user') ? 'alice' : null);
      }
      // A second request that was not refused is still that of the token's owner.
      const { length } = upstream.requests;
      await send({ headers: [bearer(tokens.readOnly)] });
      expectIdentity(upstream.requests[length], 'alice');
    });

    it('a forged identity as a trailer', async ({ send, upstream }) => {
      await send({
        method: 'POST',
        headers: [
          ['Transfer-Encoding', 'chunked'],
          ['Trailer', 'X-Forwarded-User'],
        ],
        body: `1\r\nx\r\n0\r\nX-Forwarded-User: ${FORGED}\r\n\r\n`,
      });
      for (const arrived of upstream.requests) expectIdentity(arrived, null);
    });

    it('a method that overrides the one that was judged', async ({ send, tokens, upstream }) => {
      for (const name of ['X-HTTP-Method-Override', 'X_HTTP_Method_Override', 'X-HTTP-Method', 'X-Method-Override']) {
        await send({ headers: [bearer(tokens.readOnly), [name, 'DELETE']] });
        for (const { headerLines } of upstream.requests) {
          expect(headerLines.filter(([, value]) => value === 'DELETE')).toEqual([]);
        }
      }
    });

    it.for(FORGED_METHODS)(
      '$name, to write with a read-only token',
      async ({ headers }, { send, tokens, upstream }) => {
        const answer = await send({ method: 'POST', headers: [bearer(tokens.readOnly), ...headers], body: 'x' });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(upstream.requests).toEqual([]);
      },
    );

    it.for(DECIDING_LINES)(
      '%s in Connection, so that it is not judged',
      async ([name, value], { upstream, asked, alwaysAllowed }) => {
        for (const connection of [
          [name],
          ['close', 'Sudo', name],
          ['Upgrade', name],
          ['keep-alive', name.toLowerCase()],
        ]) {
          upstream.clear();
          asked.clear();
          const headers: readonly HeaderLine[] = [
            ['Connection', connection.join(', ')],
            [name, value],
          ];
          await request({ port: alwaysAllowed, method: 'POST', target: '/page', headers, body: 'x=1' });
          const arrived = upstream.lastRequest?.headerValues(name).filter((line) => line !== '') ?? [];
          const judged = asked.lastRequest?.headerValues(name) ?? [];
          expect(judged, connection.join()).toEqual(expect.arrayContaining([...arrived]));
          expect(asked.requests, connection.join()).toHaveLength(1);
          expect(upstream.requests, connection.join()).toHaveLength(1);
        }
      },
    );

    it('a write that Connection hides, to be judged as a read', async ({ send, tokens, upstream }) => {
      const readOnly = bearer(tokens.readOnly);
      const hidden = (...names: readonly string[]): HeaderLine => [
        'Connection',
        ['close', 'Sudo', ...names].join(', '),
      ];
      const override: HeaderLine = ['X-HTTP-Method-Override', 'DELETE'];
      await send({ headers: [readOnly, hidden(override[0]), override] });
      for (const { headerLines } of upstream.requests) {
        expect(headerLines.filter(([, value]) => value === 'DELETE')).toEqual([]);
      }
      upstream.clear();
      for (const method of ['COPY', 'MOVE']) {
        const destination: HeaderLine = ['Destination', '/admin/users'];
        const headers = [bearer(tokens.readWrite), hidden('Destination'), destination];
        expect((await send({ method, headers })).status, method).toBeGreaterThanOrEqual(400);
      }
      expect(upstream.requests).toEqual([]);
    });

    it('a body that could name another user, of any method', async ({ send, tokens, gateway, upstream }) => {
      const { body } = await gateway.admin.get<{ identity: unknown }>('/applications/app');
      const service = { type: 'bearer', secret: 'of-the-service' };
      const headers = { 'X-Forwarded-User': '{username}' };
      const identity = { mode: 'credential', perUser: false, service, headers };
      expect(await gateway.admin.patch('/applications/app', { identity })).toMatchObject({ status: 200 });
      const token = bearer(tokens.readWrite);
      const json = '{"x_forwarded_user":"root"}';
      const chunked = `${json.length.toString(16)}\r\n${json}\r\n0\r\n\r\n`;
      try {
        for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE', 'POST', 'PUT', 'PATCH']) {
          for (const lines of [[], [['Connection', 'Content-Length, Content-Type']]] as HeaderLine[][]) {
            const answer = await send({ method, headers: [token, ...lines], body: json });
            expect(answer.status, method).toBe(403);
            expect(answer.header('x-scopegate-code'), method).toBe('body_needed');
          }
          const coded = [token, ['Transfer-Encoding', 'chunked']] as const;
          expect((await send({ method, headers: coded, body: chunked })).status, method).toBeGreaterThanOrEqual(400);
        }
        for (const arrived of upstream.requests) expect(arrived.body.toString()).not.toContain('root');
        upstream.clear();
        for (const method of ['GET', 'HEAD', 'OPTIONS']) {
          expect((await send({ method, headers: [token] })).status, method).toBe(200);
          expect((await send({ method, headers: [token, ['Content-Length', '0']] })).status, method).toBe(200);
          expect(upstream.lastRequest?.headerValues('content-encoding')).toEqual([]);
        }
        const file: HeaderLine = ['Content-Type', 'application/octet-stream'];
        expect((await send({ method: 'DELETE', headers: [token] })).status).toBe(403);
        expect((await send({ method: 'DELETE', headers: [token, file] })).status).toBe(200);
        expect((await send({ method: 'PUT', headers: [token, file], body: 'a file' })).status).toBe(200);
        expect(upstream.lastRequest?.headerValues('authorization')).toEqual(['Bearer of-the-service']);
        expect(upstream.lastRequest?.headerValues('content-encoding')).toEqual([]);
        expectIdentity(upstream.lastRequest, 'alice');
      } finally {
        await gateway.admin.patch('/applications/app', { identity: body.identity });
      }
    });

    it.for(BLOCKED_TARGETS)('a blocked path as $target ($advisory)', async ({ target }, { send, tokens, upstream }) => {
      const answer = await send({ target, headers: [bearer(tokens.readWrite)] });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(upstream.requests).toEqual([]);
    });

    it('a GET that was allowed opens nothing for a POST, another target or another credential', async ({
      send,
      tokens,
      upstream,
    }) => {
      const target = '/page?cached';
      expect((await send({ target, headers: [bearer(tokens.readOnly)] })).status).toBe(200);
      upstream.clear();
      expect((await send({ target, method: 'POST', headers: [bearer(tokens.readOnly)] })).status).toBe(403);
      expect((await send({ target: '/admin/users', headers: [bearer(tokens.readOnly)] })).status).toBe(403);
      expect((await send({ target, headers: [bearer(`${tokens.readOnly}x`)] })).status).toBe(401);
      expect(upstream.requests).toEqual([]);
      await send({ target });
      expectIdentity(upstream.lastRequest, null);
    });

    it('credentials with bytes above 0x7f are no token', async ({ send, tokens, upstream }) => {
      for (const value of [
        `Bearer ${tokens.readWrite}\u00ff`,
        `Bearer \u0080${tokens.readWrite}`,
        'Basic \u00e9\u00e9',
      ]) {
        await send({ headers: [['Authorization', value]] });
      }
      for (const arrived of upstream.requests) expectIdentity(arrived, null);
    });
  });

  describe('when Scopegate fails, nothing arrives', () => {
    it.for(Object.entries(FAILING_ANSWERS))('%s', async ([, answer], { upstream, onTestFinished }) => {
      const failing = await startRecordingUpstream({ respond: () => answer });
      onTestFinished(() => failing.stop());
      const server = await proxy.start({ scopegate: failing.port, application: upstream.port });
      onTestFinished(() => server.stop());
      const { status } = await request({ port: server.port, target: '/page', headers: [['X-Forwarded-User', FORGED]] });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(failing.requests.length).toBeGreaterThan(0);
      expect(upstream.bytesReceived).toBe(0);
    });

    it('it is not there', async ({ upstream, onTestFinished }) => {
      const server = await proxy.start({ scopegate: await freePort(), application: upstream.port });
      onTestFinished(() => server.stop());
      const { status } = await request({ port: server.port, target: '/page' });
      expect(status).toBeGreaterThanOrEqual(500);
      expect(upstream.bytesReceived).toBe(0);
    });
  });
}

/** Exactly one line, or no line with a value. Names are compared as the coarsest reader behind a proxy does. */
function expectIdentity(arrived: RecordedRequest | undefined, username: string | null): void {
  const lines = arrived?.headerLines.filter(
    ([name]) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-') === 'x-forwarded-user',
  );
  const values = lines?.map(([, value]) => value).filter((value) => value !== '');
  expect(values).toEqual(username === null ? [] : [username]);
}
