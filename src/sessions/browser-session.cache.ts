import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hasBrowserSessionEnded, type BrowserSessionFacts, type Eventually } from '@scopegate/access';
import { isBrowserSession } from '@scopegate/token';
import { LRUCache } from 'lru-cache';
import { In, LessThan } from 'typeorm';
import { AuditShipper } from '../audit/audit-shipper.js';
import { Clock } from '../common/time/clock.js';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import { RowReader } from '../database/row.reader.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Pepper } from '../tokens/pepper.js';
import { BrowserSessionEntity } from './browser-session.entity.js';

/** A use is written at most this often, in milliseconds. */
const SEEN_WRITTEN_EVERY_MS = 60_000;

const CAPACITY = 10_000;

export interface BrowserSession extends BrowserSessionFacts {
  readonly userId: string;
}

interface Known extends BrowserSession {
  lastSeenAtMs: number;
  /** The value of `lastSeenAtMs` in the database. */
  writtenAtMs: number;
}

/** From memory, or by one indexed read (R99). A session that has ended is not kept: nobody uses it for long. */
@Injectable()
export class BrowserSessionCache implements OnModuleInit {
  /** By the digests of the value. */
  readonly #known = new LRUCache<string, Known>({ max: CAPACITY });
  readonly #rows = new RowReader<Known | null>(
    (digests) => this.#load(digests),
    (digests, found) => {
      if (found !== null) this.#known.set(digests, found);
    },
  );
  /** By the id of the session. */
  #seen = new Map<string, number>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly pepper: Pepper,
    private readonly changes: ChangeFeed,
    private readonly shipper: AuditShipper,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('browser-session', (userIds) => this.#forget(userIds));
    this.shipper.onFlush(() => this.store());
  }

  /** Null if no session has this value, or it has ended. The caller must check the user. */
  find(secret: string): Eventually<BrowserSession | null> {
    if (!isBrowserSession(secret)) return null;
    const digests = this.#digestsOf(secret);
    const known = this.#known.get(digests);
    // A session that was long unused here may have been used on another node.
    if (known !== undefined && this.#isLive(known)) return known;
    return this.#rows.read(digests).then((found) => (found !== null && this.#isLive(found) ? found : null));
  }

  noteUse(secret: string): void {
    const known = this.#known.get(this.#digestsOf(secret));
    if (known === undefined) return;
    const nowMs = this.clock.nowMs();
    known.lastSeenAtMs = nowMs;
    if (nowMs - known.writtenAtMs < SEEN_WRITTEN_EVERY_MS) return;
    known.writtenAtMs = nowMs;
    this.#seen.set(known.id, nowMs);
  }

  /** Writes the noted uses. After a failure, they are written the next time. */
  async store(): Promise<void> {
    if (this.#seen.size === 0) return;
    const seen = this.#seen;
    this.#seen = new Map();
    try {
      await this.unitOfWork.run(
        async ({ manager }) => {
          // In the order of ids, so that two nodes that write the same sessions cannot deadlock.
          for (const [id, lastSeenAtMs] of [...seen].sort(([one], [other]) => (one < other ? -1 : 1))) {
            await manager.update(BrowserSessionEntity, { id, lastSeenAtMs: LessThan(lastSeenAtMs) }, { lastSeenAtMs });
          }
        },
        { lane: 'journal' },
      );
    } catch (error) {
      for (const [id, seenAtMs] of seen) if (!this.#seen.has(id)) this.#seen.set(id, seenAtMs);
      throw error;
    }
  }

  #isLive(session: BrowserSession): boolean {
    return !hasBrowserSessionEnded(session, this.clock.nowMs());
  }

  /** With every pepper, because a session lives on when a newer pepper is added (R76). */
  #digestsOf(secret: string): string {
    return this.pepper.digestsOf(secret).join(',');
  }

  async #load(digests: string): Promise<Known | null> {
    const row = await this.unitOfWork.read(
      (manager) => manager.findOneBy(BrowserSessionEntity, { digest: In(digests.split(',')) }),
      { lane: 'judging' },
    );
    if (row === null) return null;
    const { id, userId, method, createdAtMs, lastSeenAtMs, authenticatedAtMs } = row;
    return { id, userId, method, createdAtMs, lastSeenAtMs, authenticatedAtMs, writtenAtMs: lastSeenAtMs };
  }

  /** Logins and logouts are rare, so looking through all of them is cheap enough. */
  #forget(userIds: Subjects): void {
    this.#rows.noteChangeOfAll();
    if (userIds === 'all') {
      this.#known.clear();
      return;
    }
    for (const [digests, { userId }] of this.#known.entries()) if (userIds.has(userId)) this.#known.delete(digests);
  }
}
