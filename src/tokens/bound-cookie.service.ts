import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { In, LessThan } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { BoundCookieEntity } from './bound-cookie.entity.js';

/** There is no token behind this value. */
const UNBOUND = Symbol('unbound');

const CAPACITY = 200_000;

/** A value nobody could know before it was set cannot have been asked for before: this only bounds the memory's age. */
const UNBOUND_TTL_MS = 60_000;

/** A value in use is read anew once a day, and noted as seen. */
const REFRESH_MS = 86_400_000;

/** Remembers which token a session of an upstream was made with, so that it stays held to that token (R11). */
@Injectable()
export class BoundCookieService {
  readonly #known = new LRUCache<string, string | typeof UNBOUND>({ max: CAPACITY });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Binds values that an upstream has set to a token. It is stored before the client gets to see any of them. */
  async bind(application: string, tokenId: string, values: readonly string[]): Promise<void> {
    if (values.length === 0) return;
    const seenAtMs = this.clock.nowMs();
    const rows = values.map((value) => ({ digest: digestOf(application, value), tokenId, application, seenAtMs }));
    await this.unitOfWork.run(({ manager }) => manager.upsert(BoundCookieEntity, rows, ['digest']));
    for (const row of rows) this.#known.set(row.digest, tokenId, { ttl: REFRESH_MS });
  }

  /** The ids of the tokens that any of these values is bound to. */
  async tokensOf(application: string, values: readonly string[]): Promise<ReadonlySet<string>> {
    const tokenIds = new Set<string>();
    const unknown: string[] = [];
    for (const value of values) {
      const digest = digestOf(application, value);
      const known = this.#known.get(digest);
      if (known === undefined) unknown.push(digest);
      else if (known !== UNBOUND) tokenIds.add(known);
    }
    if (unknown.length > 0) {
      const rows = await this.unitOfWork.read((manager) => manager.findBy(BoundCookieEntity, { digest: In(unknown) }));
      const bound = new Map(rows.map((row) => [row.digest, row.tokenId]));
      for (const digest of unknown) {
        const tokenId = bound.get(digest);
        if (tokenId !== undefined) tokenIds.add(tokenId);
        // What was bound while the read was under way stands.
        if (this.#known.has(digest)) continue;
        this.#known.set(digest, tokenId ?? UNBOUND, { ttl: tokenId === undefined ? UNBOUND_TTL_MS : REFRESH_MS });
      }
      await this.#noteAsSeen(rows);
    }
    return tokenIds;
  }

  /**
   * Forgets some values that nobody has used for longer than a session can live. What is bound to a purged token stays
   * for that long as well: forgotten earlier, the session would pass for one that was never bound.
   * @param usedAtMs values that were last used before this, in epoch milliseconds, go
   */
  async purgeBatch(usedAtMs: number): Promise<PurgedBatch> {
    const seenAtMs = LessThan(usedAtMs);
    const rows = await this.unitOfWork.read((manager) =>
      manager.find(BoundCookieEntity, { where: { seenAtMs }, order: { seenAtMs: 'ASC' }, take: PURGE_BATCH_SIZE }),
    );
    if (rows.length === 0) return { removed: 0, hasMore: false };
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      // One that has been seen since it was read stays.
      manager.delete(BoundCookieEntity, { digest: In(rows.map((row) => row.digest)), seenAtMs }),
    );
    return { removed: affected ?? 0, hasMore: rows.length === PURGE_BATCH_SIZE };
  }

  /** A session that is used for more than a year stays bound all the same. */
  async #noteAsSeen(rows: readonly BoundCookieEntity[]): Promise<void> {
    const seenAtMs = this.clock.nowMs();
    const old = rows.filter((row) => row.seenAtMs < seenAtMs - REFRESH_MS).map((row) => row.digest);
    if (old.length === 0) return;
    // The request is judged already; where nothing can be written, the next reading notes it.
    await this.unitOfWork
      .run(({ manager }) => manager.update(BoundCookieEntity, { digest: In(old) }, { seenAtMs }))
      .catch(() => undefined);
  }
}

/** A session's value is random, so a fast digest hides it; the application keeps two products' sessions apart. */
function digestOf(application: string, value: string): string {
  return hash('sha256', `${application}\0${value}`);
}
