import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

let upstream: RecordingUpstream;
let gateway: ScopegateFixture;
let looping: string;
let token: string;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  gateway = await startScopegateFixture();
  await gateway.createApplication({ kind: 'generic', mount: { pathPrefix: '/app' }, upstream: upstream.url });
  looping = await gateway.createApplication({
    kind: 'generic',
    anonymous: 'allow',
    mount: { pathPrefix: '/loop' },
    upstream: `${gateway.url}/loop`,
  });
  await gateway.createApplication({
    kind: 'generic',
    anonymous: 'allow',
    mount: { pathPrefix: '/own' },
    upstream: gateway.url,
  });
  token = (await gateway.createToken({ scope: 'read-write' })).secret;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

beforeEach(() => upstream.clear());

it('R112: Via goes upstream with the pseudonym of the gateway behind what was there, and not back', async () => {
  const headers = [bearer(token), ['Via', '1.0 fred'], ['via', '1.1 p.example (a, b)']] as const;
  const answer = await request({ port: gateway.port, target: '/app/x', headers });
  expect([answer.status, answer.header('via')]).toEqual([200, undefined]);
  expect(upstream.lastRequest?.headerValues('via')).toEqual([
    expect.stringMatching(/^1\.0 fred, 1\.1 p\.example \(a, b\), 1\.1 scopegate-[0-9a-f]{12}$/),
  ]);
});

it('R112: a loop is a 508 at the first return, and both ways are recorded', async () => {
  const answer = await request({ port: gateway.port, target: '/loop/x', headers: [['X-Request-Id', 'looping']] });
  expect([answer.status, answer.json<{ code: string }>().code]).toEqual([508, 'loop_detected']);
  const events = await gateway.events({ application: looping, code: 'loop_detected' });
  expect(events).toMatchObject([{ outcome: 'failed', status: 508, requestId: 'looping' }]);
});

it.each(['/api/v1/me', '/health/live', '/docs', '/metrics', '/nowhere', '/app/x'])(
  'R112: what comes back is a 508 at %s as well',
  async (target) => {
    await request({ port: gateway.port, target: '/app/x', headers: [bearer(token)] });
    const via = upstream.lastRequest?.header('via') ?? '';
    upstream.clear();
    expect((await request({ port: gateway.port, target, headers: [['Via', via]] })).status).toBe(508);
    if (!/nowhere|app/.test(target)) {
      expect((await request({ port: gateway.port, target: `/own${target}` })).status).toBe(508);
    }
    expect(upstream.bytesReceived).toBe(0);
  },
);
