import type { DataSource, DataSourceOptions, EntityManager, QueryRunner } from 'typeorm';
import type { DatabaseLanes } from '../database-lanes.js';

/** Options of a find that hold its rows until the transaction ends. */
export interface RowLock {
  readonly lock?: { readonly mode: 'pessimistic_write' };
}

/** Everything that differs between the databases. One file implements it for each; no other code compares them. */
export interface Dialect {
  /** Whether the database runs in this process, in the thread that calls it. */
  readonly isEmbedded: boolean;
  /** SQL for the database's time in epoch milliseconds. In UTC, because a local time comes twice when summer time ends. */
  readonly nowMsSql: string;
  /** The type of a column of whole numbers. */
  readonly integerType: 'integer' | 'int';
  readonly rowLock: RowLock;

  /** The file of the database; null if it is a server. */
  fileOf(dataSource: DataSource): string | null;

  openLanes(dataSource: DataSource): DatabaseLanes;

  /** The server's number of a connection; null if the database has none. */
  connectionIdOf(runner: QueryRunner | undefined): number | null;

  /**
   * Whether a transaction is stored whose COMMIT was not answered, for good: one that is still open is ended first.
   * @param changeSet the random id in its lines of the change log
   * @param connectionId the number of its connection
   */
  isStored(manager: EntityManager, changeSet: string, connectionId: number | null): Promise<boolean>;

  /** Writes to every table and changes nothing. @throws the database's error if it refuses, or a lock is in the way */
  writeNothing(manager: EntityManager): Promise<void>;

  /** SQL after the name of a table that makes the database use this index. @param index an escaped name */
  indexHint(index: string): string;

  hasIndex(runner: QueryRunner, table: string, index: string): Promise<boolean>;

  /** Makes the database compare the texts of tables byte by byte. @param tables all of them by default */
  compareExactly(runner: QueryRunner, tables?: readonly string[]): Promise<void>;

  /**
   * Takes the lock that lets one node at a time change the tables. It ends with the process that holds it.
   * @returns what releases it; null if another node has held it for the whole time
   */
  lockMigrations(runner: QueryRunner, timeoutMs: number): Promise<(() => Promise<void>) | null>;
}

/** How a configured database is opened. */
export interface DatabaseOpening {
  /**
   * The options of its data source.
   * @throws ConfigurationError if it cannot be used
   */
  options(common: CommonOptions): Promise<DataSourceOptions>;

  /**
   * Refuses a database that this process may read but not write: the server would start, and store nothing.
   * @throws ConfigurationError in one line that names the file or folder
   */
  requireWritable(): void;

  /**
   * What is wrong, in one line, if the person who starts the server can mend it.
   * @param code the driver's code; empty if it gave none
   */
  failureText(cause: Error, code: string): string | null;
}

export type CommonOptions = Pick<DataSourceOptions, 'entities' | 'migrations' | 'migrationsTableName'> & {
  readonly migrationsTransactionMode: 'each';
  readonly synchronize: false;
  readonly logging: false;
};
