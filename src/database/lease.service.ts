import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dialectOf } from './dialect/index.js';
import { LeaseEntity } from './lease.entity.js';
import { UnitOfWork } from './unit-of-work.js';

/**
 * Decides which of several processes does a job. A lease saves work and no more: a process that was paused beyond its
 * end may go on beside the next holder for a while, so the job itself has to bear being done twice at once.
 */
@Injectable()
export class LeaseService {
  /** Names this life of this process. A restarted one is another holder, and waits for the lease of the former. */
  readonly #holder = `${hostname().slice(0, 32)}:${process.pid}:${randomBytes(6).toString('hex')}`;
  /** One clock judges all leases. */
  readonly #nowMs: string;
  /** Leases that have a row, taken or not. */
  readonly #known = new Set<string>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    dataSource: DataSource,
  ) {
    this.#nowMs = dialectOf(dataSource).nowMsSql;
  }

  /**
   * Takes the lease where it is free or has run out, and renews it where this process has it already.
   * @param durationMs for how long from now, in milliseconds
   * @returns whether this process holds it
   */
  async hold(name: string, durationMs: number): Promise<boolean> {
    // The row is made apart: an update that finds none holds the gap, and two nodes that then insert deadlock.
    if (!this.#known.has(name)) await this.#makeRow(name);
    return this.unitOfWork.run(async ({ manager }) => {
      // One statement compares and sets, so that of two nodes one finds the lease taken.
      const updated = await manager
        .createQueryBuilder()
        .update(LeaseEntity)
        .set({ holder: this.#holder, expiresAtMs: () => `${this.#nowMs} + :durationMs` })
        .where(`name = :name AND (holder = :holder OR expires_at_ms <= ${this.#nowMs})`)
        .setParameters({ name, holder: this.#holder, durationMs })
        .execute();
      // Somebody else holds it, or the row is gone: the database may have been put back to before it was made.
      if (updated.affected !== 1) this.#known.delete(name);
      return updated.affected === 1;
    });
  }

  /** Gives the lease back, so that the next one need not wait for its end; without effect where another has it. */
  async release(name: string): Promise<void> {
    await this.unitOfWork.run(({ manager }) =>
      manager.update(LeaseEntity, { name, holder: this.#holder }, { expiresAtMs: 0 }),
    );
  }

  async #makeRow(name: string): Promise<void> {
    await this.unitOfWork.run(async ({ manager }) => {
      if (await manager.existsBy(LeaseEntity, { name })) return;
      await manager
        .createQueryBuilder()
        .insert()
        .into(LeaseEntity)
        .values({ name, holder: '', expiresAtMs: 0 })
        .orIgnore()
        .updateEntity(false)
        .execute();
    });
    this.#known.add(name);
  }
}
