import type { DataSource, DataSourceOptions, EntityManager, QueryRunner } from 'typeorm';
import type { DatabaseLanes } from '../database-lanes.js';

/** Options of a find that hold its rows until the transaction ends. */
export interface RowLock {
  readonly lock?: { readonly mode: 'pessimistic_write' };
}

/** The differences between the databases. One file implements it for each; no other code compares databases. */
export interface Dialect {
  /** Whether the database runs in the thread that calls it. */
  readonly isEmbedded: boolean;
  /** SQL for epoch milliseconds, in UTC: a local time occurs twice when summer time ends. */
  readonly nowMsSql: string;
  readonly integerType: 'integer' | 'int';
  readonly rowLock: RowLock;

  /** Null if the database is a server. */
  fileOf(dataSource: DataSource): string | null;

  openLanes(dataSource: DataSource): DatabaseLanes;

  /** Null if the database does not number its connections. */
  connectionIdOf(runner: QueryRunner | undefined): number | null;

  /** Whether a transaction is stored whose COMMIT was not answered. If it is still open, it is ended first. */
  isStored(manager: EntityManager, changeSet: string, connectionId: number | null): Promise<boolean>;

  /** Writes to every table and changes nothing. @throws the database's error if it refuses, or a lock is in the way */
  writeNothing(manager: EntityManager): Promise<void>;

  /** SQL after the name of a table that makes the database use this index. @param index an escaped name */
  indexHint(index: string): string;

  /** SQL after the rows of an INSERT: where the key exists already, the numbers are added to the stored ones. */
  addWhereKnown(key: string, numbers: readonly string[]): string;

  hasIndex(runner: QueryRunner, table: string, index: string): Promise<boolean>;

  /** Makes the database compare texts byte by byte. @param tables all of them by default */
  compareExactly(runner: QueryRunner, tables?: readonly string[]): Promise<void>;

  /** Lets one node at a time change the tables. @returns what releases the lock; null after the timeout */
  lockMigrations(runner: QueryRunner, timeoutMs: number): Promise<(() => Promise<void>) | null>;
}

export interface DatabaseOpening {
  /** @throws ConfigurationError if the database cannot be used */
  options(common: CommonOptions): Promise<DataSourceOptions>;

  /** @throws ConfigurationError if this process cannot write: the server would start and store nothing */
  requireWritable(): void;

  /** Explains in one line an error that the operator can fix. @param code empty if the driver gave none */
  failureText(cause: Error, code: string): string | null;
}

export type CommonOptions = Pick<DataSourceOptions, 'entities' | 'migrations' | 'migrationsTableName'> & {
  readonly migrationsTransactionMode: 'each';
  readonly synchronize: false;
  readonly logging: false;
};
