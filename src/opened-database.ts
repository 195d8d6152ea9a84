import { DataSource } from 'typeorm';
import { wasSealedWith } from './audit/chain-seals.js';
import type { DatabaseConfiguration } from './config/database-configuration.js';
import type { Configuration } from './config/env.js';
import type { Secrets } from './config/secrets.js';
import { dataSourceOptions } from './database/data-source-options.js';
import { explainDatabaseFailure } from './database/database-failure.js';
import { openingOf } from './database/dialect/index.js';
import { adoptKeys, checkedKeys, knownKeys, type KeyEvidence } from './database/key-checks.js';
import { refuseNewerSchema, runMigrations } from './database/run-migrations.js';
import { ENTITIES } from './entities.js';
import { KEY_USES } from './key-uses.js';
import { adoptLastingKey, lastingKeyOf, readLastingKey } from './keys/lasting-key.js';

export interface OpenedDatabase {
  readonly dataSource: DataSource;
  readonly secrets: Secrets;
}

const EVIDENCE: KeyEvidence = {
  wasMadeWith: (dataSource, encryptionKey) => wasSealedWith(dataSource, lastingKeyOf(encryptionKey)),
  uses: KEY_USES,
};

/**
 * The first step of every start. Before the keys are compared with the data, nothing is served or written (R110).
 * @throws ConfigurationError if the database cannot be used, or belongs to other keys
 */
export async function openDatabase(configuration: Configuration): Promise<OpenedDatabase> {
  const dataSource = await connect(configuration);
  try {
    openingOf(configuration.database).requireWritable();
    const configured = await checkedKeys(dataSource, configuration, EVIDENCE, true);
    await runMigrations(dataSource);
    const keys = await adoptKeys(dataSource, configuration, configured);
    const lastingKey = await adoptLastingKey(dataSource, keys.encryptionKey);
    return { dataSource, secrets: { ...keys, lastingKey } };
  } catch (error) {
    await dataSource.destroy();
    throw explainDatabaseFailure(error, configuration.database);
  }
}

/** For a command that only reads: makes no keys and no tables. */
export async function openToRead(configuration: Configuration): Promise<OpenedDatabase> {
  const dataSource = await connect(configuration);
  try {
    const configured = await checkedKeys(dataSource, configuration, EVIDENCE, false);
    const keys = await knownKeys(dataSource, configured);
    return { dataSource, secrets: { ...keys, lastingKey: await readLastingKey(dataSource, keys.encryptionKey) } };
  } catch (error) {
    await dataSource.destroy();
    throw explainDatabaseFailure(error, configuration.database);
  }
}

async function connect({ database }: Configuration): Promise<DataSource> {
  const dataSource = await initialize(database);
  const runner = dataSource.createQueryRunner();
  try {
    // Before anything is read: a newer version may store it in another way.
    await refuseNewerSchema(runner);
  } catch (error) {
    await runner.release();
    await dataSource.destroy();
    throw explainDatabaseFailure(error, database);
  }
  await runner.release();
  return dataSource;
}

async function initialize(database: DatabaseConfiguration): Promise<DataSource> {
  try {
    return await new DataSource(await dataSourceOptions(database, ENTITIES)).initialize();
  } catch (error) {
    throw explainDatabaseFailure(error, database);
  }
}
