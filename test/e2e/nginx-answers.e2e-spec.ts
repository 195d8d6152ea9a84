import { describe, expect } from 'vitest';
import type { ProblemBody } from '../support/api.client.js';
import { freePort } from '../support/free-port.js';
import type { HeaderLine } from '../support/http-message.js';
import { codeOf, FORMS, nginxTest as it } from '../support/nginx-test.js';
import { isNginxAvailable } from '../support/nginx.upstream.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { bearer } from '../support/scopegate.fixture.js';
import { startShippedNginx } from '../support/shipped-nginx.server.js';
import { echo, openUpgrade, startUpgradeUpstream } from '../support/upgraded.client.js';
import type { UpstreamAnswer } from '../support/upstream-answer.writer.js';

/** RFC 6455 4.1. */
const HANDSHAKE: HeaderLine = ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='];

describe.runIf(isNginxAvailable()).each(FORMS)('the answers of nginx, form %s', (form) => {
  it('R87: the client of a refusal sees the problem with its own status and challenge', async ({
    send,
    gateway,
    upstream,
    secrets,
  }) => {
    const unknown = await send(form, 'GET', '/app/x', [bearer(`sg_${'A'.repeat(40)}`)]);
    expect(codeOf(unknown)).toEqual([401, 'credential_invalid']);
    expect(unknown.header('content-type')).toBe('application/problem+json');
    expect(unknown.headerValues('www-authenticate')).toHaveLength(1);
    const denied = await send(form, 'DELETE', '/app/x', [bearer(secrets.readOnly)]);
    expect(codeOf(denied)).toEqual([403, 'scope_insufficient']);
    expect(denied.header('x-scopegate-code')).toBe('scope_insufficient');
    expect(denied.headerValues('www-authenticate')).toEqual(['Bearer error="insufficient_scope", scope="read-write"']);
    const { requestId } = denied.json<ProblemBody>();
    expect(denied.header('x-request-id')).toBe(requestId);
    expect(codeOf(await send(form, 'GET', '/app/%2e%2e/x', [bearer(secrets.readOnly)]))).toEqual([
      400,
      'path_ambiguous',
    ]);
    expect(codeOf(await send(form, 'GET', '/app/a\\b'))).toEqual([400, 'request_malformed']);
    const many = Array.from({ length: 101 }, (_, index): HeaderLine => [`X-Line-${index}`, '1']);
    // The cached form sends on a few lines only.
    if (form !== 'cached') expect(codeOf(await send(form, 'GET', '/app/x', many))).toEqual([431, 'headers_too_large']);
    await gateway.patchSettings({ reverseProxy: { trustedProxies: ['10.0.0.1'] } });
    try {
      expect(codeOf(await send(form, 'GET', '/app/x?again'))).toEqual([403, 'proxy_not_trusted']);
    } finally {
      await gateway.patchSettings({ reverseProxy: { trustedProxies: ['127.0.0.1'] } });
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R87: an upgrade to WebSocket is judged as one, and every other upgrade is an ordinary request', async ({
    gateway,
    secrets,
  }) => {
    const chat = await startUpgradeUpstream();
    const nginx = await startShippedNginx({ form, scopegatePort: gateway.port, applicationPort: chat.port });
    const open = (secret: string, protocol: string): ReturnType<typeof openUpgrade> =>
      openUpgrade({ port: nginx.port, path: '/app/chat', protocol, headers: [bearer(secret), HANDSHAKE] });
    try {
      expect((await open(secrets.readOnly, 'websocket')).status).toBe(403);
      expect(chat.ends).toHaveLength(0);
      chat.onHead(echo);
      const client = await open(secrets.readWrite, 'WebSocket');
      expect(client.status).toBe(101);
      client.socket.write('bytes');
      await client.waitFor('bytes');
      client.socket.destroy();
      const [end] = chat.ends;
      expect(end?.headerValues('x-forwarded-user')).toEqual(['alice']);
      expect(end?.headerValues('authorization')).toEqual([]);
      chat.onHead(({ socket }) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
      const other = await open(secrets.readWrite, 'h2c');
      expect(other.status).toBe(200);
      other.socket.destroy();
      const last = await chat.waitForEnd(2);
      expect([last.headerValues('upgrade'), last.headerValues('connection')]).toEqual([[], []]);
    } finally {
      await nginx.stop();
      await chat.stop();
    }
  });
});

describe.runIf(isNginxAvailable()).each(FORMS)('nginx fails closed, form %s', (form) => {
  it('R87: without an answer of Scopegate, nothing is sent', async ({ upstream }) => {
    const nginx = await startShippedNginx({ form, scopegatePort: await freePort(), applicationPort: upstream.port });
    try {
      for (const method of ['GET', 'POST']) {
        expect((await request({ port: nginx.port, method, target: '/app/x' })).status).toBe(500);
      }
      expect(upstream.bytesReceived).toBe(0);
    } finally {
      await nginx.stop();
    }
  });

  it('R87: an answer that is no decision of Scopegate lets nothing pass', async ({ upstream }) => {
    const other = await startRecordingUpstream();
    const nginx = await startShippedNginx({ form, scopegatePort: other.port, applicationPort: upstream.port });
    const code: HeaderLine = ['X-Scopegate-Code', 'allowed'];
    const answers: UpstreamAnswer[] = [
      { status: 200, body: 'another server' },
      { status: 204 },
      { status: 200, headers: [['X-Scopegate-Code', 'refused']] },
      { status: 302, headers: [code, ['Location', '/']] },
      { status: 404, headers: [code] },
      { status: 500, headers: [code] },
      { status: 200, headers: [code, ['X-Large', 'x'.repeat(70_000)]] },
      { raw: 'HTTP/1.1 200 OK\r\nX-Scopegate-Code: allowed\r\n' },
      { raw: 'nonsense\r\n\r\n' },
      { destroy: true },
    ];
    try {
      for (const answer of answers) {
        other.respondWith(() => ({ ...answer, close: true }));
        const { status } = await request({ port: nginx.port, target: `/app/${answers.indexOf(answer)}` });
        expect(status, JSON.stringify(answer).slice(0, 80)).toBeGreaterThanOrEqual(403);
      }
      expect(upstream.bytesReceived).toBe(0);
    } finally {
      await nginx.stop();
      await other.stop();
    }
  });
});
