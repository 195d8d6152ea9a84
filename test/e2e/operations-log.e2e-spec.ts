import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiClient, type ApiClient } from '../support/api.client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';

let upstream: RecordingUpstream;
let gateway: ScopegateProcess;
let admin: ApiClient;
let secret: string;
let tokenId: string;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  gateway = await startScopegate({ env: { LOG_LEVEL: 'debug' } });
  admin = createApiClient(gateway.url, { user: 'admin', password: gateway.adminPassword });
  const application = {
    key: 'app',
    kind: 'generic',
    mount: { pathPrefix: '/app' },
    upstream: upstream.url,
    anonymous: 'allow',
    paths: 'tomcat',
  };
  await admin.post('/applications', application);
  const token = await admin.post<{ id: string; secret: string }>('/tokens', {
    description: 'log',
    scope: 'read-only',
  });
  ({ id: tokenId, secret } = token.body);
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

type LogLine = Readonly<Record<string, unknown>>;

/** The lines of a request, once its own has been written. */
async function linesOf(requestId: string): Promise<readonly LogLine[]> {
  for (let tries = 0; tries < 1_500; tries += 1) {
    const lines = gateway.logs.filter((line) => line['requestId'] === requestId);
    if (lines.some((line) => line['context'] === 'Request')) return lines;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The log has no line for the request ${requestId}.`);
}

async function send(path: string, requestId: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const answer = await fetch(`${gateway.url}${path}`, { headers: { 'X-Request-Id': requestId, ...headers } });
  await answer.arrayBuffer();
  return answer.status;
}

describe('the log of requests', () => {
  it('R55: has one line a request that leads from the answer to the trace, and no secret', async () => {
    const status = await send('/app/things;session=5ec7e7?q=5ec7e7', 'allowed-1', {
      Authorization: `Basic ${Buffer.from(`admin:${secret}`).toString('base64')}`,
      Cookie: 'a=5ec7e7',
      'User-Agent': `client ${secret}`,
      traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
    });
    expect(status).toBe(400);
    expect(await send('/app/things?q=5ec7e7', 'allowed-2', { Authorization: `Bearer ${secret}` })).toBe(200);
    const [refused, ...others] = await linesOf('allowed-1');
    expect(others).toEqual([]);
    expect(refused).toMatchObject({
      level: 'debug',
      traceId: TRACE_ID,
      application: 'app',
      method: 'GET',
      path: '/things;session=[redacted]',
      status: 400,
      isComplete: true,
      code: 'path_ambiguous',
      peer: '127.0.0.1',
      userAgent: 'client [redacted]',
    });
    const [allowed] = await linesOf('allowed-2');
    expect(allowed).toMatchObject({
      path: '/things',
      status: 200,
      code: null,
      credential: 'bearer-token',
      actor: 'admin',
      tokenId,
      clientIp: '127.0.0.1',
      durationMs: expect.any(Number) as number,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(gateway.output()).not.toContain('5ec7e7');
    expect(gateway.output()).not.toContain(secret.slice(16));
  });

  it.each([
    ['management', '/api/v1/me', 401, 'authentication_required'],
    ['health', '/health/live', 200, null],
    ['nowhere', '/nowhere', 404, 'application_not_found'],
  ])('R55: has a line for a request to %s, too', async (name, path, status, code) => {
    expect(await send(path, `own-${name}`)).toBe(status);
    expect(await linesOf(`own-${name}`)).toMatchObject([{ path, status, code, application: null }]);
  });

  it('R55: logs why an upstream failed, at intervals, with the request id', async () => {
    upstream.respondWith(() => ({ destroy: true }));
    for (let sent = 0; sent < 5; sent += 1) expect(await send('/app/broken', `broken-${sent}`)).toBe(502);
    const [warning, line] = await linesOf('broken-0');
    expect(warning).toMatchObject({
      level: 'warn',
      application: 'app',
      code: 'upstream_unreachable',
      cause: expect.stringMatching(/./) as string,
    });
    expect(line).toMatchObject({ level: 'debug', status: 502, code: 'upstream_unreachable' });
    expect(line?.['traceId']).toBe(warning?.['traceId']);
    expect(await linesOf('broken-4')).toHaveLength(1);
  });

  it('R61: is all JSON, except the lines for the person who starts it', () => {
    const others = gateway
      .output()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'));
    expect(others.filter((line) => !/^(?:Scopegate is ready|Scopegate has stopped)/.test(line))).toEqual([]);
    expect(gateway.logs.length).toBeGreaterThan(10);
  });
});

it.each([{}, { SCOPEGATE_AUDIT_STDOUT: 'true' }])(
  'R62: a log whose reader is gone neither ends the server nor changes its answers, with %j',
  async (more) => {
    const server = await startScopegate({ env: { LOG_LEVEL: 'debug', ...more } });
    const api = createApiClient(server.url, { user: 'admin', password: server.adminPassword });
    server.closeOutput();
    for (let index = 0; index < 20; index += 1) expect((await api.get('/me')).status).toBe(200);
    const events = await api.get<{ items: readonly unknown[] }>('/audit-events?type=login.succeeded');
    expect(events.body.items.length).toBeGreaterThanOrEqual(20);
    expect(await server.stop()).toBe(0);
  },
);
