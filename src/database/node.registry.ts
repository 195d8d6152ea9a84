import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LessThan, MoreThan, Not } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { NodeEntity } from './node.entity.js';
import { UnitOfWork } from './unit-of-work.js';

/** How often a node says that it is there. */
const BEAT_INTERVAL_MS = 5_000;

/** A node that has not been heard of for so long is gone; the clocks of two nodes may be apart by as much. */
const GONE_AFTER_MS = 60_000;

/** A point in time: by the time of day, and by a clock that never steps back. */
export interface Moment {
  readonly ms: number;
  readonly tick: number;
}

/**
 * Knows whether other nodes run on the same database. While the database is out of reach, a node that is alone goes on
 * with the rules it knows, since nobody else can have changed them; one of several does so for a while only. A worker is
 * never alone, also where it has not heard of the others yet.
 */
@Injectable()
export class NodeRegistry implements OnApplicationShutdown {
  readonly #id = randomUUID();
  #isAlone = true;
  #beatAtTick = Number.NEGATIVE_INFINITY;
  #reachedAt: Moment;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.#reachedAt = this.moment();
  }

  /** Whether the rules this node knows may be out of date for longer than they may be. */
  get isStale(): boolean {
    if (this.#isAlone && this.configuration.workers === 1) return false;
    // A clock that is set back would make old rules young again, and the other one stands still while a machine sleeps.
    const ageMs = Math.max(this.clock.nowMs() - this.#reachedAt.ms, performance.now() - this.#reachedAt.tick);
    return ageMs > this.configuration.maxStalenessMs;
  }

  /** Now, by both clocks. */
  moment(): Moment {
    return { ms: this.clock.nowMs(), tick: performance.now() };
  }

  /**
   * Notes when the change log was read that this node acts by; from time to time, says that this node is there.
   * @param readAt when that reading began
   */
  async beat(readAt: Moment): Promise<void> {
    const nowMs = this.clock.nowMs();
    this.#reachedAt = readAt;
    if (performance.now() - this.#beatAtTick < BEAT_INTERVAL_MS) return;
    this.#isAlone = await this.unitOfWork.run(async ({ manager }) => {
      await manager.upsert(NodeEntity, { id: this.#id, seenAtMs: nowMs }, ['id']);
      await manager.delete(NodeEntity, { seenAtMs: LessThan(nowMs - 10 * GONE_AFTER_MS) });
      return !(await manager.existsBy(NodeEntity, { id: Not(this.#id), seenAtMs: MoreThan(nowMs - GONE_AFTER_MS) }));
    });
    this.#beatAtTick = performance.now();
  }

  /** Says goodbye; a node that cannot is forgotten after a while. */
  async onApplicationShutdown(): Promise<void> {
    await this.unitOfWork.run(({ manager }) => manager.delete(NodeEntity, { id: this.#id })).catch(() => undefined);
  }
}
