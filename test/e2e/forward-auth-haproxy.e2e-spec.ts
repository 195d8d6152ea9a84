import { describe, expect } from 'vitest';
import type { HeaderLine } from '../support/http-message.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { isShippedProxyAvailable, shippedProxy } from '../support/shipped-proxy.js';
import { describeShippedProxy, shippedProxyTest } from '../support/shipped-proxy-tests.js';

const HAPROXY = shippedProxy('haproxy', (folder) => ['-db', '-f', `${folder}/haproxy.cfg`]);

const it = shippedProxyTest(HAPROXY);

describe.skipIf(!isShippedProxyAvailable(HAPROXY))('R87: HAProxy with its shipped files', () => {
  describeShippedProxy(it, HAPROXY, 'request');

  it('sends nothing on if a buffer has no room for the identity', async ({ upstream, onTestFinished }) => {
    const username = 'a'.repeat(6_000);
    const headers: readonly HeaderLine[] = [
      ['X-Scopegate-Code', 'allowed'],
      ['X-Forwarded-User', username],
    ];
    const scopegate = await startRecordingUpstream({ respond: () => ({ headers }) });
    onTestFinished(() => scopegate.stop());
    const server = await HAPROXY.start({ scopegate: scopegate.port, application: upstream.port });
    onTestFinished(() => server.stop());
    const send = async (length: number): Promise<number> => {
      const filler: HeaderLine = ['X-Filler', 'x'.repeat(length)];
      return (await request({ port: server.port, target: '/page', headers: [filler] })).status;
    };
    expect(await send(1_000)).toBe(200);
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual([username]);
    upstream.clear();
    expect(await send(13_000)).toBe(503);
    expect(scopegate.requests.length).toBe(2);
    expect(upstream.bytesReceived).toBe(0);
  });
});
