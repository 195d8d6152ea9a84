import { DataSource } from 'typeorm';
import { expect, it } from 'vitest';
import { schemaState } from '../../src/database/run-migrations.js';
import { MIGRATIONS } from '../../src/database/migrations/index.js';
import { readSource } from '../architecture/source-tree.js';
import { startScopegateFixture } from '../support/scopegate.fixture.js';

it('R83: GET /version shows the version, the node and the newest migration, on the management port alone', async () => {
  const server = await startScopegateFixture({ management: true });
  try {
    const answer = await fetch(`${server.managementUrl}/version`);
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as Record<string, unknown>;
    const { version } = JSON.parse(readSource('package.json')) as { version: string };
    expect(body).toEqual({ version, node: body['node'], schema: MIGRATIONS.at(-1)?.name });
    expect(body['node']).toMatch(/^[A-Za-z0-9-]+-[0-9a-f]{10}$/);
    const { manager } = server.app.get(DataSource);
    expect(await manager.query(`SELECT id FROM nodes`)).toEqual([{ id: body['node'] }]);
    expect(await schemaState(manager)).toEqual({ missing: [], unknown: [] });
    expect((await fetch(`${server.url}/version`)).status).toBe(404);
  } finally {
    await server.stop();
  }
});
