import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditShipper } from '../audit/audit-shipper.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Pepper, type VersionedDigest } from './pepper.js';
import { TokenEntity } from './token.entity.js';
import type { CachedToken } from './token.mapper.js';

/** In one transaction. */
const BATCH_SIZE = 500;

/** The next use notes what is beyond it. */
const MAX_NOTED = 10_000;

interface RenewedDigest extends VersionedDigest {
  readonly before: number;
}

/** Moves tokens to the newest pepper at their next use, when their secret is there (R76). */
@Injectable()
export class TokenDigestRecorder implements OnModuleInit {
  /** By the id of the token. */
  readonly #noted = new Map<string, RenewedDigest>();
  /** What is in memory keeps its old digest, which stays right. */
  readonly #known = new WeakSet<CachedToken>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly shipper: AuditShipper,
    private readonly pepper: Pepper,
  ) {}

  onModuleInit(): void {
    this.shipper.onFlush(() => this.store());
  }

  /** @param secret matches the token's digest */
  note(token: CachedToken, secret: string): void {
    const before = token.digest.pepperVersion;
    if (before === this.pepper.newestVersion || this.#known.has(token) || this.#noted.size >= MAX_NOTED) return;
    this.#known.add(token);
    this.#noted.set(token.facts.id, { ...this.pepper.digest(secret), before });
  }

  /** Writes the noted digests. After a failure, they are written the next time. */
  async store(): Promise<void> {
    while (this.#noted.size > 0) {
      const batch = [...this.#noted].slice(0, BATCH_SIZE);
      await this.unitOfWork.run(
        async ({ manager }) => {
          // In the order of ids, so that two nodes that write the same tokens cannot deadlock.
          for (const [id, { before, ...renewed }] of batch.toSorted(([one], [other]) => (one < other ? -1 : 1))) {
            await manager.update(TokenEntity, { id, pepperVersion: before }, renewed);
          }
        },
        { lane: 'journal' },
      );
      for (const [id] of batch) this.#noted.delete(id);
    }
  }
}
