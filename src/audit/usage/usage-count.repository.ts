import { Injectable } from '@nestjs/common';
import { usageDayBound, usageId, type UsageKeys } from '@scopegate/audit';
import { LessThan, type EntityManager } from 'typeorm';
import { dialectOf } from '../../database/dialect/index.js';
import { partsOf } from '../../database/insert-rows.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { UsageCountEntity } from './usage-count.entity.js';

/** For one statement: SQLite works in the thread of the requests. */
const ROWS_IN_SLICE = 10_000;

/** Rows in one transaction, so that its locks are short. */
const MAX_REMOVED = 500;

export type UsageColumn = 'type' | 'outcome' | 'code' | 'userKey' | 'tokenId' | 'application' | 'credential' | 'door';

export type GroupColumn = 'day' | UsageColumn;

/** Whole days, in UTC: `until` is the first one after them. */
export interface DayRange {
  readonly from: number;
  readonly until: number;
}

export interface UsageCondition {
  readonly equal: Readonly<Partial<Record<UsageColumn, string>>>;
  readonly codes?: readonly string[];
  readonly users?: readonly string[];
  /** Only what has proven a credential of the user. */
  readonly isProven: boolean;
}

export type UsageGroup = Readonly<Partial<Record<GroupColumn, string | number | null>>> & { readonly events: number };

/** Adds and sums up the counts of events by day. */
@Injectable()
export class UsageCountRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @param counts by `usageId` */
  async add(manager: EntityManager, counts: ReadonlyMap<string, UsageCount>): Promise<void> {
    const { columns, tableName } = manager.dataSource.getMetadata(UsageCountEntity);
    const { driver } = manager.dataSource;
    const nameOf = (property: string): string =>
      driver.escape(columns.find(({ propertyName }) => propertyName === property)?.databaseName ?? property);
    const known = dialectOf(manager.dataSource).addWhereKnown(nameOf('id'), nameOf('events'));
    const row = `(${COUNT_COLUMNS.map(() => '?').join(',')})`;
    // In the order of ids, so that two nodes that count cannot deadlock.
    for (const part of partsOf([...counts].sort(([one], [other]) => (one < other ? -1 : 1)))) {
      const rows = part.map(() => row).join(',');
      const list = COUNT_COLUMNS.map(nameOf).join(',');
      await manager.query(
        `INSERT INTO ${driver.escape(tableName)} (${list}) VALUES ${rows}${known}`,
        part.flatMap(([id, count]) => valuesOf(id, count)),
      );
    }
  }

  /**
   * Sums of the days, slice by slice: each group can come several times.
   * @param onGroups called for each slice
   */
  async sum(
    { from, until }: DayRange,
    by: readonly GroupColumn[],
    condition: UsageCondition,
    onGroups: (groups: readonly UsageGroup[]) => void,
  ): Promise<void> {
    const end = usageDayBound(until);
    // The counts of some users are few, and an index of theirs finds them.
    const isSliced = condition.users === undefined;
    for (let start: string | null = usageDayBound(from); start !== null;) {
      const next: string | null = isSliced ? await this.#endOfSlice(start, end) : null;
      onGroups(await this.#groups({ start, end: next ?? end }, by, condition));
      start = next;
    }
  }

  /** @returns how many counts were removed: none, if no day before this one has any */
  removeBefore(day: number): Promise<number> {
    return this.unitOfWork.run(async ({ manager }) => {
      const old = await manager.find(UsageCountEntity, {
        select: { id: true },
        where: { id: LessThan(usageDayBound(day)) },
        order: { id: 'ASC' },
        take: MAX_REMOVED,
      });
      if (old.length > 0) {
        await manager.delete(
          UsageCountEntity,
          old.map(({ id }) => id),
        );
      }
      return old.length;
    });
  }

  /** The first id of the next slice; null if the rest is one slice. */
  #endOfSlice(start: string, end: string): Promise<string | null> {
    return this.unitOfWork.read(
      async (manager) => {
        const row = await manager
          .createQueryBuilder(UsageCountEntity, 'usage')
          .select('usage.id')
          .where('usage.id >= :start AND usage.id < :end', { start, end })
          .orderBy('usage.id', 'ASC')
          .offset(ROWS_IN_SLICE)
          .limit(1)
          .getOne();
        return row?.id ?? null;
      },
      { lane: 'lists' },
    );
  }

  #groups(
    { start, end }: { readonly start: string; readonly end: string },
    by: readonly GroupColumn[],
    { equal, codes, users, isProven }: UsageCondition,
  ): Promise<readonly UsageGroup[]> {
    return this.unitOfWork.read(
      async (manager) => {
        const query = manager
          .createQueryBuilder(UsageCountEntity, 'usage')
          .select('SUM(usage.events)', 'events')
          .where('usage.id >= :start AND usage.id < :end', { start, end });
        for (const column of by) query.addSelect(`usage.${column}`, column).addGroupBy(`usage.${column}`);
        for (const [column, value] of Object.entries(equal)) {
          query.andWhere(`usage.${column} = :${column}`, { [column]: value });
        }
        // No stored text is empty: the list of an IN must not be.
        if (codes !== undefined) query.andWhere('usage.code IN (:...codes)', { codes: [...codes, ''] });
        if (users !== undefined) query.andWhere('usage.userKey IN (:...users)', { users: [...users, ''] });
        if (isProven) query.andWhere('usage.isProven = 1');
        const rows = await query.getRawMany<Omit<UsageGroup, 'events'> & { readonly events: string | number | null }>();
        // Without groups, the sum of no rows is null.
        return rows.flatMap((row) => (row.events === null ? [] : [{ ...row, events: Number(row.events) }]));
      },
      { lane: 'lists' },
    );
  }
}

export interface UsageCount {
  readonly day: number;
  readonly keys: UsageKeys;
  readonly events: number;
}

export function addTo(counts: Map<string, UsageCount>, day: number, keys: UsageKeys, events: number): void {
  const id = usageId(day, keys);
  counts.set(id, { day, keys, events: events + (counts.get(id)?.events ?? 0) });
}

const COUNT_COLUMNS = [
  'id',
  'day',
  'type',
  'outcome',
  'code',
  'userKey',
  'isProven',
  'tokenId',
  'application',
  'credential',
  'door',
  'events',
] as const satisfies readonly (keyof UsageCountEntity)[];

function valuesOf(id: string, { day, keys, events }: UsageCount): readonly unknown[] {
  const values: Record<(typeof COUNT_COLUMNS)[number], unknown> = {
    ...keys,
    id,
    day,
    events,
    userKey: keys.user,
    isProven: Number(keys.isProven),
  };
  return COUNT_COLUMNS.map((column) => values[column]);
}
