import { DataSource, type DataSourceOptions } from 'typeorm';
import { limitOf, type DatabaseLanes, type DatabaseUse, type DatabaseWork } from '../database-lanes.js';
import { LANES } from '../lane-rules.js';
import { TurnQueue } from '../turn-queue.js';

/** One connection writes. Another one reads what is committed, so look-ups never wait for a transaction. */
export class SqliteLanes implements DatabaseLanes {
  readonly #turns = new TurnQueue(1, Number.MAX_SAFE_INTEGER);
  readonly #lists = new TurnQueue(LANES.lists.connections, LANES.lists.waiting);
  #reader: Promise<DataSource> | null = null;
  #isClosed = false;

  constructor(private readonly dataSource: DataSource) {}

  async read<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    if (this.#isClosed) return this.write(use, work);
    const { manager } = await this.#reading();
    if (use.lane !== 'lists') return work(manager);
    await this.#lists.take(limitOf(use));
    try {
      return await work(manager);
    } finally {
      this.#lists.release();
    }
  }

  async write<Result>(use: DatabaseUse, work: DatabaseWork<Result>): Promise<Result> {
    await this.#turns.take(limitOf(use));
    try {
      return await work(this.dataSource.manager);
    } finally {
      this.#turns.release();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const reader = this.#reader;
    this.#reader = null;
    await (await reader)?.destroy();
  }

  #reading(): Promise<DataSource> {
    this.#reader ??= openReader(this.dataSource).catch((error: unknown) => {
      this.#reader = null;
      throw error;
    });
    return this.#reader;
  }
}

function openReader(dataSource: DataSource): Promise<DataSource> {
  const options = sqliteOptions(dataSource);
  return new DataSource({
    ...options,
    prepareDatabase: async (connection: { pragma(text: string): unknown }) => {
      await options.prepareDatabase?.(connection);
      connection.pragma('query_only = ON');
    },
  }).initialize();
}

export function sqliteOptions({ options }: DataSource): DataSourceOptions & { readonly type: 'better-sqlite3' } {
  if (options.type !== 'better-sqlite3') throw new Error(`${options.type} is not SQLite.`);
  return options;
}
