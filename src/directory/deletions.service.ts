import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { Clock } from '../common/time/clock.js';
import { findExactRow } from '../database/exact-row.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { UnfinishedDeletionEntity } from './unfinished-deletion.entity.js';

/** What leaves more behind than one transaction may change. */
export type DeletionKind = 'user' | 'group';

/** Removes what a user or a group has left behind, in transactions of its own. It may run more than once. */
type DeletionStep = (subject: string, actor: Actor) => Promise<unknown>;

/**
 * Removes what a deleted user or group leaves behind: 50,000 tokens, or 100,000 memberships. The deletion is one
 * transaction and takes effect at once. The rest follows in batches, so that no other write waits long for a lock (R82). It
 * is noted in the database: if the node stops in between, the purge goes on with it.
 */
@Injectable()
export class DeletionsService {
  readonly #logger = new Logger(DeletionsService.name);
  readonly #steps = new Map<DeletionKind, DeletionStep>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Registers how to remove what is left. */
  onDeleted(kind: DeletionKind, step: DeletionStep): void {
    this.#steps.set(kind, step);
  }

  /** Notes in the transaction of the deletion that the rest must be removed. */
  async note({ manager }: Unit, kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    const begunAtMs = this.clock.nowMs();
    await manager.insert(UnfinishedDeletionEntity, { kind, subject, actor: { ...actor, userAgent: null }, begunAtMs });
  }

  async isUnfinished(manager: EntityManager, kind: DeletionKind, subject: string): Promise<boolean> {
    return (await findExactRow(manager, UnfinishedDeletionEntity, { kind, subject })) !== null;
  }

  /** Removes what is left. After a failure the purge goes on with it: the deletion itself has taken effect. */
  async finish(kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    try {
      await this.#end(kind, subject, actor);
    } catch (error) {
      this.#logger.warn(`The cleanup of a deleted ${kind} is repeated later: ${String(error)}`);
    }
  }

  /**
   * Finishes the oldest deletion.
   * @returns whether there was one
   */
  async finishOldest(): Promise<boolean> {
    const [oldest] = await this.unitOfWork.read((manager) =>
      manager.find(UnfinishedDeletionEntity, { order: { begunAtMs: 'ASC' }, take: 1 }),
    );
    if (oldest === undefined) return false;
    await this.#end(oldest.kind as DeletionKind, oldest.subject, oldest.actor);
    return true;
  }

  async #end(kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    const step = this.#steps.get(kind);
    // A kind of a newer version, which finishes it itself.
    if (step === undefined) return;
    await step(subject, actor);
    await this.unitOfWork.run(({ manager }) => manager.delete(UnfinishedDeletionEntity, { kind, subject }));
  }
}
