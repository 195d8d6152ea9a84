import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  eventIdBound,
  eventOfColumns,
  heldEvents,
  nameKeyOf,
  type AuditEvent,
  type FloodState,
} from '@scopegate/audit';
import { In, IsNull, Not, type EntityManager } from 'typeorm';
import type { DatabaseWork } from '../database/database-lanes.js';
import { dialectOf } from '../database/dialect/index.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity, FILTER_INDEXES } from './audit-event.entity.js';
import {
  canBeMet,
  EQUALITY_FILTERS,
  FILTERED_COLUMNS,
  meets,
  type AuditEventFilter,
  type FilteredEvent,
} from './audit-event.filter.js';

/** Rows looked at in one statement where an index alone does not answer: few first, since most answers are near. */
const FIRST_SLICE = 500;
const LARGEST_SLICE = 2_000;

/** Rows looked at for one page at the most; the rest is for the next page. */
const ROWS_LOOKED_AT = 100_000;

/** A walk through an index, newest first: one column's one value, or all there is. */
type Walk = { readonly column: keyof typeof FILTER_INDEXES; readonly value: string } | null;

/** Where a walk is, as ids: both ends are left out. */
interface Range {
  readonly before: string;
  readonly after: string;
}

/** Some events, newest first. */
export interface EventSlice {
  readonly events: readonly AuditEvent[];
  /** Go on before this id; null where there is nothing more. */
  readonly nextBefore: string | null;
}

/** What a walk has found: every event it means, down to a place. */
interface Passed {
  readonly events: readonly AuditEvent[];
  /** The id of that place; null where it is the end. */
  readonly passedTo: string | null;
}

/** Greater than every id. */
const END = '~';

/** Asks the table of events. */
@Injectable()
export class AuditEventRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The event of a request itself, and not of a change it made. */
  async findByRequestId(requestId: string): Promise<AuditEvent | null> {
    const row = await this.#read((manager) =>
      manager.findOne(AuditEventEntity, {
        where: { requestId, outcome: Not('changed') },
        order: { id: 'DESC' },
      }),
    );
    return row === null ? null : eventOfColumns(row);
  }

  /**
   * The newest events before an id. Where no index answers a filter alone, a bounded number of rows is looked at, so
   * there can be fewer events than asked for, or none, with more to come.
   * @param beforeId null for the newest of all
   */
  async newest(filter: AuditEventFilter, beforeId: string | null, limit: number): Promise<EventSlice> {
    if (!canBeMet(filter)) return { events: [], nextBefore: null };
    const range = rangeOf(filter, beforeId);
    // Read before the rows: what is stored in between is found twice and not missed.
    const held = (await this.#held()).filter(
      (event) => event.id < range.before && event.id > range.after && meets(filteredOf(event), filter),
    );
    const { walks, isExact } = walksOf(filter);
    // One more than shown tells whether there is more.
    const found = isExact
      ? await this.#walk(walks, range, limit + 1)
      : await this.#look(walks, range, filter, limit + 1);
    const { passedTo } = found;
    const seen = [...held.filter((event) => passedTo === null || event.id >= passedTo), ...found.events];
    const events = newestOf(seen, limit + 1);
    const shown = events.slice(0, limit);
    return { events: shown, nextBefore: events.length > limit ? (shown.at(-1)?.id ?? null) : passedTo };
  }

  /** Failures that are counted and not stored yet: their number so far. */
  async #held(): Promise<readonly AuditEvent[]> {
    const heads = await this.#read((manager) =>
      manager.find(AuditChainEntity, { select: { chain: true, held: true }, where: { held: Not(IsNull()) } }),
    );
    return heads.flatMap(({ held }) => heldEvents(held as FloodState));
  }

  /** Walks the index of the only limit. */
  async #walk(walks: readonly Walk[], range: Range, limit: number): Promise<Passed> {
    const ids = (await this.#pass(walks, range, limit, ['id'])).map((row) => row.id);
    return { events: await this.#eventsOf(ids), passedTo: ids.length < limit ? null : (ids.at(-1) ?? null) };
  }

  /** Walks the index of one limit and looks at the rows for the others. */
  async #look(walks: readonly Walk[], range: Range, filter: AuditEventFilter, limit: number): Promise<Passed> {
    const ids: string[] = [];
    let { before } = range;
    let lookedAt = 0;
    let isAtEnd = false;
    for (let size = FIRST_SLICE; ids.length < limit && !isAtEnd && lookedAt < ROWS_LOOKED_AT;) {
      const slice = await this.#pass(walks, { before, after: range.after }, size, FILTERED_COLUMNS);
      for (const row of slice) if (meets(row, filter)) ids.push(row.id);
      isAtEnd = slice.length < size;
      before = slice.at(-1)?.id ?? before;
      lookedAt += slice.length;
      size = Math.min(size * 2, LARGEST_SLICE);
      // SQLite answers at once and in this thread: the requests get theirs in between.
      await nextTurn();
    }
    const shown = ids.slice(0, limit);
    const isComplete = isAtEnd && ids.length <= limit;
    const events = await this.#eventsOf(shown);
    return { events, passedTo: isComplete ? null : ids.length > limit ? (shown.at(-1) ?? null) : before };
  }

  async #eventsOf(ids: readonly string[]): Promise<readonly AuditEvent[]> {
    if (ids.length === 0) return [];
    const rows = await this.#read((manager) =>
      manager.find(AuditEventEntity, { where: { id: In(ids) }, order: { id: 'DESC' } }),
    );
    return rows.map(eventOfColumns);
  }

  /** The newest rows of some walks, with these columns. */
  #pass<Column extends (typeof FILTERED_COLUMNS)[number]>(
    walks: readonly Walk[],
    range: Range,
    limit: number,
    columns: readonly Column[],
  ): Promise<readonly Pick<FilteredEvent, Column | 'id'>[]> {
    return this.#read(async (manager) => {
      const found: Pick<FilteredEvent, Column | 'id'>[] = [];
      for (const walk of walks) {
        const { text, values } = walkStatement(manager, walk, range, limit, columns);
        found.push(...(await manager.query<Pick<FilteredEvent, Column | 'id'>[]>(text, values)));
      }
      return newestOf(found, limit);
    });
  }

  #read<Result>(work: DatabaseWork<Result>): Promise<Result> {
    return this.unitOfWork.read(work, { lane: 'lists' });
  }
}

/** The walks that together pass every event a filter can mean, and whether they pass no other. */
function walksOf(filter: AuditEventFilter): { readonly walks: readonly Walk[]; readonly isExact: boolean } {
  const equalities = EQUALITY_FILTERS.flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [{ column, value }];
  });
  const byName =
    filter.userKey === undefined
      ? null
      : [
          // Two walks: no index answers the one or the other in order.
          { column: 'actorKey', value: filter.userKey } as const,
          { column: 'ownerKey', value: filter.userKey } as const,
        ];
  const others = [filter.userKey, filter.credential, filter.text].filter((limit) => limit !== undefined);
  const limits = equalities.length + others.length;
  const [first] = equalities;
  const isRare = first?.column === 'tokenId' || first?.column === 'clientIp';
  const walks: readonly Walk[] = first !== undefined && (isRare || byName === null) ? [first] : (byName ?? [null]);
  return { walks, isExact: limits === (walks[0] === null ? 0 : 1) };
}

function rangeOf(filter: AuditEventFilter, beforeId: string | null): Range {
  // An id begins with its millisecond, so the limits of time are limits of the key that every index ends in.
  const until = filter.toMs === undefined ? END : eventIdBound(filter.toMs + 1);
  return {
    before: beforeId !== null && beforeId < until ? beforeId : until,
    after: filter.fromMs === undefined ? '' : eventIdBound(filter.fromMs),
  };
}

/**
 * The statement of a walk. It is written out because MariaDB has to be told its index: left to itself, it looks for the
 * value alone where the value is frequent, and passes every newer row, page after page.
 */
function walkStatement(
  manager: EntityManager,
  walk: Walk,
  { before, after }: Range,
  limit: number,
  columns: readonly string[],
): { readonly text: string; readonly values: string[] } {
  const { driver } = manager.dataSource;
  const metadata = manager.dataSource.getMetadata(AuditEventEntity);
  const nameOf = (property: string): string =>
    driver.escape(metadata.findColumnWithPropertyName(property)?.databaseName ?? property);
  const id = nameOf('id');
  const conditions: string[] = [];
  const values: string[] = [];
  const add = (condition: string, value: string): void => {
    conditions.push(condition);
    values.push(value);
  };
  if (walk !== null) add(`${nameOf(walk.column)} = ?`, walk.value);
  if (before !== END) add(`${id} < ?`, before);
  if (after !== '') add(`${id} > ?`, after);
  const selected = columns.map((column) => `${nameOf(column)} AS ${driver.escape(column)}`).join(', ');
  const index =
    walk === null ? '' : dialectOf(manager.dataSource).indexHint(driver.escape(FILTER_INDEXES[walk.column]));
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const table = driver.escape(metadata.tableName);
  return { text: `SELECT ${selected} FROM ${table}${index}${where} ORDER BY ${id} DESC LIMIT ${limit}`, values };
}

/** What a filter looks at, of an event that is no row yet. */
function filteredOf(event: AuditEvent): FilteredEvent {
  return { ...event, actorKey: nameKeyOf(event.actor), ownerKey: nameKeyOf(event.owner) };
}

/** The newest of what several walks have found. What two of them have passed is there once. */
function newestOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): readonly Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return [...byId.values()].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit);
}
