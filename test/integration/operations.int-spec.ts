import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

describeWithMariaDb('operations while the database is away', (mariaDb) => {
  let folder: TemporaryFolder;
  let upstream: RecordingUpstream;
  let gateway: ScopegateFixture;
  let secret: string;

  beforeAll(async () => {
    folder = createTemporaryFolder('outage');
    upstream = await startRecordingUpstream();
    gateway = await startScopegateFixture({
      env: {
        DATABASE_URL: await mariaDb().createDatabase(),
        SCOPEGATE_AUDIT_FILE: join(folder.path, 'audit.log'),
        LOG_LEVEL: 'fatal',
      },
    });
    await gateway.createApplication({
      key: 'app',
      kind: 'generic',
      mount: { pathPrefix: '/app' },
      upstream: upstream.url,
    });
    ({ secret } = await gateway.createToken({ scope: 'read-only' }));
  });

  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
    await folder.remove();
  });

  async function readiness(): Promise<unknown> {
    const answer = await fetch(`${gateway.url}/health/ready`);
    return [answer.status, ((await answer.json()) as { checks: unknown }).checks];
  }

  async function figure(name: string): Promise<number> {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length),
    );
  }

  /** The request ids of events of requests in the file. */
  function streamed(): readonly (string | null)[] {
    return readFileSync(join(folder.path, 'audit.log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly requestId: string | null; readonly outcome: string })
      .filter(({ outcome }) => outcome === 'allowed')
      .map(({ requestId }) => requestId);
  }

  async function send(requestId: string): Promise<number> {
    const answer = await fetch(`${gateway.url}/app/x`, {
      headers: { [bearer(secret)[0]]: bearer(secret)[1], 'X-Request-Id': requestId },
    });
    await answer.arrayBuffer();
    return answer.status;
  }

  it('R62: readiness and metrics tell of it, requests go on, and the stream has all of them once it is back', async () => {
    const healthy = [200, { database: 'ok', journal: 'ok', migrations: 'ok' }];
    expect(await readiness()).toEqual(healthy);
    expect(await send('before')).toBe(200);
    await until(async () => (await figure('scopegate_journal_lag_seconds')) === 0);

    await mariaDb().kill9();
    await until(async () => ((await readiness()) as [number])[0] === 503);
    expect(await readiness()).toEqual([503, { database: 'failing', journal: 'ok', migrations: 'unknown' }]);
    expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
    expect(await send('during-1')).toBe(200);
    expect(await send('during-2')).toBe(200);
    await until(async () => (await figure('scopegate_journal_lag_seconds')) > 1);
    // Two events of some two hundred bytes at the least.
    expect(await figure('scopegate_journal_backlog_bytes')).toBeGreaterThan(400);
    expect(streamed()).not.toContain('during-1');

    await mariaDb().restart();
    await until(async () => ((await readiness()) as [number])[0] === 200);
    await until(async () => (await figure('scopegate_journal_lag_seconds')) === 0);
    expect(await readiness()).toEqual(healthy);
    expect(await send('after')).toBe(200);
    await until(() => streamed().includes('after'));
    const mine = streamed().filter((id) => id === 'before' || id === 'after' || id?.startsWith('during') === true);
    expect(mine).toEqual(['before', 'during-1', 'during-2', 'after']);
  });
});
