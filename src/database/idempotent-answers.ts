import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { isJsonObject } from '@scopegate/kernel';
import { LessThan, type EntityManager } from 'typeorm';
import { ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { IdempotentAnswerEntity } from './idempotent-answer.entity.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from './purged-batch.js';
import { UnitOfWork } from './unit-of-work.js';

const KEPT_MS = 24 * 3_600_000;

export interface IdempotencyClaim {
  /**
   * @param answer its `secret` is left out
   * @throws the database's duplicate key if another request with the key was first
   */
  keep(manager: EntityManager, answer: object, etag?: string): Promise<void>;
}

export interface IdempotentCall {
  readonly callerId: string;
  /** The path, without the query. */
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
}

/** If a client lost the answer and repeats the call with the same `Idempotency-Key`, nothing is made twice. */
@Injectable()
export class IdempotentAnswers {
  constructor(
    @Inject(SECRETS) private readonly secrets: Secrets,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  claim(call: IdempotentCall): IdempotencyClaim {
    const id = this.#idOf(call);
    const bodyDigest = this.#digest(canonicalJson(call.body));
    return {
      keep: async (manager, answer, etag) => {
        const createdAtMs = this.clock.nowMs();
        await manager.delete(IdempotentAnswerEntity, { id, createdAtMs: LessThan(createdAtMs - KEPT_MS) });
        const { secret: _secret, ...shown } = answer as { readonly secret?: unknown };
        await manager.insert(IdempotentAnswerEntity, {
          id,
          bodyDigest,
          answer: shown,
          etag: etag ?? null,
          createdAtMs,
        });
      },
    };
  }

  /** Returns null if the key is new. @throws a 409 if it was used for another body */
  async find(call: IdempotentCall): Promise<IdempotentAnswerEntity | null> {
    const kept = await this.unitOfWork.read((manager) =>
      manager.findOneBy(IdempotentAnswerEntity, { id: this.#idOf(call) }),
    );
    if (kept === null || kept.createdAtMs < this.clock.nowMs() - KEPT_MS) return null;
    if (kept.bodyDigest !== this.#digest(canonicalJson(call.body))) {
      throw new ProblemException(
        'conflict',
        'This Idempotency-Key was used for another body within the last 24 hours. Send a new key.',
      );
    }
    return kept;
  }

  async purgeBatch(nowMs: number): Promise<PurgedBatch> {
    return this.unitOfWork.run(async ({ manager }) => {
      const old = await manager.find(IdempotentAnswerEntity, {
        select: { id: true },
        where: { createdAtMs: LessThan(nowMs - KEPT_MS) },
        take: PURGE_BATCH_SIZE,
      });
      if (old.length === 0) return { removed: 0, hasMore: false };
      await manager.delete(
        IdempotentAnswerEntity,
        old.map(({ id }) => id),
      );
      return { removed: old.length, hasMore: old.length === PURGE_BATCH_SIZE };
    });
  }

  #idOf({ callerId, path, key }: IdempotentCall): string {
    return this.#digest(JSON.stringify([callerId, path, key]));
  }

  /** Keyed, so that a reader of the table cannot try passwords on it. */
  #digest(text: string): string {
    return createHmac('sha256', this.secrets.lastingKey).update(`scopegate idempotency\n${text}`).digest('hex');
  }
}

/** The same text for the same JSON, in any order of its members. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_name, member: unknown) =>
    isJsonObject(member)
      ? Object.fromEntries(Object.entries(member).sort(([first], [second]) => (first < second ? -1 : 1)))
      : member,
  );
}
