import { Injectable } from '@nestjs/common';
import { dialectOf } from './dialect/index.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * A read does not prove that the database accepts writes: it can be read-only, or a backup can have locked the tables.
 */
@Injectable()
export class DatabaseProbe {
  #running: Promise<void> | null = null;

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Writes to every table and changes nothing. Callers share one check, so a lock that delays it holds one connection.
   */
  check(): Promise<void> {
    this.#running ??= this.unitOfWork
      .run(({ manager }) => dialectOf(manager.dataSource).writeNothing(manager), { lane: 'changes' })
      .finally(() => (this.#running = null));
    return this.#running;
  }
}
