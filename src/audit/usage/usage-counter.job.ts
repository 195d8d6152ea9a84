import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { dayOf, usageKeysOf, type UsageSource } from '@scopegate/audit';
import { MoreThan, type EntityManager } from 'typeorm';
import { HeldLease } from '../../database/held-lease.js';
import { rowLock } from '../../database/row-lock.js';
import { LeaseService } from '../../database/lease.service.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { AuditChainEntity } from '../audit-chain.entity.js';
import { AuditEventEntity } from '../audit-event.entity.js';
import { addTo, UsageCountRepository, type UsageCounts } from './usage-count.repository.js';
import { UsageProgressEntity } from './usage-progress.entity.js';

const INTERVAL_MS = 5_000;

const LEASE_TIMES = { durationMs: 15_000, renewalMs: 5_000 };

/** In one transaction. SQLite works in the thread of the requests: some ten milliseconds. */
const EVENTS_IN_BATCH = 1_000;

/** Requests can use the rows, and SQLite's only connection, between two batches. */
const PAUSE_MS = 20;

interface Uncounted {
  readonly chain: string;
  readonly upTo: number;
}

type CountedEvent = UsageSource & { readonly chainSequence: string | number; readonly atMs: string | number } & {
  readonly count: string | number;
};

/**
 * Counts the stored events by day (R103). The events of a chain have rising numbers, and how far they are counted is
 * stored with the counts: however often, and on whichever node, this runs, each event counts once. Storing an event
 * takes no longer for it.
 */
@Injectable()
export class UsageCounterJob implements OnModuleDestroy {
  readonly #logger = new Logger(UsageCounterJob.name);
  readonly #lease: HeldLease;
  #running: Promise<void> | null = null;
  #isStopping = false;
  #isFailing = false;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly counts: UsageCountRepository,
    leases: LeaseService,
  ) {
    this.#lease = new HeldLease(leases, 'usage', LEASE_TIMES);
  }

  @Interval(INTERVAL_MS)
  async countInTurn(): Promise<void> {
    if (this.#running !== null || this.#isStopping) return;
    this.#running = this.#countAll();
    try {
      await this.#running;
      this.#isFailing = false;
    } catch (error) {
      // One log line for an outage, not one for each run.
      if (!this.#isFailing) this.#logger.warn(`The events cannot be counted: ${String(error)}`);
      this.#isFailing = true;
    } finally {
      this.#running = null;
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.#isStopping = true;
    await this.#running?.catch(() => undefined);
    await this.#lease.release().catch(() => undefined);
  }

  /** Before a report. @returns whether every stored event is counted */
  async catchUp(timeoutMs: number): Promise<boolean> {
    const endTick = performance.now() + timeoutMs;
    for (;;) {
      const next = await this.#nextUncounted();
      if (next === null) return true;
      if (performance.now() > endTick) return false;
      await this.#countBatch(next);
    }
  }

  async #countAll(): Promise<void> {
    if ((await this.#nextUncounted()) === null) return;
    // Two processes would count right, too, but wait for each other.
    if (!(await this.#lease.hold())) return;
    do {
      const next = await this.#nextUncounted();
      if (next === null || this.#isStopping) return;
      await this.#countBatch(next);
      await pause(PAUSE_MS);
    } while (await this.#lease.stillHolds());
  }

  #nextUncounted(): Promise<Uncounted | null> {
    return this.unitOfWork.read(async (manager) => {
      const row = await manager
        .createQueryBuilder(AuditChainEntity, 'head')
        .select('head.chain', 'chain')
        .addSelect('head.sequence', 'upTo')
        .leftJoin(UsageProgressEntity, 'progress', 'progress.chain = head.chain')
        .where('head.sequence > COALESCE(progress.countedSequence, 0)')
        .limit(1)
        .getRawOne<{ readonly chain: string; readonly upTo: string | number }>();
      return row === undefined ? null : { chain: row.chain, upTo: Number(row.upTo) };
    });
  }

  #countBatch({ chain, upTo }: Uncounted): Promise<void> {
    return this.unitOfWork.run(async ({ manager }) => {
      const counted = await lockProgress(manager, chain);
      const events = await eventsAfter(manager, chain, counted);
      const counts = new Map<string, UsageCounts>();
      for (const event of events) {
        addTo(counts, dayOf(Number(event.atMs)), usageKeysOf(event), Number(event.count));
      }
      await this.counts.add(manager, counts);
      // Without events, those up to the end of the chain have been purged.
      const countedSequence = events.length === 0 ? upTo : Number(events.at(-1)?.chainSequence);
      if (countedSequence > counted) await manager.update(UsageProgressEntity, { chain }, { countedSequence });
    });
  }
}

async function lockProgress(manager: EntityManager, chain: string): Promise<number> {
  await manager
    .createQueryBuilder()
    .insert()
    .into(UsageProgressEntity)
    .values({ chain, countedSequence: 0 })
    .orIgnore()
    .updateEntity(false)
    .execute();
  const { countedSequence } = await manager.findOneOrFail(UsageProgressEntity, {
    where: { chain },
    ...rowLock(manager),
  });
  return countedSequence;
}

/** Raw rows: TypeORM's own take several times as long. */
function eventsAfter(manager: EntityManager, chain: string, sequence: number): Promise<CountedEvent[]> {
  const query = manager
    .createQueryBuilder(AuditEventEntity, 'event')
    .select([])
    .where({ chain, chainSequence: MoreThan(sequence) })
    .orderBy('event.chainSequence', 'ASC')
    .limit(EVENTS_IN_BATCH);
  for (const column of READ_COLUMNS) query.addSelect(`event.${column}`, column);
  return query.getRawMany<CountedEvent>();
}

const READ_COLUMNS = [
  'chainSequence',
  'atMs',
  'count',
  'type',
  'outcome',
  'code',
  'actorKey',
  'ownerKey',
  'tokenId',
  'application',
  'credential',
  'door',
] as const satisfies readonly (keyof AuditEventEntity)[];
