import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dialectOf } from './dialect/index.js';
import { UnitOfWork } from './unit-of-work.js';

/** The database's time. Use it for times that several nodes write, because the clocks of nodes may differ. */
@Injectable()
export class DatabaseClock {
  readonly #sql: string;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    dataSource: DataSource,
  ) {
    this.#sql = `SELECT ${dialectOf(dataSource).nowMsSql} AS now_ms`;
  }

  async readMs(): Promise<number> {
    const rows = await this.unitOfWork.read((manager) =>
      manager.query<{ readonly now_ms: number | string }[]>(this.#sql),
    );
    return Number(rows[0]?.now_ms);
  }
}
