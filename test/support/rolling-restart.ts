import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { createApiClient } from './api.client.js';
import { freePort } from './free-port.js';
import { startLoadBalancer, type LoadBalancerKind } from './load-balancer.js';
import { startRecordingUpstream } from './recording-upstream.js';
import { createSecrets, startScopegate, type ScopegateProcess } from './scopegate.process.js';
import { createTemporaryFolder } from './temporary-folder.js';
import { createTestApplication, createTestToken } from './test-application.js';

const ADMIN_PASSWORD = 'correct horse battery';
const CLIENTS = 8;

/** A pause of each client between its requests, so that two busy cores can keep up. */
const PAUSE_MS = 10;

/** What became of the requests of clients while nodes were restarted behind a load balancer. */
export type RollingRestart = {
  readonly answered: number;
  /** Requests without an answer, and answers that no node has given: what a client saw. */
  readonly lost: readonly string[];
  /** Requests that were answered and did not reach the upstream, or twice. */
  readonly missing: number;
  readonly doubled: number;
  /** Answered requests without exactly one event in the audit. */
  readonly unrecorded: number;
};

/**
 * Restarts each of two nodes on one database in turn, under load with GET and POST through a real load balancer.
 * @param restarts of each node
 */
export async function restartInTurn(
  kind: LoadBalancerKind,
  databaseUrl: string,
  restarts: number,
): Promise<RollingRestart> {
  const upstream = await startRecordingUpstream();
  const folder = createTemporaryFolder('rolling');
  const env = { ...createSecrets(), SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD, DATABASE_URL: databaseUrl };
  const ports = [await freePort(), await freePort()];
  const start = (index: number): Promise<ScopegateProcess> =>
    startScopegate({
      port: ports[index] ?? 0,
      dataFolder: join(folder.path, String(index)),
      // What a service has by default.
      env: { ...env, SCOPEGATE_DRAIN_MS: '5000' },
    });
  const nodes = [await start(0), await start(1)];
  const balancer = await startLoadBalancer(kind, ports);
  const admin = createApiClient(nodes[0]?.url ?? '', { user: 'admin', password: ADMIN_PASSWORD });
  await createTestApplication(admin, upstream.url);
  const { secret } = await createTestToken(admin, 'read-write');
  for (const { url } of nodes) {
    const known = async (): Promise<number> =>
      (await fetch(`${url}/app/known`, { headers: { Authorization: `Bearer ${secret}` } })).status;
    await expect.poll(known).toBe(200);
  }
  const load = startClients(balancer.port, secret);
  try {
    await expect.poll(() => load.answered.size).toBeGreaterThan(100);
    for (let round = 0; round < restarts; round += 1) {
      for (const index of [0, 1]) {
        expect(await nodes[index]?.stop(), nodes[index]?.output()).toBe(0);
        nodes[index] = await start(index);
        // A load balancer with active checks has to find out that the node is back.
        await sleep(5_000);
      }
    }
  } finally {
    await load.stop();
  }
  const reached = new Map<string, number>();
  for (const { target } of upstream.requests) {
    const id = target.slice(1);
    if (id !== 'known') reached.set(id, (reached.get(id) ?? 0) + 1);
  }
  const exported = await createApiClient(nodes[0]?.url ?? '', { user: 'admin', password: ADMIN_PASSWORD }).get<string>(
    '/audit-events/export?application=app',
  );
  const recorded = new Map<string, number>();
  for (const line of exported.body.split('\n').filter(Boolean)) {
    const path = ((JSON.parse(line) as { path: string | null }).path ?? '').slice(1);
    recorded.set(path, (recorded.get(path) ?? 0) + 1);
  }
  await balancer.stop();
  for (const node of nodes) await node.stop();
  await upstream.stop();
  await folder.remove();
  const answered = [...load.answered];
  return {
    answered: answered.length,
    lost: load.lost,
    missing: answered.filter((id) => !reached.has(id)).length,
    doubled: [...reached.values()].filter((times) => times > 1).length,
    unrecorded: answered.filter((id) => recorded.get(id) !== 1).length,
  };
}

/** Clients that send one request after the other, each with a path of its own, and repeat none. */
function startClients(
  port: number,
  secret: string,
): { readonly answered: ReadonlySet<string>; readonly lost: readonly string[]; stop(): Promise<void> } {
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  const answered = new Set<string>();
  const lost: string[] = [];
  let isStopping = false;
  const send = (method: 'GET' | 'POST'): Promise<void> =>
    new Promise((resolve) => {
      const id = randomBytes(8).toString('hex');
      const headers = { Authorization: `Bearer ${secret}`, ...(method === 'POST' ? { 'Content-Length': 2 } : {}) };
      const sent = request({ port, agent, method, path: `/app/${id}`, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.once('error', () => undefined);
        answer.once('close', () => {
          if (answer.complete && answer.statusCode === 200) answered.add(id);
          else lost.push(`${method} ${answer.statusCode} ${Buffer.concat(chunks).toString('utf8', 0, 300)}`);
          resolve();
        });
      });
      sent.once('error', (error) => {
        lost.push(`${method} ${error.message}`);
        resolve();
      });
      sent.end(method === 'POST' ? '{}' : undefined);
    });
  const running = Array.from({ length: CLIENTS }, async (_, client) => {
    while (!isStopping) {
      await send(client % 2 === 0 ? 'GET' : 'POST');
      await sleep(PAUSE_MS);
    }
  });
  return {
    answered,
    lost,
    async stop() {
      isStopping = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
}
