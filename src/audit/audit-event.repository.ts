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
import { isStorableText } from '@scopegate/kernel';
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
  rangeOfName,
  UNINDEXED_FILTERS,
  type AuditEventFilter,
  type FilteredEvent,
  type UserName,
} from './audit-event-filter.js';

/** For one statement without an index that answers: few, because most matches are near. */
const FIRST_SLICE = 500;
const LARGEST_SLICE = 2_000;

/** For one page; the next page continues from there. */
const MAX_ROWS_READ = 100_000;

/** Both ends are excluded. */
interface Range {
  readonly before: string;
  readonly after: string;
}

/** Newest first: the rows with one value in one column, or all rows. A range limits it further. */
type IndexScan = {
  readonly column: keyof typeof FILTER_INDEXES;
  readonly value: string;
  readonly within?: Range;
} | null;

export interface EventSlice {
  readonly events: readonly AuditEvent[];
  /** Where the next page begins, exclusive; null at the end. */
  readonly nextBefore: string | null;
}

/** All matching events down to the id in `scannedTo`; null at the end. */
interface ScanResult {
  readonly events: readonly AuditEvent[];
  readonly scannedTo: string | null;
}

const TALLIED_COLUMNS = [...FILTERED_COLUMNS, 'atMs', 'count'] as const;

/** Raw: a database may write numbers as texts. */
export type TalliedEvent = FilteredEvent & { readonly atMs: number | string; readonly count: number | string };

/** Greater than every id. */
const END = '~';

@Injectable()
export class AuditEventRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Newest first, without changes. */
  async ofRequest(requestId: string, limit: number): Promise<readonly AuditEvent[]> {
    if (!isStorableText(requestId)) return [];
    const rows = await this.#read((manager) =>
      manager.find(AuditEventEntity, {
        where: { requestId, outcome: Not('changed') },
        order: { id: 'DESC' },
        take: limit,
      }),
    );
    return rows.filter((row) => row.requestId === requestId).map(eventOfColumns);
  }

  /** If no index answers a filter alone, only some rows are read: a page can be short or empty before the end. */
  async newest(filter: AuditEventFilter, beforeId: string | null, limit: number): Promise<EventSlice> {
    if (!canBeMet(filter)) return { events: [], nextBefore: null };
    const range = rangeOf(filter, beforeId);
    // Read before the rows: an event that is stored in between is found twice, not missed.
    const held = (await this.#held()).filter(
      (event) => event.id < range.before && event.id > range.after && meets(filteredOf(event), filter),
    );
    const { scans, isExact } = scansOf(filter);
    // One row more than the page shows whether there is more.
    const found = isExact
      ? await this.#scan(scans, range, limit + 1)
      : await this.#filterScan(scans, range, filter, limit + 1);
    const { scannedTo } = found;
    const seen = [...held.filter((event) => scannedTo === null || event.id >= scannedTo), ...found.events];
    const events = newestOf(seen, limit + 1);
    const shown = events.slice(0, limit);
    return { events: shown, nextBefore: events.length > limit ? (shown.at(-1)?.id ?? null) : scannedTo };
  }

  /**
   * Calls for each matching event, newest first.
   * @param maxRows to read: from some on, the rest is left out
   */
  async tally(
    filter: AuditEventFilter,
    maxRows: number,
    onEvent: (event: TalliedEvent) => void,
  ): Promise<{ readonly read: number; readonly isComplete: boolean }> {
    if (!canBeMet(filter)) return { read: 0, isComplete: true };
    const range = rangeOf(filter, null);
    const { scans } = scansOf(filter);
    let { before } = range;
    let read = 0;
    for (let size = FIRST_SLICE; read < maxRows; size = Math.min(size * 2, LARGEST_SLICE)) {
      const slice = await this.#newestRows(scans, { before, after: range.after }, size, TALLIED_COLUMNS);
      for (const row of slice) if (meets(row, filter)) onEvent(row);
      read += slice.length;
      if (slice.length < size) return { read, isComplete: true };
      before = slice.at(-1)?.id ?? before;
      // SQLite works in this thread: let requests run in between.
      await nextTurn();
    }
    return { read, isComplete: false };
  }

  /** Failures that are still being merged, and are not stored. Ignores `fromMs` and `toMs`. */
  async heldFor(filter: AuditEventFilter): Promise<readonly TalliedEvent[]> {
    return (await this.#held()).map(filteredOf).filter((event) => meets(event, filter));
  }

  async #held(): Promise<readonly AuditEvent[]> {
    const heads = await this.#read((manager) =>
      manager.find(AuditChainEntity, { select: { chain: true, held: true }, where: { held: Not(IsNull()) } }),
    );
    return heads.flatMap(({ held }) => heldEvents(held as FloodState));
  }

  async #scan(scans: readonly IndexScan[], range: Range, limit: number): Promise<ScanResult> {
    const ids = (await this.#newestRows(scans, range, limit, ['id'])).map((row) => row.id);
    return { events: await this.#eventsOf(ids), scannedTo: ids.length < limit ? null : (ids.at(-1) ?? null) };
  }

  async #filterScan(
    scans: readonly IndexScan[],
    range: Range,
    filter: AuditEventFilter,
    limit: number,
  ): Promise<ScanResult> {
    const ids: string[] = [];
    let { before } = range;
    let lookedAt = 0;
    let isAtEnd = false;
    for (let size = FIRST_SLICE; ids.length < limit && !isAtEnd && lookedAt < MAX_ROWS_READ;) {
      const slice = await this.#newestRows(scans, { before, after: range.after }, size, FILTERED_COLUMNS);
      for (const row of slice) if (meets(row, filter)) ids.push(row.id);
      isAtEnd = slice.length < size;
      before = slice.at(-1)?.id ?? before;
      lookedAt += slice.length;
      size = Math.min(size * 2, LARGEST_SLICE);
      // SQLite works in this thread: let requests run in between.
      await nextTurn();
    }
    const shown = ids.slice(0, limit);
    const isComplete = isAtEnd && ids.length <= limit;
    const events = await this.#eventsOf(shown);
    return { events, scannedTo: isComplete ? null : ids.length > limit ? (shown.at(-1) ?? null) : before };
  }

  async #eventsOf(ids: readonly string[]): Promise<readonly AuditEvent[]> {
    if (ids.length === 0) return [];
    const rows = await this.#read((manager) =>
      manager.find(AuditEventEntity, { where: { id: In(ids) }, order: { id: 'DESC' } }),
    );
    return rows.map(eventOfColumns);
  }

  #newestRows<Column extends (typeof TALLIED_COLUMNS)[number]>(
    scans: readonly IndexScan[],
    range: Range,
    limit: number,
    columns: readonly Column[],
  ): Promise<readonly Pick<TalliedEvent, Column | 'id'>[]> {
    return this.#read(async (manager) => {
      const found: Pick<TalliedEvent, Column | 'id'>[] = [];
      for (const scan of scans) {
        const { text, values } = scanStatement(manager, scan, range, limit, columns);
        found.push(...(await manager.query<Pick<TalliedEvent, Column | 'id'>[]>(text, values)));
      }
      return newestOf(found, limit);
    });
  }

  #read<Result>(work: DatabaseWork<Result>): Promise<Result> {
    return this.unitOfWork.read(work, { lane: 'lists' });
  }
}

function scansOf(filter: AuditEventFilter): { readonly scans: readonly IndexScan[]; readonly isExact: boolean } {
  const equalities = EQUALITY_FILTERS.flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [{ column, value }];
  });
  const byName = (filter.own ?? filter.userNames)?.flatMap(scansOfName) ?? null;
  const unindexed = UNINDEXED_FILTERS.map((column) => filter[column]);
  const others = [filter.userNames, filter.own, filter.codes, filter.text, ...unindexed].filter(
    (limit) => limit !== undefined,
  );
  const limits = equalities.length + others.length;
  const [first] = equalities;
  const isRare = first?.column === 'tokenId' || first?.column === 'clientIp';
  const scans: readonly IndexScan[] = first !== undefined && (isRare || byName === null) ? [first] : (byName ?? [null]);
  return { scans, isExact: limits === (scans[0] === null ? 0 : 1) };
}

/** Two scans: no index answers "one or the other" in order. */
function scansOfName(name: UserName): readonly IndexScan[] {
  const { from, until } = rangeOfName(name);
  const within = { after: from, before: until ?? END };
  return [
    { column: 'actorKey', value: name.key, within },
    { column: 'ownerKey', value: name.key, within },
  ];
}

function rangeOf(filter: AuditEventFilter, beforeId: string | null): Range {
  // An id begins with its millisecond, so the limits of time are limits of the id.
  const until = filter.toMs === undefined ? END : eventIdBound(filter.toMs + 1);
  return {
    before: beforeId !== null && beforeId < until ? beforeId : until,
    after: filter.fromMs === undefined ? '' : eventIdBound(filter.fromMs),
  };
}

/** Without the index, MariaDB may use another one for a frequent value and read all newer rows for each page. */
function scanStatement(
  manager: EntityManager,
  scan: IndexScan,
  range: Range,
  limit: number,
  columns: readonly string[],
): { readonly text: string; readonly values: string[] } {
  const within = scan?.within ?? range;
  const before = within.before < range.before ? within.before : range.before;
  const after = within.after > range.after ? within.after : range.after;
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
  if (scan !== null) add(`${nameOf(scan.column)} = ?`, scan.value);
  if (before !== END) add(`${id} < ?`, before);
  if (after !== '') add(`${id} > ?`, after);
  const selected = columns.map((column) => `${nameOf(column)} AS ${driver.escape(column)}`).join(', ');
  const index =
    scan === null ? '' : dialectOf(manager.dataSource).indexHint(driver.escape(FILTER_INDEXES[scan.column]));
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const table = driver.escape(metadata.tableName);
  return { text: `SELECT ${selected} FROM ${table}${index}${where} ORDER BY ${id} DESC LIMIT ${limit}`, values };
}

export function filteredOf(event: AuditEvent): TalliedEvent {
  return { ...event, actorKey: nameKeyOf(event.actor), ownerKey: nameKeyOf(event.owner) };
}

function newestOf<Row extends { readonly id: string }>(rows: readonly Row[], limit: number): readonly Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return [...byId.values()].sort((one, other) => (one.id < other.id ? 1 : -1)).slice(0, limit);
}
