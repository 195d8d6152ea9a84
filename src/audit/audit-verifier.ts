import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ChainWalk, eventIdBound, type ChainBreak } from '@scopegate/audit';
import { LessThanOrEqual, MoreThan, type EntityManager } from 'typeorm';
import type { DatabaseWork } from '../database/database-lanes.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChain } from './audit-chain.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { toLink, type LinkedRow } from './audit-event.mapper.js';

/** SQLite works in the thread of the requests, which wait for at most one page. */
const PAGE_SIZE = 250;

/** Larger, because an index alone answers. */
const RANGE_PAGE_SIZE = 4_000;

/** Milliseconds since the epoch, both ends included. */
export interface VerifiedRange {
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

export interface Verification {
  readonly intact: boolean;
  readonly checked: number;
  readonly chains: number;
  readonly firstBreak: ChainBreak | null;
}

/** A part of a chain; both ends are excluded. */
interface Part {
  readonly after: number;
  /** Null if the part reaches the head. */
  readonly before: number | null;
}

const WHOLE: Part = { after: 0, before: null };

@Injectable()
export class AuditVerifier {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly chain: AuditChain,
  ) {}

  async verify({ fromMs, toMs }: VerifiedRange): Promise<Verification> {
    const names = await this.#chainNames();
    const extents = fromMs === null && toMs === null ? null : await this.#extents(fromMs, toMs);
    let checked = 0;
    for (const name of names) {
      const part = extents === null ? WHOLE : await this.#partOf(name, fromMs, toMs, extents.get(name));
      const result = await this.#verifyChain(name, part);
      checked += result.checked;
      if (result.firstBreak !== null) {
        return { intact: false, checked, chains: names.length, firstBreak: result.firstBreak };
      }
    }
    return { intact: true, checked, chains: names.length, firstBreak: null };
  }

  async #verifyChain(
    name: string,
    part: Part,
  ): Promise<{ readonly checked: number; readonly firstBreak: ChainBreak | null }> {
    const head = await this.#head(name);
    if (head === null) {
      const [row] = await this.#rows(name, 0, 1);
      return { checked: 0, firstBreak: row === undefined ? null : breakAt(row, 'inserted') };
    }
    if (!this.chain.isSealed(head)) {
      return { checked: 0, firstBreak: { chain: name, sequence: head.sequence, eventId: null, reason: 'changed' } };
    }
    const stray = part.after === 0 ? await this.#strayBeforeStart(head) : null;
    if (stray !== null) return { checked: 0, firstBreak: stray };
    const reachesHead = part.before === null || part.before > head.sequence;
    const last = reachesHead ? head.sequence : (part.before ?? 0) - 1;
    let checked = 0;
    for (let after = Math.max(head.purgedSequence, part.after); ;) {
      const walk = this.#walk(name, after);
      const found = (await this.#follow(name, walk, last)) ?? (reachesHead ? walk.end(head) : null);
      checked += walk.checked;
      if (found === null) break;
      // The retention may have removed the oldest events meanwhile.
      after = (await this.#head(name))?.purgedSequence ?? 0;
      if (after < found.sequence) return { checked, firstBreak: found };
    }
    return { checked, firstBreak: reachesHead ? await this.#strayBeyondEnd(name) : null };
  }

  async #follow(name: string, walk: ChainWalk<LinkedRow>, last: number): Promise<ChainBreak | null> {
    while (walk.sequence < last) {
      const rows = await this.#rows(name, walk.sequence, PAGE_SIZE + 1);
      const page = rows.slice(0, PAGE_SIZE).filter((row) => row.sequence <= last);
      const found = page.length === 0 ? walk.missing() : walk.take(page, rows[page.length]);
      if (found !== null) return found;
      await nextTurn();
    }
    return null;
  }

  #walk(name: string, after: number): ChainWalk<LinkedRow> {
    return new ChainWalk(name, ({ row }, sequence) => this.chain.isIntact(row, sequence), after);
  }

  /** Finds a forged event before the oldest kept one. A purge that was interrupted leaves authentic ones. */
  async #strayBeforeStart(head: AuditChainEntity): Promise<ChainBreak | null> {
    const rows = await this.#read((manager) =>
      manager.find(AuditEventEntity, {
        where: { chain: head.chain, chainSequence: LessThanOrEqual(head.purgedSequence) },
        order: { chainSequence: 'ASC' },
        take: PAGE_SIZE,
      }),
    );
    const stray = rows.find((row) => row.chainSequence < 1 || !this.chain.isIntact(row));
    return stray === undefined ? null : breakAt(toLink(stray), 'inserted');
  }

  /** Reads the events before the head, so that an event added meanwhile is not taken for a forged one. */
  async #strayBeyondEnd(name: string): Promise<ChainBreak | null> {
    const newest = await this.#read((manager) =>
      manager.findOne(AuditEventEntity, { where: { chain: name }, order: { chainSequence: 'DESC' } }),
    );
    const head = await this.#head(name);
    if (newest === null || head === null || newest.chainSequence <= head.sequence) return null;
    return breakAt(toLink(newest), 'inserted');
  }

  #head(chain: string): Promise<AuditChainEntity | null> {
    return this.#read((manager) => manager.findOneBy(AuditChainEntity, { chain }));
  }

  /** Includes chains that have events but no head. */
  #chainNames(): Promise<readonly string[]> {
    return this.#read(async (manager) => {
      const heads = await manager.find(AuditChainEntity, { select: { chain: true } });
      const names = new Set(heads.map((head) => head.chain));
      for (let name = ''; ;) {
        const next = await manager.findOne(AuditEventEntity, {
          select: { id: true, chain: true },
          where: { chain: MoreThan(name) },
          order: { chain: 'ASC', chainSequence: 'ASC' },
        });
        if (next === null) return [...names].sort();
        name = next.chain;
        names.add(name);
      }
    });
  }

  async #rows(chain: string, after: number, limit: number): Promise<readonly LinkedRow[]> {
    const rows = await this.#read((manager) =>
      manager.find(AuditEventEntity, {
        where: { chain, chainSequence: MoreThan(after) },
        order: { chainSequence: 'ASC' },
        take: limit,
      }),
    );
    return rows.map(toLink);
  }

  /**
   * The part of a chain for a range of time. Events need not be in the order of time, so it goes from the first to the
   * last event of the range. It also includes the events before and after, so that the removal of a whole range is
   * found.
   */
  async #partOf(chain: string, fromMs: number | null, toMs: number | null, extent: Part | undefined): Promise<Part> {
    const before = fromMs === null ? null : await this.#lastBefore(chain, fromMs);
    const after = toMs === null ? null : await this.#firstAfter(chain, toMs + 1);
    return {
      after: fromMs === null ? 0 : Math.min(before ?? 0, extent?.after ?? Number.MAX_SAFE_INTEGER),
      before: toMs === null || after === null ? null : Math.max(after, extent?.before ?? 0),
    };
  }

  async #extents(fromMs: number | null, toMs: number | null): Promise<ReadonlyMap<string, Part>> {
    const extents = new Map<string, { after: number; before: number }>();
    let after = fromMs === null ? '' : eventIdBound(fromMs);
    const before = toMs === null ? null : eventIdBound(toMs + 1);
    for (;;) {
      const rows = await this.#read((manager) => idsAfter(manager, after, before));
      for (const { chain, sequence } of rows) {
        const extent = extents.get(chain);
        if (extent === undefined) {
          extents.set(chain, { after: sequence - 1, before: sequence + 1 });
        } else {
          extent.after = Math.min(extent.after, sequence - 1);
          extent.before = Math.max(extent.before, sequence + 1);
        }
      }
      after = rows.at(-1)?.id ?? after;
      if (rows.length < RANGE_PAGE_SIZE) return extents;
      await nextTurn();
    }
  }

  /** If the events are in order; null if there is none. */
  async #lastBefore(chain: string, atMs: number): Promise<number | null> {
    const first = await this.#firstAfter(chain, atMs);
    return this.#read(async (manager) => {
      const query = manager
        .createQueryBuilder(AuditEventEntity, 'event')
        .select(['event.id', 'event.chainSequence'])
        .where('event.chain = :chain', { chain })
        .orderBy('event.chainSequence', 'DESC')
        .limit(1);
      if (first !== null) query.andWhere('event.chainSequence < :first', { first });
      return (await query.getOne())?.chainSequence ?? null;
    });
  }

  /** By binary search; null if there is none. */
  async #firstAfter(chain: string, atMs: number): Promise<number | null> {
    const head = await this.#head(chain);
    let low = head?.purgedSequence ?? 0;
    let high = (head?.sequence ?? 0) + 1;
    let found: number | null = null;
    while (low + 1 < high) {
      const middle = Math.floor((low + high) / 2);
      const row = await this.#read((manager) =>
        manager.findOne(AuditEventEntity, {
          select: { id: true, atMs: true, chainSequence: true },
          where: { chain, chainSequence: MoreThan(middle - 1) },
          order: { chainSequence: 'ASC' },
        }),
      );
      if (row !== null && row.atMs < atMs) {
        low = Math.max(middle, row.chainSequence);
      } else {
        high = middle;
        if (row !== null) found = row.chainSequence;
      }
    }
    return found;
  }

  #read<Result>(work: DatabaseWork<Result>): Promise<Result> {
    return this.unitOfWork.read(work, { lane: 'lists' });
  }
}

async function idsAfter(
  manager: EntityManager,
  after: string,
  before: string | null,
): Promise<readonly { readonly id: string; readonly chain: string; readonly sequence: number }[]> {
  const query = manager
    .createQueryBuilder(AuditEventEntity, 'event')
    .select('event.id', 'id')
    .addSelect('event.chain', 'chain')
    .addSelect('event.chainSequence', 'sequence')
    .where('event.id > :after', { after })
    .orderBy('event.id', 'ASC')
    .limit(RANGE_PAGE_SIZE);
  if (before !== null) query.andWhere('event.id < :before', { before });
  const rows = await query.getRawMany<{ id: string; chain: string; sequence: number | string }>();
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

function breakAt(link: LinkedRow, reason: ChainBreak['reason']): ChainBreak {
  return { chain: link.row.chain, sequence: link.sequence, eventId: link.id, reason };
}
