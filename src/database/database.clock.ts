import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UnitOfWork } from './unit-of-work.js';

/** In UTC, because a local time comes twice when summer time ends. */
const DATABASE_NOW_MS = {
  sqlite: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
  mysql: "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)",
} as const;

/**
 * SQL for the database's own time in epoch milliseconds. Whatever compares the times of two nodes uses it: the clocks of
 * nodes may differ, and this one is the same for all of them.
 */
export function databaseNowSql(dataSource: DataSource): string {
  return dataSource.options.type === 'better-sqlite3' ? DATABASE_NOW_MS.sqlite : DATABASE_NOW_MS.mysql;
}

/** Tells the database's own time, for what goes by times that several nodes have written. */
@Injectable()
export class DatabaseClock {
  readonly #sql: string;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    dataSource: DataSource,
  ) {
    this.#sql = `SELECT ${databaseNowSql(dataSource)} AS now_ms`;
  }

  /** Asks for the time, in milliseconds since the epoch. */
  async readMs(): Promise<number> {
    const rows = await this.unitOfWork.read((manager) =>
      manager.query<{ readonly now_ms: number | string }[]>(this.#sql),
    );
    return Number(rows[0]?.now_ms);
  }
}
