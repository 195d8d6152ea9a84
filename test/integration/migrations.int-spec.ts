import { join } from 'node:path';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/env.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { MIGRATIONS } from '../../src/database/migrations/index.js';
import { revertLastMigration, runMigrations } from '../../src/database/run-migrations.js';
import { ENTITIES } from '../../src/entities.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { readSource, sourceFiles } from '../architecture/source-tree.js';
import { appliedMigrations, contentOf, fillTables, schemaOf } from '../support/schema.reader.js';
import { createSecrets } from '../support/scopegate.process.js';
import { stopAfter, StoppedError } from '../support/stopped.data-source.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

type NewOptions = () => Promise<DataSourceOptions>;

/** Enough for every statement of every migration. */
const MOST_STOPS = 1_000;

async function withDataSource<Result>(
  options: DataSourceOptions,
  work: (dataSource: DataSource) => Promise<Result>,
): Promise<Result> {
  const dataSource = new DataSource(options);
  await dataSource.initialize();
  try {
    return await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

/**
 * Does the work on one database, stopped after one statement that changes something, and again, until it is whole. Where
 * a stop has left nothing behind (a transaction of SQLite, a statement that is made again), the next comes a statement
 * later. So there is a new start from every state that a stop can leave.
 * @returns how often it was stopped
 */
async function stopAgainAndAgain(
  options: DataSourceOptions,
  work: (dataSource: DataSource) => Promise<unknown>,
): Promise<number> {
  let statements = 1;
  let before = '';
  for (let stops = 0; stops < MOST_STOPS; stops += 1) {
    const isWhole = await withDataSource(options, async (dataSource) => {
      stopAfter(dataSource, statements);
      return work(dataSource).then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof StoppedError)) throw error;
          return false;
        },
      );
    });
    if (isWhole) return stops;
    const after = await withDataSource(options, async (dataSource) =>
      JSON.stringify([await schemaOf(dataSource), await contentOf(dataSource), await appliedMigrations(dataSource)]),
    );
    statements = after === before ? statements + 1 : 1;
    before = after;
  }
  throw new Error(`The work is not whole after ${MOST_STOPS} stops.`);
}

async function expectNoDrift(dataSource: DataSource): Promise<void> {
  const drift = await dataSource.driver.createSchemaBuilder().log();
  expect(drift.upQueries.map((query) => query.query)).toEqual([]);
}

/**
 * The cookies of upstreams were given up for sessions (R11). The figures of use are counted anew from the events, which
 * are kept (R103).
 */
const GIVEN_UP: ReadonlySet<string> = new Set(['bound_cookies', 'usage_counts', 'usage_progress']);

/** Each stop of each migration is one more start. */
const MANY_STARTS = { timeout: 600_000 };

function migrationTests(newOptions: NewOptions): void {
  it(
    'R83: a start that is stopped after any statement of any migration is made good by the next one',
    MANY_STARTS,
    async () => {
      const whole = await withDataSource(await newOptions(), async (dataSource) => {
        await runMigrations(dataSource);
        await expectNoDrift(dataSource);
        return schemaOf(dataSource);
      });
      const options = await newOptions();
      // Each migration makes a table or more, and each is noted in the list.
      expect(await stopAgainAndAgain(options, runMigrations)).toBeGreaterThan(2 * MIGRATIONS.length);
      await withDataSource(options, async (dataSource) => {
        expect(await schemaOf(dataSource)).toEqual(whole);
        await expectNoDrift(dataSource);
      });
    },
  );

  it('R83: a way back that is stopped after any statement is made good by the next one', MANY_STARTS, async () => {
    const options = await newOptions();
    await withDataSource(options, (dataSource) => runMigrations(dataSource));
    const stops = await stopAgainAndAgain(options, async (dataSource) => {
      for (const _ of MIGRATIONS) await revertLastMigration(dataSource);
    });
    expect(stops).toBeGreaterThan(2 * MIGRATIONS.length);
    await withDataSource(options, async (dataSource) => expect(await schemaOf(dataSource)).toEqual({}));
  });

  it.each(MIGRATIONS.map((migration, index) => [migration.name, index + 1] as const))(
    'R83: a database as %s left it keeps its data',
    async (_name, count) => {
      const options = await newOptions();
      const before = await withDataSource(
        { ...options, migrations: MIGRATIONS.slice(0, count) },
        async (dataSource) => {
          await runMigrations(dataSource);
          await fillTables(dataSource);
          return contentOf(dataSource);
        },
      );
      await withDataSource(options, async (dataSource) => {
        await runMigrations(dataSource);
        await expectNoDrift(dataSource);
        const after = await contentOf(dataSource);
        const kept = Object.keys(before).filter((table) => !GIVEN_UP.has(table));
        expect(kept.length).toBeGreaterThan(10);
        for (const table of kept) expect(after[table], table).toMatchObject(before[table] ?? []);
      });
    },
  );

  it('R83: nodes that start at the same time migrate once', async () => {
    const options = await newOptions();
    const dataSources = await Promise.all(Array.from({ length: 4 }, () => new DataSource(options).initialize()));
    try {
      const done = await Promise.all(dataSources.map((dataSource) => runMigrations(dataSource)));
      expect(done.flat().sort()).toEqual(MIGRATIONS.map(({ name }) => name).sort());
    } finally {
      for (const dataSource of dataSources) await dataSource.destroy();
    }
  });

  it('R83: a schema of a newer version is refused, and left as it is', async () => {
    const options = await newOptions();
    const older = { ...options, migrations: MIGRATIONS.slice(0, -1) };
    await withDataSource(options, (dataSource) => runMigrations(dataSource));
    await withDataSource(older, async (dataSource) => {
      const before = await schemaOf(dataSource);
      const refusal = `does not know ${MIGRATIONS.at(-1)?.name}. Start the newer version`;
      await expect(runMigrations(dataSource)).rejects.toThrow(refusal);
      await expect(revertLastMigration(dataSource)).rejects.toThrow(refusal);
      expect(await schemaOf(dataSource)).toEqual(before);
    });
  });
}

describe('migrations on SQLite', () => {
  migrationTests(() => {
    const folder = createTemporaryFolder('migrations');
    return dataSourceOptions({ kind: 'sqlite', file: join(folder.path, 'x.sqlite') }, ENTITIES);
  });
});

describeWithMariaDb('migrations on MariaDB', (server) => {
  migrationTests(async () => {
    const url = await server().createDatabase();
    return dataSourceOptions(readConfiguration({ DATABASE_URL: url, ...createSecrets() }).database, ENTITIES);
  });

  it('R83: a node that is cut off in the middle of a migration gives the lock back', async () => {
    const url = await server().createDatabase();
    const { database } = readConfiguration({ DATABASE_URL: url, ...createSecrets() });
    const options = await dataSourceOptions(database, ENTITIES);
    const [first, second] = [await new DataSource(options).initialize(), await new DataSource(options).initialize()];
    try {
      const [id] = await first.query<{ id: number }[]>('SELECT CONNECTION_ID() AS id');
      // The one pooled connection there is takes the lock, too.
      await first.query("SELECT GET_LOCK(CONCAT('scopegate-migrations-', DATABASE()), 0)");
      const migrated = runMigrations(second);
      await expect
        .poll(async () =>
          first.query<unknown[]>("SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'User lock'"),
        )
        .toHaveLength(1);
      await second.query(`KILL ${id?.id}`);
      expect(await migrated).toHaveLength(MIGRATIONS.length);
    } finally {
      await first.destroy();
      await second.destroy();
    }
  });
});

describe('the migrations', () => {
  it('R83: are made of steps that can be made again', () => {
    const direct = /\brunner\.(create|drop|add|change|rename|clear)\w*\(/;
    const files = sourceFiles('src/database/migrations', (name) => !name.endsWith('index.ts'));
    expect(files.length).toBe(MIGRATIONS.length);
    expect(files.filter(({ path }) => direct.test(readSource(path))).map(({ path }) => path)).toEqual([]);
  });
});
