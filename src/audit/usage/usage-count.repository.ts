import { Injectable } from '@nestjs/common';
import { BLOCK_DAYS, blockOf, usageBlockBound, usageId, type UsageKeys } from '@scopegate/audit';
import { In, LessThan, type EntityManager } from 'typeorm';
import { dialectOf } from '../../database/dialect/index.js';
import { partsOf } from '../../database/insert-rows.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { dayColumn, UsageBlockEntity } from './usage-block.entity.js';

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
  async add(manager: EntityManager, counts: ReadonlyMap<string, UsageCounts>): Promise<void> {
    const { columns, tableName } = manager.dataSource.getMetadata(UsageBlockEntity);
    const { driver } = manager.dataSource;
    const nameOf = (property: string): string =>
      driver.escape(columns.find(({ propertyName }) => propertyName === property)?.databaseName ?? property);
    // Mostly one day: the others keep what they have.
    const places = [...new Set([...counts.values()].flatMap(({ events }) => [...events.keys()]))];
    const names = [...KEY_COLUMNS, ...places.map(dayColumn)].map(nameOf);
    const known = dialectOf(manager.dataSource).addWhereKnown(nameOf('id'), places.map(dayColumn).map(nameOf));
    const row = `(${names.map(() => '?').join(',')})`;
    // In the order of ids, so that two nodes that count cannot deadlock.
    for (const part of partsOf([...counts].sort(([one], [other]) => (one < other ? -1 : 1)))) {
      const rows = part.map(() => row).join(',');
      await manager.query(
        `INSERT INTO ${driver.escape(tableName)} (${names.join(',')}) VALUES ${rows}${known}`,
        part.flatMap(([id, count]) => [
          ...keyValuesOf(id, count),
          ...places.map((place) => count.events.get(place) ?? 0),
        ]),
      );
    }
  }

  /**
   * Sums of the days, slice by slice: each group can come several times.
   * @param onGroups called for each slice
   */
  async sum(
    range: DayRange,
    by: readonly GroupColumn[],
    condition: UsageCondition,
    onGroups: (groups: readonly UsageGroup[]) => void,
  ): Promise<void> {
    // The counts of some users are few, and an index of theirs finds them.
    const isSliced = condition.users === undefined;
    for (const part of partsInBlocks(range)) {
      const end = usageBlockBound(part.block + 1);
      for (let start: string | null = usageBlockBound(part.block); start !== null;) {
        const next: string | null = isSliced ? await this.#endOfSlice(start, end) : null;
        onGroups(await this.#groups({ ...part, start, end: next ?? end }, by, condition));
        start = next;
      }
    }
  }

  /** @returns how many rows have changed: none, if no day before this one has counts */
  removeBefore(day: number): Promise<number> {
    const block = blockOf(day);
    return this.unitOfWork.run(async ({ manager }) => {
      const old = await manager.find(UsageBlockEntity, {
        select: { id: true },
        where: { id: LessThan(usageBlockBound(block)) },
        order: { id: 'ASC' },
        take: MAX_REMOVED,
      });
      if (old.length > 0) {
        await manager.delete(
          UsageBlockEntity,
          old.map(({ id }) => id),
        );
        return old.length;
      }
      return removeDays(manager, block, placesOf(block, { from: 0, until: day }));
    });
  }

  /** The first id of the next slice; null if the rest is one slice. */
  #endOfSlice(start: string, end: string): Promise<string | null> {
    return this.unitOfWork.read(
      async (manager) => {
        const row = await manager
          .createQueryBuilder(UsageBlockEntity, 'usage')
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
    { block, places, start, end }: PartOfBlock & { readonly start: string; readonly end: string },
    by: readonly GroupColumn[],
    { equal, codes, users, isProven }: UsageCondition,
  ): Promise<readonly UsageGroup[]> {
    const byDay = by.includes('day');
    return this.unitOfWork.read(
      async (manager) => {
        const sum = sumOf(places);
        const query = manager
          .createQueryBuilder(UsageBlockEntity, 'usage')
          .select([])
          .where('usage.id >= :start AND usage.id < :end', { start, end })
          .andWhere(`${sum} > 0`);
        if (byDay) for (const place of places) query.addSelect(`SUM(usage.${dayColumn(place)})`, dayColumn(place));
        else query.addSelect(`SUM(${sum})`, 'events');
        for (const column of by) {
          if (column !== 'day') query.addSelect(`usage.${column}`, column).addGroupBy(`usage.${column}`);
        }
        for (const [column, value] of Object.entries(equal)) {
          query.andWhere(`usage.${column} = :${column}`, { [column]: value });
        }
        // No stored text is empty: the list of an IN must not be.
        if (codes !== undefined) query.andWhere('usage.code IN (:...codes)', { codes: [...codes, ''] });
        if (users !== undefined) query.andWhere('usage.userKey IN (:...users)', { users: [...users, ''] });
        if (isProven) query.andWhere('usage.isProven = 1');
        const rows = await query.getRawMany<RawGroup>();
        return rows.flatMap((row) => {
          const keys = Object.fromEntries(by.map((column) => [column, row[column] ?? null]));
          if (!byDay) return groupsOf(keys, row['events']);
          return places.flatMap((place) =>
            groupsOf({ ...keys, day: block * BLOCK_DAYS + place }, row[dayColumn(place)]),
          );
        });
      },
      { lane: 'lists' },
    );
  }
}

/** The days of a range that are in one block, by their places. */
interface PartOfBlock {
  readonly block: number;
  readonly places: readonly number[];
}

/** A database may write a sum as a text. Without groups, that of no rows is null. */
type RawGroup = Readonly<Record<string, string | number | null>>;

function partsInBlocks(range: DayRange): readonly PartOfBlock[] {
  if (range.from >= range.until) return [];
  const first = blockOf(range.from);
  return Array.from({ length: blockOf(range.until - 1) - first + 1 }, (_, index) => {
    const block = first + index;
    return { block, places: placesOf(block, range) };
  });
}

function placesOf(block: number, { from, until }: DayRange): readonly number[] {
  const start = block * BLOCK_DAYS;
  return Array.from({ length: BLOCK_DAYS }, (_, place) => place).filter(
    (place) => start + place >= from && start + place < until,
  );
}

/** Names stand apart, or TypeORM does not find them. */
function sumOf(places: readonly number[]): string {
  return `( ${places.map((place) => `usage.${dayColumn(place)}`).join(' + ')} )`;
}

function groupsOf(keys: RawGroup, sum: string | number | null | undefined): readonly UsageGroup[] {
  const events = Number(sum);
  return events > 0 ? [{ ...keys, events }] : [];
}

/** Rows without any day left go with their block. */
async function removeDays(manager: EntityManager, block: number, places: readonly number[]): Promise<number> {
  if (places.length === 0) return 0;
  const rows = await manager
    .createQueryBuilder(UsageBlockEntity, 'usage')
    .select('usage.id')
    .where('usage.id >= :start AND usage.id < :end', {
      start: usageBlockBound(block),
      end: usageBlockBound(block + 1),
    })
    .andWhere(`${sumOf(places)} > 0`)
    .limit(MAX_REMOVED)
    .getMany();
  if (rows.length > 0) {
    const none = Object.fromEntries(places.map((place) => [dayColumn(place), 0]));
    await manager.update(UsageBlockEntity, { id: In(rows.map(({ id }) => id)) }, none);
  }
  return rows.length;
}

export interface UsageCounts {
  readonly block: number;
  readonly keys: UsageKeys;
  /** By the place of the day in its block. */
  readonly events: Map<number, number>;
}

export function addTo(counts: Map<string, UsageCounts>, day: number, keys: UsageKeys, events: number): void {
  const block = blockOf(day);
  const place = day - block * BLOCK_DAYS;
  const id = usageId(block, keys);
  const known = counts.get(id);
  if (known === undefined) counts.set(id, { block, keys, events: new Map([[place, events]]) });
  else known.events.set(place, events + (known.events.get(place) ?? 0));
}

const KEY_COLUMNS = [
  'id',
  'block',
  'type',
  'outcome',
  'code',
  'userKey',
  'isProven',
  'tokenId',
  'application',
  'credential',
  'door',
] as const satisfies readonly (keyof UsageBlockEntity)[];

function keyValuesOf(id: string, { block, keys }: UsageCounts): readonly unknown[] {
  const values: Record<(typeof KEY_COLUMNS)[number], unknown> = {
    ...keys,
    id,
    block,
    userKey: keys.user,
    isProven: Number(keys.isProven),
  };
  return KEY_COLUMNS.map((column) => values[column]);
}
