import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NodeEntity } from '../../src/database/node.entity.js';
import { NodeRegistry } from '../../src/database/node.registry.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { readSource } from '../architecture/source-tree.js';
import { describeOnEachDatabase } from '../support/each-database.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';
import { until } from '../support/until.js';

type Node = {
  readonly id: string;
  readonly live: boolean;
  readonly answering: boolean;
  readonly [member: string]: unknown;
};

async function nodesOf(server: ScopegateFixture): Promise<readonly Node[]> {
  const answer = await server.admin.get<{ items: readonly Node[] }>('/nodes');
  expect(answer.status).toBe(200);
  return answer.body.items;
}

const { version } = JSON.parse(readSource('package.json')) as { version: string };

describeOnEachDatabase('the list of nodes', (server: () => ScopegateFixture) => {
  it('R103: names the answering node, its version, delay and journal, and those that have ended', async () => {
    const { id } = server().provider(NodeRegistry);
    const { manager } = server().provider(DataSource);
    const [own] = await manager.findBy(NodeEntity, { id });
    const longAgoMs = (own?.seenAtMs ?? 0) - 3_600_000;
    // A row of an older version, of a worker that was killed.
    const old = { id: 'gateway-0123456789-w3', seenAtMs: longAgoMs, maxStalenessMs: null };
    await server()
      .provider(UnitOfWork)
      .run((unit) => unit.manager.insert(NodeEntity, { ...old, actedUpTo: null, actedAtMs: null }));
    const nodes = await nodesOf(server());
    expect(nodes).toEqual([
      {
        id,
        node: id,
        worker: null,
        live: true,
        lastSeenAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T[\d:.]{12}Z$/) as string,
        version,
        lagMs: expect.any(Number) as number,
        journalBytes: expect.any(Number) as number,
        answering: true,
      },
      {
        id: old.id,
        node: 'gateway-0123456789',
        worker: 3,
        live: false,
        lastSeenAt: new Date(longAgoMs).toISOString(),
        version: null,
        lagMs: null,
        journalBytes: null,
        answering: false,
      },
    ]);
    expect(nodes[0]?.['lagMs']).toBeLessThan(60_000);
    await manager.delete(NodeEntity, { id: old.id });
  });
});

describeWithMariaDb('the nodes of one database', (mariaDb) => {
  const servers: ScopegateFixture[] = [];

  beforeAll(async () => {
    const password = 'a password of the tests';
    const env = {
      ...createSecrets(),
      DATABASE_URL: await mariaDb().createDatabase(),
      SCOPEGATE_ADMIN_PASSWORD: password,
    };
    for (let node = 0; node < 2; node += 1) servers.push(await startScopegateFixture({ env }));
  });

  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  it('R103: every node lists all of them, until one is stopped', async () => {
    const [one, other] = servers as [ScopegateFixture, ScopegateFixture];
    const ids = [one, other].map((server) => server.provider(NodeRegistry).id);
    for (const [index, server] of [one, other].entries()) {
      const nodes = await nodesOf(server);
      expect(nodes.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
      expect(nodes.filter(({ answering }) => answering).map(({ id }) => id)).toEqual([ids[index]]);
      expect(nodes.every((node) => node.live && node['version'] === version)).toBe(true);
    }
    await other.stop();
    await until(async () => (await nodesOf(one)).length === 1);
  });
});
