import type { DataSource } from 'typeorm';
import type { DatabaseConfiguration } from '../../config/database-configuration.js';
import type { DatabaseOpening, Dialect } from './dialect.js';
import { MYSQL } from './mysql.js';
import { openingOfMysql } from './mysql-opening.js';
import { SQLITE } from './sqlite.js';
import { openingOfSqlite } from './sqlite-opening.js';

export function dialectOf(dataSource: DataSource): Dialect {
  return dataSource.options.type === 'better-sqlite3' ? SQLITE : MYSQL;
}

export function openingOf(database: DatabaseConfiguration): DatabaseOpening {
  return database.kind === 'sqlite' ? openingOfSqlite(database) : openingOfMysql(database);
}
