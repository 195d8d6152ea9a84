import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/env.js';
import { dataSourceOptions } from '../../src/database/data-source.options.js';
import { describeWithMariaDb } from '../support/external-part.js';
import { createSecrets } from '../support/scopegate.process.js';
import { ENTITIES } from '../../src/schema.js';

async function expectNoDrift(environment: Record<string, string>): Promise<void> {
  const dataSource = new DataSource(await dataSourceOptions(readConfiguration(environment).database, ENTITIES));
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
    const drift = await dataSource.driver.createSchemaBuilder().log();
    expect(drift.upQueries.map((query) => query.query)).toEqual([]);
    for (const _ of dataSource.migrations) await dataSource.undoLastMigration();
    const tables = await dataSource.createQueryRunner().getTables();
    expect(tables.map((table) => table.name).filter((name) => name.endsWith('tokens'))).toEqual([]);
  } finally {
    await dataSource.destroy();
  }
}

describeWithMariaDb('the schema on MariaDB', (server) => {
  it('is the one of the entities, compares ids byte by byte, and can be undone', async () => {
    const url = await server().createDatabase();
    await expectNoDrift({ DATABASE_URL: url, ...createSecrets() });
  });

  it('is not used where the server reads backslashes in a way in which no text can be sent to it safely', async () => {
    const url = await server().createDatabase();
    const connection = await createConnection(url);
    await connection.query("SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',NO_BACKSLASH_ESCAPES')");
    try {
      const { database } = readConfiguration({ DATABASE_URL: url, ...createSecrets() });
      await expect(dataSourceOptions(database, ENTITIES)).rejects.toThrow('NO_BACKSLASH_ESCAPES');
    } finally {
      await connection.query("SET GLOBAL sql_mode = REPLACE(@@GLOBAL.sql_mode, 'NO_BACKSLASH_ESCAPES', '')");
      await connection.end();
    }
  });
});

describe('the schema', () => {
  it('is the one of the entities on SQLite, and its migrations can be undone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'scopegate-schema-'));
    try {
      await expectNoDrift({ DATABASE_URL: `sqlite:${join(folder, 'x.sqlite')}` });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
