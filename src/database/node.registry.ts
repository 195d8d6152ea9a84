import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource, In, type Repository } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { inTime } from '../common/time/in-time.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { isOfNode } from '../peers/node-name.js';
import { readVersion } from '../metrics/metrics.registry.js';
import { PeerLink } from '../peers/peer.link.js';
import { ClockWatch } from './clock-watch.js';
import { dialectOf } from './dialect/index.js';
import { NodeEntity } from './node.entity.js';
import { UnitOfWork } from './unit-of-work.js';

const BEAT_INTERVAL_MS = 2_000;

/** A silent node may still judge while its rules are young enough, and at least for this long. */
const MIN_SILENCE_MS = 15_000;

/** Added to that time: the node may have been silent for a while before it lost the database. */
const SILENCE_MARGIN_MS = 15_000;

/** For a node of a version that does not write how old its rules may be. */
const DEFAULT_MAX_STALENESS_MS = 10_000;

/** For an operator to see which nodes ended without removing their rows. */
const KEPT_MS = 24 * 3_600_000;

const REMOVAL_TIMEOUT_MS = 2_000;

export interface Moment {
  readonly ms: number;
  readonly tick: number;
}

/** All times are the database's. */
export interface KnownNode {
  readonly id: string;
  readonly seenAtMs: number;
  /** Whether it may still judge requests. */
  readonly isLive: boolean;
  readonly actedUpTo: number | null;
  readonly actedAtMs: number | null;
  readonly version: string | null;
  /** At that time: how long before it had acted on the whole change log. */
  readonly lagMs: number | null;
  readonly journalBytes: number | null;
}

/**
 * Registers this node and measures the age of its rules. If the change log cannot be read, another node may have
 * changed the rules: once they are too old, requests are refused (R80). Only the operator can say that there is no
 * other node.
 */
@Injectable()
export class NodeRegistry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Names this process in the table of nodes, in confirmations and in `GET /version`. */
  readonly id: string;
  readonly #logger = new Logger(NodeRegistry.name);
  readonly #nowSql: string;
  #readAt: Moment;
  #siblingReadAtTick = Number.NEGATIVE_INFINITY;
  #toldAtTick = Number.NEGATIVE_INFINITY;
  #isRegistered = false;
  #known: readonly KnownNode[] = [];
  /** The last beat of each node, and when this node first saw it. */
  readonly #lastWrites = new Map<string, { readonly seenAtMs: number; readonly tick: number }>();
  /** By the database's clock. */
  #startedAtMs: number | null = null;
  #others: readonly string[] = [];
  #toConfirm: number | null = null;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | null = null;
  #isFailing = false;
  #isStopped = false;
  readonly #version = readVersion();
  #journalBytes: () => number | null = () => null;

  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly peers: PeerLink,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly clockWatch: ClockWatch,
    dataSource: DataSource,
  ) {
    this.id = peers.id;
    this.#nowSql = dialectOf(dataSource).nowMsSql;
    this.#readAt = this.moment();
    peers.primary?.on('changesRead', () => {
      this.#siblingReadAtTick = performance.now();
    });
  }

  get isStale(): boolean {
    const { singleNode, maxStalenessMs } = this.configuration;
    // Another worker of the same node may have made a change while only this one cannot reach the database.
    if (singleNode) return this.#siblingReadAtTick - this.#readAt.tick > maxStalenessMs;
    // A node that waits for the confirmation of all nodes finds them in the table: this one must be in it.
    return !this.#isRegistered || this.ageMs > maxStalenessMs;
  }

  get ageMs(): number {
    // A clock that is set back would make old rules young again, and the other clock stops while a machine sleeps.
    return Math.max(this.clock.nowMs() - this.#readAt.ms, performance.now() - this.#readAt.tick);
  }

  /** As of the last beat, this node included. */
  get liveNodes(): readonly string[] {
    return [...new Set([this.id, ...this.#known.filter(({ isLive }) => isLive).map(({ id }) => id)])];
  }

  /** Null if SCOPEGATE_SINGLE_NODE is right. */
  get warning(): string | null {
    return this.#others.length === 0 ? null : notSingleText(this.#others);
  }

  /** The audit is above the database: it says how much of its journal is not stored yet. */
  setJournal(bytes: () => number): void {
    this.#journalBytes = bytes;
  }

  moment(): Moment {
    return { ms: this.clock.nowMs(), tick: performance.now() };
  }

  /** Notes that the change log has been read and acted on. @param readAt when that reading began */
  noteRead(readAt: Moment): void {
    this.#readAt = readAt;
    if (!this.configuration.singleNode) return;
    if (readAt.tick - this.#toldAtTick < BEAT_INTERVAL_MS) return;
    this.#toldAtTick = readAt.tick;
    this.peers.primary?.tell('changesRead', null);
  }

  /** Confirms that this node acts on every line up to this one. @param line the newest line of a reading */
  confirm(line: number): void {
    this.#toConfirm = line;
    void (this.#beating ?? Promise.resolve()).then(() => this.beat());
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.beat();
    this.#timer = setInterval(() => void this.beat(), BEAT_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Before the connections close. If it fails, the others forget the node after a while. */
  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    const removal = (this.#beating ?? Promise.resolve()).then(() =>
      this.unitOfWork.run(({ manager }) => manager.delete(NodeEntity, { id: this.id })),
    );
    await inTime(removal, REMOVAL_TIMEOUT_MS, () => new Error('late')).catch(() => undefined);
  }

  /** Never rejects. */
  beat(): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    this.#beating ??= this.#beatNow()
      .then(() => {
        this.#isFailing = false;
      })
      .catch((error: unknown) => {
        if (!this.#isFailing) this.#logger.warn(`The table of nodes cannot be updated: ${String(error)}`);
        this.#isFailing = true;
      })
      .finally(() => (this.#beating = null));
    return this.#beating;
  }

  readNodes(): Promise<readonly KnownNode[]> {
    return this.unitOfWork.read(
      async (manager) => {
        const askedAtTick = performance.now();
        const { entities, raw } = await manager
          .createQueryBuilder(NodeEntity, 'node')
          .addSelect(this.#nowSql, 'database_now_ms')
          .getRawAndEntities<{ readonly database_now_ms: string | number }>();
        const nowMs = Number(raw[0]?.database_now_ms);
        if (raw.length > 0) this.clockWatch.note(this.clock.nowMs(), nowMs, performance.now() - askedAtTick);
        this.#noteWrites(entities);
        return entities.map((row) => ({
          id: row.id,
          seenAtMs: row.seenAtMs,
          isLive: nowMs - row.seenAtMs <= silenceMs(row) || this.#hasWrittenLately(row),
          actedUpTo: row.actedUpTo,
          actedAtMs: row.actedAtMs,
          version: row.version,
          lagMs: row.lagMs,
          journalBytes: row.journalBytes,
        }));
      },
      { lane: 'changes' },
    );
  }

  #noteWrites(rows: readonly NodeEntity[]): void {
    const nowTick = performance.now();
    const before = new Map(this.#lastWrites);
    this.#lastWrites.clear();
    for (const { id, seenAtMs } of rows) {
      const last = before.get(id);
      // The first sight of a row does not show how old it is.
      const tick = last === undefined ? Number.NEGATIVE_INFINITY : nowTick;
      this.#lastWrites.set(id, last?.seenAtMs === seenAtMs ? last : { seenAtMs, tick });
    }
  }

  /** By a clock of this node, because the clock of the database may be set forward. */
  #hasWrittenLately(row: NodeEntity): boolean {
    return performance.now() - (this.#lastWrites.get(row.id)?.tick ?? Number.NEGATIVE_INFINITY) <= silenceMs(row);
  }

  async #beatNow(): Promise<void> {
    const line = this.#toConfirm;
    await this.#write(line);
    if (this.#toConfirm === line) this.#toConfirm = null;
    const known = await this.readNodes();
    const own = known.find(({ id }) => id === this.id);
    if (own === undefined) return;
    this.#known = known;
    this.#isRegistered = true;
    this.#startedAtMs ??= own.seenAtMs;
    this.#compareWithSingleNode(known);
  }

  async #write(line: number | null): Promise<void> {
    const nowMs = (): string => this.#nowSql;
    const row = {
      seenAtMs: nowMs,
      maxStalenessMs: this.configuration.maxStalenessMs,
      version: this.#version,
      lagMs: Math.round(this.ageMs),
      journalBytes: this.#journalBytes(),
      ...(line === null ? {} : { actedUpTo: line, actedAtMs: nowMs }),
    };
    await this.unitOfWork.run(
      async ({ manager }) => {
        const rows = manager.createQueryBuilder();
        const { affected } = await rows.update(NodeEntity).set(row).where({ id: this.id }).execute();
        if (affected === 1) return;
        // Before the first beat, or if an operator has removed the row.
        await manager
          .createQueryBuilder()
          .insert()
          .into(NodeEntity)
          .values({ id: this.id, ...row })
          .execute();
        if (!this.#isRegistered) await this.#forgetOthers(manager.getRepository(NodeEntity));
      },
      { lane: 'changes' },
    );
  }

  /** Removes nodes that ended long ago, or all others if this is the only node. A running node registers again. */
  async #forgetOthers(rows: Repository<NodeEntity>): Promise<void> {
    const all = await rows.find({ select: { id: true, seenAtMs: true } });
    const newest = Math.max(...all.map(({ seenAtMs }) => seenAtMs));
    const gone = all.filter(
      ({ id, seenAtMs }) =>
        seenAtMs < newest - KEPT_MS || (this.configuration.singleNode && !isOfNode(id, this.peers.node)),
    );
    if (gone.length > 0) await rows.delete({ id: In(gone.map(({ id }) => id)) });
  }

  /** Reports a running node although the operator says that there is no other. */
  #compareWithSingleNode(known: readonly KnownNode[]): void {
    if (!this.configuration.singleNode) return;
    const startedAtMs = this.#startedAtMs ?? 0;
    const others = known
      .filter(({ id, isLive, seenAtMs }) => isLive && !isOfNode(id, this.peers.node) && seenAtMs > startedAtMs)
      .map(({ id }) => id);
    const isNews = others.length > 0 && others.join() !== this.#others.join();
    this.#others = others;
    if (isNews) this.#logger.error(notSingleText(others));
  }
}

function silenceMs({ maxStalenessMs }: NodeEntity): number {
  return Math.max(maxStalenessMs ?? DEFAULT_MAX_STALENESS_MS, MIN_SILENCE_MS) + SILENCE_MARGIN_MS;
}

function notSingleText(others: readonly string[]): string {
  return (
    `SCOPEGATE_SINGLE_NODE is true, but another node uses this database (${others.join(', ')}). While a node ` +
    'cannot reach the database, it accepts tokens that another node has revoked. Set it to false on every ' +
    'node.'
  );
}
