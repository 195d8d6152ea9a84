import { Injectable } from '@nestjs/common';
import { dialectOf } from './dialect/index.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Finds out whether the database takes what requests write. An answer to a read does not tell: a server can be
 * read-only, or a backup can have locked the tables.
 */
@Injectable()
export class DatabaseProbe {
  #running: Promise<void> | null = null;

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Resolves where every table can be written, and changes nothing. Callers share one question: one that a lock holds up
   * keeps a single connection.
   * @throws Error of the database where it refuses
   */
  check(): Promise<void> {
    this.#running ??= this.unitOfWork
      .run(({ manager }) => dialectOf(manager.dataSource).writeNothing(manager), { lane: 'changes' })
      .finally(() => (this.#running = null));
    return this.#running;
  }
}
