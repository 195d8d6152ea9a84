import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { Clock } from '../common/time/clock.js';
import { findExactRow } from '../database/exact-row.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { UnfinishedDeletionEntity } from './unfinished-deletion.entity.js';

/** What can be deleted and leaves more than one transaction may hold. */
export type DeletionKind = 'user' | 'group';

/** Ends all that a user or a group has left, in transactions of its own. It may be asked to more than once. */
type DeletionStep = (subject: string, actor: Actor) => Promise<unknown>;

/**
 * Ends what a deleted user or group leaves behind: 50,000 tokens, or 100,000 memberships. The deletion is one transaction,
 * and in force at once. The rest follows in batches, so that nobody waits long for a lock (R82); a node that breaks off in
 * between has noted it, and the purge goes on with it.
 */
@Injectable()
export class DeletionsService {
  readonly #logger = new Logger(DeletionsService.name);
  readonly #steps = new Map<DeletionKind, DeletionStep>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Says how what is left is ended. */
  onDeleted(kind: DeletionKind, step: DeletionStep): void {
    this.#steps.set(kind, step);
  }

  /** Notes, in the transaction that deletes it, that the rest has to be ended. */
  async note({ manager }: Unit, kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    const begunAtMs = this.clock.nowMs();
    await manager.insert(UnfinishedDeletionEntity, { kind, subject, actor: { ...actor, userAgent: null }, begunAtMs });
  }

  /** Whether something is left of what has been deleted. */
  async isUnfinished(manager: EntityManager, kind: DeletionKind, subject: string): Promise<boolean> {
    return (await findExactRow(manager, UnfinishedDeletionEntity, { kind, subject })) !== null;
  }

  /** Ends what is left. Where that breaks off, the purge goes on with it: the deletion itself is in force. */
  async finish(kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    try {
      await this.#end(kind, subject, actor);
    } catch (error) {
      this.#logger.warn(`The cleanup of a deleted ${kind} is repeated later: ${String(error)}`);
    }
  }

  /**
   * Ends what is left of the oldest deletion that is not finished.
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
    // A newer version may delete more kinds of things; it ends them itself.
    if (step === undefined) return;
    await step(subject, actor);
    await this.unitOfWork.run(({ manager }) => manager.delete(UnfinishedDeletionEntity, { kind, subject }));
  }
}
