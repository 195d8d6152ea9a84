import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/env.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { createSecrets, startScopegate } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const NEWER = 'FromAnotherYear1999999999999';

/** Records a migration that no version has, as a newer one would. */
async function migrateFurther(environment: Readonly<Record<string, string>>): Promise<void> {
  const { database } = readConfiguration(environment);
  const dataSource = await new DataSource(await dataSourceOptions(database, [])).initialize();
  try {
    await dataSource.query('INSERT INTO schema_migrations (timestamp, name) VALUES (1999999999999, ?)', [NEWER]);
  } finally {
    await dataSource.destroy();
  }
}

function newerSchemaTests(newEnvironment: () => Promise<Record<string, string>>): void {
  it('R83: a running node reports a newer schema in its readiness, and the next start refuses it', async () => {
    const dataFolder = createTemporaryFolder('newer').path;
    const env = { ...createSecrets(), ...(await newEnvironment()) };
    const running = await startScopegate({ env, dataFolder });
    const ready = async (): Promise<unknown> => {
      const answer = await fetch(`${running.url}/health/ready`);
      const { checks } = (await answer.json()) as { checks: Record<string, unknown> };
      return [answer.status, checks['migrations'], checks['database']];
    };
    try {
      expect(await ready()).toEqual([200, 'ok', 'ok']);
      await migrateFurther(env);
      await expect.poll(ready).toEqual([503, 'failing', 'ok']);
    } finally {
      await running.stop();
    }
    const failure = await startScopegate({ env, dataFolder }).then(
      () => 'It started.',
      (error: unknown) => String(error),
    );
    const told = failure.split('\n').filter((line) => line.startsWith('Scopegate cannot start:'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`this version does not know ${NEWER}. Start the newer version`);
    expect(failure).not.toMatch(/^\s+at /m);
  });
}

describe('a newer schema on SQLite', () => {
  newerSchemaTests(() =>
    Promise.resolve({ DATABASE_URL: `sqlite:${join(createTemporaryFolder('newer').path, 'x.sqlite')}` }),
  );
});

describeWithMariaDb('a newer schema on MariaDB', (server) => {
  newerSchemaTests(async () => ({ DATABASE_URL: await server().createDatabase() }));
});
