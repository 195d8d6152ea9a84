import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { In } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { BoundCookieEntity } from './bound-cookie.entity.js';

/** There is no token behind this value. */
const UNBOUND = Symbol('unbound');

const CAPACITY = 200_000;

/** A value nobody could know before it was set cannot have been asked for before: this only bounds the memory's age. */
const UNBOUND_TTL_MS = 60_000;

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
    for (const row of rows) this.#known.set(row.digest, tokenId);
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
        this.#known.set(digest, tokenId ?? UNBOUND, tokenId === undefined ? { ttl: UNBOUND_TTL_MS } : {});
      }
    }
    return tokenIds;
  }
}

/** A session's value is random, so a fast digest hides it; the application keeps two products' sessions apart. */
function digestOf(application: string, value: string): string {
  return hash('sha256', `${application}\0${value}`);
}
