import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { createApiClient, type ApiClient, type ProblemBody } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startFaultProxy, type FaultProxy } from '../support/fault.proxy.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTestApplication, createTestToken } from '../support/test-application.js';

/** Starts of several processes, on a machine that is busy. */
const TIMEOUT_MS = 240_000;

const ADMIN_PASSWORD = 'a password of the tests';
const MAX_STALENESS_MS = 5_000;

interface Revocation {
  readonly confirmedBy: readonly string[];
  readonly missing: readonly string[];
}

interface Health {
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
}

describeWithMariaDb('a node that is cut off from the database', (mariaDb) => {
  let upstream: RecordingUpstream;
  let proxy: FaultProxy;
  let env: Readonly<Record<string, string>>;
  const started: ScopegateProcess[] = [];

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    proxy = await startFaultProxy({ port: mariaDb().port });
  });
  afterEach(async () => {
    proxy.pass();
    for (const node of started.splice(0)) await node.stop();
  });
  afterAll(async () => {
    await proxy.stop();
    await upstream.stop();
  });

  async function start(more: Readonly<Record<string, string>>): Promise<ScopegateProcess> {
    const node = await startScopegate({ env: { ...env, ...more } });
    started.push(node);
    return node;
  }

  const adminOf = (node: ScopegateProcess): ApiClient =>
    createApiClient(node.url, { user: 'admin', password: ADMIN_PASSWORD });

  /** Starts a node that reaches the database through the proxy, with an application and a token that it knows. */
  async function startCutOff(more: Readonly<Record<string, string>>): Promise<{
    readonly node: ScopegateProcess;
    readonly id: string;
    readonly use: () => Promise<string>;
  }> {
    const url = await mariaDb().createDatabase();
    env = {
      ...createSecrets(),
      DATABASE_URL: url,
      SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD,
      SCOPEGATE_MAX_STALENESS_MS: String(MAX_STALENESS_MS),
    };
    const node = await start({ DATABASE_URL: proxy.through(url), ...more });
    await createTestApplication(adminOf(node), upstream.url);
    const { id, secret } = await createTestToken(adminOf(node));
    const use = async (): Promise<string> => {
      const answer = await fetch(`${node.url}/app/x`, { headers: { Authorization: `Bearer ${secret}` } });
      const text = await answer.text();
      return answer.status === 200 ? '200' : `${answer.status} ${(JSON.parse(text) as ProblemBody).code}`;
    };
    await expect.poll(use).toBe('200');
    return { node, id, use };
  }

  async function cutOff(): Promise<void> {
    await proxy.refuse();
    proxy.reset();
  }

  it(
    'R80, R78: refuses although it knows of no other node, and follows the revocation when it is back',
    async () => {
      const { node, id, use } = await startCutOff({});
      await cutOff();
      await expect.poll(use, { interval: 20 }).toBe('503 policy_unavailable');
      const replacement = await start({});
      const revocation = await adminOf(replacement).delete<Revocation>(`/tokens/${id}?wait=true`);
      expect([revocation.status, revocation.body.confirmedBy.length]).toEqual([200, 1]);
      // On a busy machine the start may take half a minute, and the node's last report is as old then.
      for (const missing of revocation.body.missing) expect(revocation.body.confirmedBy).not.toContain(missing);
      expect((await fetch(`${node.url}/health/ready`)).status).toBe(503);
      const arrived = upstream.requests.length;
      for (let time = 0; time < 20; time += 1) {
        expect(await use()).toBe('503 policy_unavailable');
        await sleep(50);
      }
      proxy.pass();
      const backAtTick = performance.now();
      const answers = new Set<string>();
      await expect
        .poll(
          async () => {
            const answer = await use();
            answers.add(answer);
            return answer;
          },
          { interval: 10 },
        )
        .toBe('401 token_revoked');
      process.stdout.write(`recovered ${Math.round(performance.now() - backAtTick)} ms after the database\n`);
      expect([...answers].sort()).toEqual(['401 token_revoked', '503 policy_unavailable']);
      expect(upstream.requests.length).toBe(arrived);
    },
    TIMEOUT_MS,
  );

  it(
    'R80: goes on when configured as the only node, and reports another one as an error',
    async () => {
      const { node, use } = await startCutOff({ SCOPEGATE_SINGLE_NODE: 'true' });
      const warnings = async (): Promise<readonly string[]> => {
        const health = (await (await fetch(`${node.url}/health/ready`)).json()) as Health;
        return (health.warnings ?? []).map(({ code }) => code);
      };
      await cutOff();
      const cutAtTick = performance.now();
      while (performance.now() - cutAtTick < 2 * MAX_STALENESS_MS) expect(await use()).toBe('200');
      expect(await warnings()).toEqual([]);
      proxy.pass();
      await start({});
      await expect.poll(warnings).toEqual(['not_the_only_node']);
      const told = node.logs.filter(({ message }) => String(message).startsWith('SCOPEGATE_SINGLE_NODE is true'));
      expect(told.map(({ level }) => level)).toEqual(['error']);
    },
    TIMEOUT_MS,
  );
});
