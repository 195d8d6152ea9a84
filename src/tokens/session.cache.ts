import { Injectable, type OnModuleInit } from '@nestjs/common';
import { readTokenDigest, type SessionId, type TokenDigest } from '@scopegate/token';
import { LRUCache } from 'lru-cache';
import { LessThan } from 'typeorm';
import { AuditShipper } from '../audit/audit-shipper.js';
import { Clock } from '../common/time/clock.js';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import { RowReader } from '../database/row.reader.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { Pepper, type VersionedDigest } from './pepper.js';
import { TokenSessionEntity } from './token-session.entity.js';

/** A session ends if it is unused for this long (R11). */
export const SESSION_IDLE_MS = 12 * 3_600_000;

/** The use of a session is written at most this often. */
const USE_WRITTEN_EVERY_MS = 60_000;

const CAPACITY = 50_000;

interface KnownSession {
  readonly tokenId: string;
  readonly digest: VersionedDigest<TokenDigest>;
  usedAtMs: number;
  /** The value of `usedAtMs` in the database. */
  writtenAtMs: number;
}

const ENDED = Symbol('ended');

type Entry = KnownSession | typeof ENDED;

/** From memory, or by one indexed read. An invented session costs no read, because its seal is wrong. */
@Injectable()
export class SessionCache implements OnModuleInit {
  readonly #entries = new LRUCache<string, Entry>({ max: CAPACITY });
  readonly #rows = new RowReader<Entry>(
    (id) => this.#load(id),
    (id, entry) => this.#entries.set(id, entry),
  );
  /** By the id of the session. */
  #uses = new Map<string, number>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly pepper: Pepper,
    private readonly changes: ChangeFeed,
    private readonly shipper: AuditShipper,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('session', (ids) => this.#forget(ids));
    this.shipper.onFlush(() => this.store());
  }

  /** Null if the session does not exist or has ended. */
  find(id: SessionId, secret: string): string | null | Promise<string | null> {
    if (!this.pepper.isSealed(secret)) return null;
    const known = this.#entries.get(id);
    // A session that was long unused here may have been used on another node.
    if (known !== undefined && (known === ENDED || !this.#isIdle(known))) return this.#tokenOf(known, secret);
    return this.#rows.read(id).then((entry) => this.#tokenOf(entry, secret));
  }

  noteUse(id: SessionId): void {
    const nowMs = this.clock.nowMs();
    const known = this.#entries.get(id);
    if (known === undefined || known === ENDED) return;
    // The seal within a session cannot move to the newest pepper: in 12 hours, no session needs an older one (R76).
    if (known.digest.pepperVersion !== this.pepper.newestVersion) return;
    known.usedAtMs = nowMs;
    if (nowMs - known.writtenAtMs < USE_WRITTEN_EVERY_MS) return;
    known.writtenAtMs = nowMs;
    this.#uses.set(id, nowMs);
  }

  /** Writes the noted uses. After a failure, they are written the next time. */
  async store(): Promise<void> {
    if (this.#uses.size === 0) return;
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.unitOfWork.run(
        async ({ manager }) => {
          // In the order of ids, so that two nodes that write the same sessions cannot deadlock.
          for (const [id, lastUsedAtMs] of [...uses].sort(([one], [other]) => (one < other ? -1 : 1))) {
            await manager.update(TokenSessionEntity, { id, lastUsedAtMs: LessThan(lastUsedAtMs) }, { lastUsedAtMs });
          }
        },
        { lane: 'journal' },
      );
    } catch (error) {
      for (const [id, usedAtMs] of uses) if (!this.#uses.has(id)) this.#uses.set(id, usedAtMs);
      throw error;
    }
  }

  #tokenOf(entry: Entry, secret: string): string | null {
    if (entry === ENDED || this.#isIdle(entry)) return null;
    return this.pepper.matches(secret, entry.digest) ? entry.tokenId : null;
  }

  #isIdle({ usedAtMs }: KnownSession): boolean {
    return this.clock.nowMs() - usedAtMs >= SESSION_IDLE_MS;
  }

  async #load(id: string): Promise<Entry> {
    const row = await this.unitOfWork.read((manager) => manager.findOneBy(TokenSessionEntity, { id }), {
      lane: 'judging',
    });
    if (row === null) return ENDED;
    const known: KnownSession = {
      tokenId: row.tokenId,
      digest: { digest: readTokenDigest(row.digest), pepperVersion: row.pepperVersion },
      usedAtMs: row.lastUsedAtMs,
      writtenAtMs: row.lastUsedAtMs,
    };
    return this.#isIdle(known) ? ENDED : known;
  }

  /** A session changes only when it ends. */
  #forget(ids: Subjects): void {
    if (ids === 'all') {
      this.#rows.noteChangeOfAll();
      this.#entries.clear();
      return;
    }
    for (const id of ids) {
      this.#rows.noteChange(id);
      this.#entries.set(id, ENDED);
      this.#uses.delete(id);
    }
  }
}
