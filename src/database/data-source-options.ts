import type { DataSourceOptions, EntitySchema } from 'typeorm';
import type { DatabaseConfiguration } from '../config/database-configuration.js';
import { openingOf } from './dialect/index.js';
import { MIGRATIONS } from './migrations/index.js';

export type EntityClass = (new () => object) | EntitySchema;

/** @throws ConfigurationError if the MySQL or MariaDB server cannot be reached */
export function dataSourceOptions(
  database: DatabaseConfiguration,
  entities: readonly EntityClass[],
): Promise<DataSourceOptions> {
  return openingOf(database).options({
    entities: [...entities],
    migrations: MIGRATIONS,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
  });
}
