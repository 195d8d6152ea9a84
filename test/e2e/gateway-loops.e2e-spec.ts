import { connect, createServer } from 'node:net';
import { expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { listen } from '../support/listen.js';
import { request } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

const it = gatewayTest
  .extend('gatewayOptions', { scope: 'file' }, () => ({ management: true }))
  /** The URL of a relay that leads back to the gateway under another address, as a proxy in front of it does. */
  .extend('back', { scope: 'file' }, async ({ gateway }, { onCleanup }) => {
    const relay = createServer((socket) => {
      const onward = connect(gateway.port, '127.0.0.1');
      for (const end of [socket, onward]) end.on('error', () => undefined);
      socket.pipe(onward).pipe(socket);
    });
    const port = await listen(relay);
    onCleanup(() => void relay.close());
    return `http://127.0.0.1:${port}`;
  })
  .extend('looping', { scope: 'file' }, ({ gateway, back }) =>
    gateway.createApplication({
      kind: 'generic',
      anonymous: 'allow',
      mount: { pathPrefix: '/loop' },
      upstream: `${back}/loop`,
    }),
  )
  .extend(
    'token',
    { scope: 'file' },
    async ({ gateway }) => (await gateway.createToken({ scope: 'read-write' })).secret,
  );

it.beforeAll(async ({ gateway, upstream, back }) => {
  const open = { kind: 'generic', anonymous: 'allow' } as const;
  await gateway.createApplication({ kind: 'generic', mount: { pathPrefix: '/app' }, upstream: upstream.url });
  await gateway.createApplication({ ...open, mount: { pathPrefix: '/own' }, upstream: back });
});

it('R112: Via goes upstream with the pseudonym of the gateway behind what was there, and not back', async ({
  gateway,
  upstream,
  token,
}) => {
  const headers = [bearer(token), ['Via', '1.0 fred'], ['via', '1.1 p.example (a, b)']] as const;
  const answer = await request({ port: gateway.port, target: '/app/x', headers });
  expect([answer.status, answer.header('via')]).toEqual([200, undefined]);
  expect(upstream.lastRequest?.headerValues('via')).toEqual([
    expect.stringMatching(/^1\.0 fred, 1\.1 p\.example \(a, b\), 1\.1 scopegate-[0-9a-f]{12}$/),
  ]);
});

it('R112: a loop is a 508 at the first return, and both ways are recorded', async ({ gateway, looping }) => {
  const answer = await request({ port: gateway.port, target: '/loop/x', headers: [['X-Request-Id', 'looping']] });
  expect([answer.status, answer.json<{ code: string }>().code]).toEqual([508, 'loop_detected']);
  const events = await gateway.events({ application: looping, code: 'loop_detected' });
  expect(events).toMatchObject([{ outcome: 'failed', status: 508, requestId: 'looping' }]);
});

it.for(['/api/v1/me', '/health/live', '/docs', '/metrics', '/authorize', '/nowhere', '/app/x'])(
  'R112: what comes back is a 508 at %s as well',
  async (target, { gateway, upstream, token }) => {
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

it('R112: an upstream that is the gateway itself is refused, at both ports, and none is asked for its version', async ({
  gateway,
  looping,
}) => {
  const application = { key: 'self', kind: 'jira', mount: { pathPrefix: '/self' } };
  for (const port of [gateway.port, gateway.managementPort]) {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0.0.0.0', '127.0.0.1.']) {
      const answer = await gateway.admin.post('/applications', {
        ...application,
        upstream: `http://${host}:${port}/x`,
      });
      expect([answer.status, answer.body], host).toMatchObject([
        400,
        { code: 'validation_failed', errors: [{ field: 'upstream' }] },
      ]);
    }
  }
  const patch = await gateway.admin.patch(`/applications/${looping}`, { upstream: gateway.url });
  expect(patch.status).toBe(400);
});

it('R112: an upstream at the host of a mount is warned of', async ({ gateway }) => {
  const application = { kind: 'generic', mount: { host: 'reports.example:8443' }, upstream: 'https://Reports.Example' };
  const created = await gateway.admin.post('/applications', { key: 'reports', ...application });
  expect(created.status).toBe(201);
  const shown = await gateway.admin.get<{ warnings: readonly { code: string }[] }>('/applications/reports');
  expect(shown.body.warnings.map(({ code }) => code)).toContain('upstream_is_a_mount');
});
