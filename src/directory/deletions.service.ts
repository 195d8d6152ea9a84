import { Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { Clock } from '../common/time/clock.js';
import { findExactRow } from '../database/exact-row.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { UnfinishedDeletionEntity } from './unfinished-deletion.entity.js';

/** `renaming` is of a user, by its id. */
export type DeletionKind = 'user' | 'group' | 'renaming';

const TITLES: Readonly<Record<DeletionKind, string>> = {
  user: 'The cleanup of a deleted user',
  group: 'The cleanup of a deleted group',
  renaming: 'The new name of the tokens of a user',
};

/** Runs in its own transactions, and may run more than once. */
type DeletionStep = (subject: string, actor: Actor) => Promise<unknown>;

/**
 * Removes what a deleted user or group leaves behind: 50,000 tokens and some stored credentials, or 100,000 memberships.
 * Writes the new name of a user to its tokens, too. The change itself takes effect at once. The rest follows in batches,
 * so that no write waits long for a lock (R82). The purge continues if the node stops.
 */
@Injectable()
export class DeletionsService {
  readonly #logger = new Logger(DeletionsService.name);
  readonly #steps = new Map<DeletionKind, DeletionStep[]>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  addStep(kind: DeletionKind, step: DeletionStep): void {
    this.#steps.set(kind, [...(this.#steps.get(kind) ?? []), step]);
  }

  async note({ manager }: Unit, kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    const begunAtMs = this.clock.nowMs();
    // A user can be renamed again before the first new name is everywhere.
    await manager.upsert(UnfinishedDeletionEntity, { kind, subject, actor: { ...actor, userAgent: null }, begunAtMs }, [
      'kind',
      'subject',
    ]);
  }

  async isUnfinished(manager: EntityManager, kind: DeletionKind, subject: string): Promise<boolean> {
    return (await findExactRow(manager, UnfinishedDeletionEntity, { kind, subject })) !== null;
  }

  /** After a failure, the purge continues: the deletion itself has taken effect. */
  async finish(kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    try {
      await this.#end(kind, subject, actor);
    } catch (error) {
      this.#logger.warn(`${TITLES[kind]} is repeated later: ${String(error)}`);
    }
  }

  /** @returns whether there was a deletion to finish */
  async finishOldest(): Promise<boolean> {
    const [oldest] = await this.unitOfWork.read((manager) =>
      manager.find(UnfinishedDeletionEntity, { order: { begunAtMs: 'ASC' }, take: 1 }),
    );
    if (oldest === undefined) return false;
    await this.#end(oldest.kind as DeletionKind, oldest.subject, oldest.actor);
    return true;
  }

  async #end(kind: DeletionKind, subject: string, actor: Actor): Promise<void> {
    const steps = this.#steps.get(kind);
    // A newer version stored this kind, and finishes it.
    if (steps === undefined) return;
    for (const step of steps) await step(subject, actor);
    await this.unitOfWork.run(({ manager }) => manager.delete(UnfinishedDeletionEntity, { kind, subject }));
  }
}
