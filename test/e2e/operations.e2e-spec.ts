import { describe, expect, it } from 'vitest';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { shareGateway } from '../support/gateway-test.js';
import { bearer } from '../support/scopegate.fixture.js';

const { gateway, upstream } = await shareGateway({ management: true });
await gateway.createApplication({
  key: 'app',
  kind: 'generic',
  mount: { pathPrefix: '/app' },
  upstream: upstream.url,
  anonymous: 'allow',
});

/** The value of one figure; 0 where there is no such line yet. */
async function figure(line: string): Promise<number> {
  const text = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1) ?? 0);
}

async function send(path: string, secret: string | null, init: RequestInit = {}): Promise<number> {
  const headers = secret === null ? {} : { [bearer(secret)[0]]: bearer(secret)[1] };
  const answer = await fetch(`${gateway.url}/app${path}`, { ...init, headers });
  await answer.arrayBuffer();
  return answer.status;
}

function health(path: string): Promise<Response> {
  return fetch(`${gateway.url}/health/${path}`);
}

describe('the metrics', () => {
  it('R55: are text for Prometheus, need no credential and answer on the management port alone', async () => {
    const answer = await fetch(`${gateway.managementUrl}/metrics`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => !/^[a-z_0-9]+(?:\{[^}]*\})? -?[0-9.e+-]+$/i.test(line))).toEqual([]);
    expect(lines.some((line) => line.startsWith('process_cpu_seconds_total '))).toBe(true);
    expect(lines.some((line) => /^scopegate_build_info\{version="\d[^"]*",node="v\d[^"]*"\} 1$/.test(line))).toBe(true);
    expect((await fetch(`${gateway.url}/metrics`)).status).toBe(404);
  });

  it('R55, R57: count each decision once, by application, stage, true reason and outcome', async () => {
    const { secret, id } = await gateway.createToken({ scope: 'read-only' });
    const allowed = 'scopegate_decisions_total{application="app",stage="",code="",outcome="allowed",door="proxy"}';
    const passed = 'scopegate_decisions_total{application="app",stage="",code="",outcome="passed",door="proxy"}';
    const scope =
      'scopegate_decisions_total{application="app",stage="scope",code="scope_insufficient",outcome="denied",door="proxy"}';
    const revoked =
      'scopegate_decisions_total{application="app",stage="token",code="token_revoked",outcome="failed",door="proxy"}';
    const before = await Promise.all([allowed, passed, scope, revoked].map(figure));
    expect(await send('/a', secret)).toBe(200);
    expect(await send('/b', secret)).toBe(200);
    expect(await send('/c', null)).toBe(200);
    expect(await send('/d', secret, { method: 'POST' })).toBe(403);
    await gateway.revokeToken(id);
    expect(await send('/e', secret)).toBe(401);
    const after = await Promise.all([allowed, passed, scope, revoked].map(figure));
    expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([2, 1, 1, 1]);
  });

  it('R55: time the decision and the upstream apart, in seconds', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const figures = (): Promise<number[]> =>
      Promise.all(
        [
          'decision_duration_seconds_count{application="app",door="proxy"}',
          'upstream_duration_seconds_count{application="app"}',
          'decision_duration_seconds_sum{application="app",door="proxy"}',
          'upstream_duration_seconds_sum{application="app"}',
        ].map((name) => figure(`scopegate_${name}`)),
      );
    const before = await figures();
    upstream.respondWith(() => ({ delayMs: 2_000 }));
    expect(await send('/slow', secret)).toBe(200);
    upstream.clear();
    expect(await send('/refused', secret, { method: 'POST' })).toBe(403);
    const after = await figures();
    const [decisions, answers, decisionSeconds, upstreamSeconds] = after.map((value, at) => value - (before[at] ?? 0));
    expect([decisions, answers]).toEqual([2, 1]);
    expect(upstreamSeconds).toBeGreaterThan(1.9);
    expect(upstreamSeconds).toBeLessThan(60);
    expect(decisionSeconds).toBeLessThan(1.5);
  });

  it('R55: tell an upstream that fails apart from a refusal', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    upstream.respondWith(() => ({ destroy: true }));
    expect(await send('/broken', secret)).toBe(502);
    upstream.clear();
    const line =
      'scopegate_decisions_total{application="app",stage="upstream",code="upstream_unreachable",outcome="failed",door="proxy"}';
    expect(await figure(line)).toBe(1);
  });

  it('R31: tell how many tokens were found in memory', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const hits = 'scopegate_token_lookups_total{result="hit"}';
    const misses = 'scopegate_token_lookups_total{result="miss"}';
    const before = await Promise.all([hits, misses].map(figure));
    // Refused requests are judged once. One that goes upstream is judged, and looked up, again if it had to wait (R64) or
    // met a closed connection (R114).
    for (let sent = 0; sent < 3; sent += 1) expect(await send('/a', secret, { method: 'POST' })).toBe(403);
    const after = await Promise.all([hits, misses].map(figure));
    expect(after.map((value, index) => value - (before[index] ?? 0))).toEqual([2, 1]);
    expect(await figure('scopegate_token_cache_entries')).toBeGreaterThan(0);
  });

  it('R62: tell how far the database is behind the journal', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const unitOfWork = gateway.provider(UnitOfWork);
    const shipper = gateway.provider(AuditShipper);
    expect(await send('/a', secret)).toBe(200);
    await shipper.flush();
    // The batch after the first one finds that there is no more.
    await shipper.flush();
    expect(await figure('scopegate_journal_backlog_bytes')).toBe(0);
    expect(await figure('scopegate_journal_lag_seconds')).toBe(0);
    expect(await figure('scopegate_journal_writable')).toBe(1);
    unitOfWork.run = () => Promise.reject(new Error('The database is away.'));
    try {
      expect(await send('/b', secret)).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(await send('/c', secret)).toBe(200);
      await shipper.flush();
      expect(await figure('scopegate_journal_backlog_bytes')).toBeGreaterThan(500);
      expect(await figure('scopegate_journal_lag_seconds')).toBeGreaterThan(0.35);
      expect(await figure('scopegate_journal_lag_seconds')).toBeLessThan(60);
    } finally {
      Reflect.deleteProperty(unitOfWork, 'run');
    }
    await shipper.flush();
    await shipper.flush();
    expect(await figure('scopegate_journal_backlog_bytes')).toBe(0);
    expect(await figure('scopegate_journal_lag_seconds')).toBe(0);
  });

  it('R55: tell the state of connections by application, and no address', async () => {
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    expect(await send('/a', secret)).toBe(200);
    expect(await figure('scopegate_upstream_connections{application="app",state="connected"}')).toBeGreaterThan(0);
    expect(await figure('scopegate_upstream_requests{application="app",state="running"}')).toBe(0);
    expect(await figure('scopegate_password_checks{state="waiting"}')).toBe(0);
    const text = await (await fetch(`${gateway.managementUrl}/metrics`)).text();
    expect(text).not.toContain('127.0.0.1');
    expect(text).not.toContain(secret);
  });
});

describe('the health', () => {
  it('R62: is ready on both ports while everything that requests depend on is in order', async () => {
    for (const url of [gateway.url, gateway.managementUrl]) {
      const answer = await fetch(`${url}/health/ready`);
      expect([answer.status, await answer.json()]).toEqual([
        200,
        { status: 'ok', checks: { database: 'ok', journal: 'ok', migrations: 'ok' } },
      ]);
    }
    expect((await health('live')).status).toBe(200);
  });

  it('R62: names the check that fails, and goes on being alive', async () => {
    const shipper = gateway.provider(AuditShipper);
    const unitOfWork = gateway.provider(UnitOfWork);
    const readiness = async (): Promise<unknown> => {
      // A state is kept for half a second.
      await new Promise((resolve) => setTimeout(resolve, 600));
      const answer = await health('ready');
      return [answer.status, ((await answer.json()) as { checks: unknown }).checks];
    };
    Object.defineProperty(shipper, 'hasRoom', { configurable: true, get: () => false });
    expect(await readiness()).toEqual([503, { database: 'ok', journal: 'failing', migrations: 'ok' }]);
    Reflect.deleteProperty(shipper, 'hasRoom');

    await unitOfWork.run(({ manager }) => manager.query("UPDATE schema_migrations SET name = 'old' || name"));
    expect(await readiness()).toEqual([503, { database: 'ok', journal: 'ok', migrations: 'failing' }]);
    await unitOfWork.run(({ manager }) => manager.query('UPDATE schema_migrations SET name = SUBSTR(name, 4)'));

    // Later than any client waits for it.
    unitOfWork.read = () =>
      new Promise((_resolve, reject) => setTimeout(() => reject(new Error('The database is away.')), 3_000));
    expect(await readiness()).toEqual([503, { database: 'failing', journal: 'ok', migrations: 'unknown' }]);
    expect((await health('live')).status).toBe(200);
    Reflect.deleteProperty(unitOfWork, 'read');
    expect(await readiness()).toEqual([200, { database: 'ok', journal: 'ok', migrations: 'ok' }]);
  });
});
