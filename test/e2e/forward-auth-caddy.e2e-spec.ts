import { describe, expect } from 'vitest';
import { bearer } from '../support/scopegate.fixture.js';
import { isShippedProxyAvailable, shippedProxy } from '../support/shipped-proxy.js';
import { describeShippedProxy, SESSION, shippedProxyTest } from '../support/shipped-proxy-tests.js';

const CADDY = shippedProxy('caddy', (folder) => ['run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile']);

const it = shippedProxyTest(CADDY);

describe.skipIf(!isShippedProxyAvailable(CADDY))('R87: Caddy with its shipped file', () => {
  describeShippedProxy(it, CADDY, 'headers');

  it('gives the client of a token no cookie, also not in early hints', async ({ send, tokens, upstream }) => {
    const early = `HTTP/1.1 103 Early Hints\r\n${SESSION.join(': ')}\r\n\r\n`;
    const raw = `${early}HTTP/1.1 200 OK\r\n${SESSION.join(': ')}\r\nContent-Length: 4\r\n\r\npage`;
    upstream.respondWith(() => ({ raw }));
    const answer = await send({ headers: [bearer(tokens.readOnly)] });
    expect(answer.status).toBe(200);
    expect(answer.raw.toString('latin1').toLowerCase()).not.toContain('set-cookie');
  });
});
