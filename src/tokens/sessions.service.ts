import { Injectable } from '@nestjs/common';
import type { Eventually, FoundToken, NotFound } from '@scopegate/access';
import { parseSession, type SessionId } from '@scopegate/token';
import { In, LessThan } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { PURGE_BATCH_SIZE, type PurgedBatch } from '../database/purged-batch.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { Pepper } from './pepper.js';
import { SESSION_IDLE_MS, SessionCache } from './session.cache.js';
import { TokenCache } from './token.cache.js';
import { TokenSessionEntity } from './token-session.entity.js';

/** For one token. One more ends the session that was unused for longest. */
const MAX_SESSIONS = 100;

/** Another node may not have written a use yet. */
const PURGE_MARGIN_MS = 600_000;

const NOT_FOUND: NotFound = { found: false };

const HAS_ENDED: NotFound = { found: false, hasEnded: true };

/** Each session is bound to a token (R11). */
@Injectable()
export class SessionsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly pepper: Pepper,
    private readonly known: SessionCache,
    private readonly tokens: TokenCache,
    private readonly clock: Clock,
  ) {}

  /** @returns the session, for the client alone: only its digest is stored */
  async open(tokenId: string): Promise<string> {
    const { id, secret } = this.pepper.mintSession();
    const nowMs = this.clock.nowMs();
    const row = { id, ...this.pepper.digest(secret), tokenId, createdAtMs: nowMs, lastUsedAtMs: nowMs };
    await this.unitOfWork.run(
      async (unit) => {
        await this.#makeRoom(unit, tokenId);
        await unit.manager.insert(TokenSessionEntity, row);
      },
      { lane: 'judging' },
    );
    return secret;
  }

  /** The caller must check the state of the token. */
  lookUp(id: SessionId, secret: string): Eventually<FoundToken | NotFound> {
    const tokenId = this.known.find(id, secret);
    if (tokenId instanceof Promise) return tokenId.then((found) => this.#token(found, secret));
    return this.#token(tokenId, secret);
  }

  noteUse(id: SessionId): void {
    this.known.noteUse(id);
  }

  /** @param secrets whole sessions, as a client sent them; invalid ones, and those of other tokens, are ignored */
  async end(tokenId: string, secrets: readonly string[]): Promise<void> {
    const ended: SessionId[] = [];
    for (const secret of secrets) {
      const id = parseSession(secret)?.id;
      if (id !== undefined && (await this.known.find(id, secret)) === tokenId) ended.push(id);
    }
    if (ended.length === 0) return;
    await this.unitOfWork.run((unit) => remove(unit, ended), { lane: 'judging' });
  }

  /** Removes some sessions that have ended because they were unused. */
  async purgeBatch(nowMs: number): Promise<PurgedBatch> {
    const lastUsedAtMs = LessThan(nowMs - SESSION_IDLE_MS - PURGE_MARGIN_MS);
    const rows = await this.unitOfWork.read((manager) =>
      manager.find(TokenSessionEntity, {
        where: { lastUsedAtMs },
        order: { lastUsedAtMs: 'ASC' },
        take: PURGE_BATCH_SIZE,
      }),
    );
    if (rows.length === 0) return { removed: 0, hasMore: false };
    const { affected } = await this.unitOfWork.run(({ manager }) =>
      // A session that has been used since it was read stays.
      manager.delete(TokenSessionEntity, { id: In(rows.map((row) => row.id)), lastUsedAtMs }),
    );
    return { removed: affected ?? 0, hasMore: rows.length === PURGE_BATCH_SIZE };
  }

  #token(tokenId: string | null, secret: string): Eventually<FoundToken | NotFound> {
    if (tokenId !== null) return this.tokens.lookUpById(tokenId);
    return this.pepper.isSealed(secret) ? HAS_ENDED : NOT_FOUND;
  }

  async #makeRoom(unit: Unit, tokenId: string): Promise<void> {
    const surplus = await unit.manager.find(TokenSessionEntity, {
      select: { id: true },
      where: { tokenId },
      order: { lastUsedAtMs: 'DESC', id: 'ASC' },
      skip: MAX_SESSIONS - 1,
      take: MAX_SESSIONS,
    });
    if (surplus.length > 0) {
      await remove(
        unit,
        surplus.map(({ id }) => id),
      );
    }
  }
}

async function remove(unit: Unit, ids: readonly string[]): Promise<void> {
  await unit.manager.delete(TokenSessionEntity, { id: In([...ids]) });
  for (const id of ids) unit.changed('session', id);
}
