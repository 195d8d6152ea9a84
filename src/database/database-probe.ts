import { Injectable } from '@nestjs/common';
import { dialectOf } from './dialect/index.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Checks whether the database accepts writes. A read does not prove that: a server can be read-only, or a backup can have
 * locked the tables.
 */
@Injectable()
export class DatabaseProbe {
  #running: Promise<void> | null = null;

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Resolves if every table can be written; changes nothing. Callers share one check, so a lock that delays it holds only
   * one connection.
   * @throws the database's error if it refuses
   */
  check(): Promise<void> {
    this.#running ??= this.unitOfWork
      .run(({ manager }) => dialectOf(manager.dataSource).writeNothing(manager), { lane: 'changes' })
      .finally(() => (this.#running = null));
    return this.#running;
  }
}
