import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../src/config/env.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { createSecrets } from '../support/scopegate.process.js';
import { MIGRATIONS } from '../../src/database/migrations/index.js';
import { ENTITIES } from '../../src/entities.js';

async function expectNoDrift(environment: Record<string, string>): Promise<void> {
  const dataSource = new DataSource(await dataSourceOptions(readConfiguration(environment).database, ENTITIES));
  await dataSource.initialize();
  try {
    await dataSource.runMigrations();
    const drift = await dataSource.driver.createSchemaBuilder().log();
    expect(drift.upQueries.map((query) => query.query)).toEqual([]);
    for (let left = dataSource.migrations.length; left > 0; left -= 1) await dataSource.undoLastMigration();
    const tables = await dataSource.createQueryRunner().getTables();
    expect(tables.map((table) => table.name).filter((name) => /tokens|sessions|cookies/.test(name))).toEqual([]);
  } finally {
    await dataSource.destroy();
  }
}

describeWithMariaDb('the schema on MariaDB', (server) => {
  it('is the one of the entities, compares ids byte by byte, and can be undone', async () => {
    const url = await server().createDatabase();
    await expectNoDrift({ DATABASE_URL: url, ...createSecrets() });
  });

  it('R55: compares every text of every table byte by byte, blanks at its end included', async () => {
    const url = await server().createDatabase();
    const { database } = readConfiguration({ DATABASE_URL: url, ...createSecrets() });
    const dataSource = new DataSource(await dataSourceOptions(database, ENTITIES));
    await dataSource.initialize();
    try {
      await dataSource.runMigrations();
      const padded = await dataSource.query<unknown[]>(
        `SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
           AND TABLE_NAME <> 'schema_migrations' AND COLLATION_NAME IS NOT NULL AND COLLATION_NAME <> 'utf8mb4_nopad_bin'`,
      );
      expect(padded).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('R44: of a database that was made before, tokens are found by the name of their owner in any case', async () => {
    const url = await server().createDatabase();
    const { database } = readConfiguration({ DATABASE_URL: url, ...createSecrets() });
    const options = await dataSourceOptions(database, ENTITIES);
    const before = new DataSource({ ...options, migrations: MIGRATIONS.slice(0, 1) });
    await before.initialize();
    await before.runMigrations();
    await before.query(
      `INSERT INTO tokens (id, digest, pepper_version, hint, owner_id, owner_name, creator_id, created_by, description,
         scope, created_at_ms) VALUES ('a', 'd', 1, 'h', 'o', 'JÜRGEN', 'o', 'JÜRGEN', '', 'read-only', 1)`,
    );
    await before.destroy();
    const after = new DataSource(options);
    await after.initialize();
    try {
      await after.runMigrations();
      expect(await after.query('SELECT owner_key FROM tokens')).toEqual([{ owner_key: 'jürgen' }]);
    } finally {
      await after.destroy();
    }
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
