import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dialectOf } from './dialect/index.js';
import { LeaseEntity } from './lease.entity.js';
import { UnitOfWork } from './unit-of-work.js';

/** A lease only saves work: a paused process may continue beyond its lease, so two may do the job at once. */
@Injectable()
export class LeaseService {
  /** Names this run of this process: after a restart it must wait for the end of the old lease. */
  readonly #holder = `${hostname().slice(0, 32)}:${process.pid}:${randomBytes(6).toString('hex')}`;
  /** SQL of the one clock that judges all leases. */
  readonly #nowMs: string;
  readonly #known = new Set<string>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    dataSource: DataSource,
  ) {
    this.#nowMs = dialectOf(dataSource).nowMsSql;
  }

  /** Takes the lease if it is free or has run out, or renews it. @returns whether this process holds it */
  async hold(name: string, durationMs: number): Promise<boolean> {
    // Make the row first: an update that finds no row locks the gap, and two nodes that then insert deadlock.
    if (!this.#known.has(name)) await this.#makeRow(name);
    return this.unitOfWork.run(async ({ manager }) => {
      // One statement compares and sets, so only one of two nodes takes the lease.
      const updated = await manager
        .createQueryBuilder()
        .update(LeaseEntity)
        .set({ holder: this.#holder, expiresAtMs: () => `${this.#nowMs} + :durationMs` })
        .where(`name = :name AND (holder = :holder OR expires_at_ms <= ${this.#nowMs})`)
        .setParameters({ name, holder: this.#holder, durationMs })
        .execute();
      // Another process holds it, or the row is missing: the database may have been restored to before it was made.
      if (updated.affected !== 1) this.#known.delete(name);
      return updated.affected === 1;
    });
  }

  /** Lets the next process take the lease at once. No effect if another process holds it. */
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
