import { setImmediate as nextTurn } from 'node:timers/promises';
import { nameKeyOf, type RecordedEvent } from '@scopegate/audit';
import { escape } from 'mysql2';
import type { EntityManager } from 'typeorm';
import { AuditEventEntity } from './audit-event.entity.js';

/** Rows in one statement: enough to be cheap; SQLite works in this thread, so its requests wait for one statement. */
const ROWS_IN_ONE_INSERT = { mysql: 500, sqlite: 50 };

/** Rows written out before the requests get their turn. */
const ROWS_IN_A_TURN = 64;

/** An event with its place in its chain. */
export interface LinkedEvent extends RecordedEvent {
  readonly sequence: number;
  readonly previousLink: string;
  readonly link: string;
}

/** The columns in the order of `valuesOf` and `tupleOf`. */
const COLUMNS = [
  'id',
  'atMs',
  'count',
  'type',
  'outcome',
  'code',
  'actor',
  'actorKey',
  'owner',
  'ownerKey',
  'tokenId',
  'tokenDescription',
  'tokenScope',
  'credential',
  'clientIp',
  'peer',
  'method',
  'path',
  'application',
  'status',
  'durationMs',
  'userAgent',
  'requestId',
  'detail',
  'chain',
  'chainSequence',
  'previousLink',
  'link',
] as const satisfies readonly (keyof AuditEventEntity)[];

/**
 * Inserts events in statements of many rows. TypeORM's own insert takes some hundred microseconds a row for as many
 * columns, and filling in placeholders some five: several times what is left of a request without it.
 */
export async function insertAuditEvents(
  manager: EntityManager,
  chain: string,
  events: readonly LinkedEvent[],
): Promise<void> {
  const isSqlite = manager.dataSource.options.type === 'better-sqlite3';
  const size = isSqlite ? ROWS_IN_ONE_INSERT.sqlite : ROWS_IN_ONE_INSERT.mysql;
  for (let start = 0; start < events.length; start += size) {
    const part = events.slice(start, start + size);
    if (isSqlite) {
      await manager.query(
        `${headOf(manager)}${part.map(() => PLACEHOLDERS).join(',')}`,
        part.flatMap((event) => valuesOf(chain, event)),
      );
    } else {
      const rows: string[] = [];
      for (const event of part) {
        rows.push(tupleOf(chain, event));
        if (rows.length % ROWS_IN_A_TURN === 0) await nextTurn();
      }
      await manager.query(headOf(manager) + rows.join(','), NO_PLACEHOLDERS);
    }
  }
}

const PLACEHOLDERS = `(${COLUMNS.map(() => '?').join(',')})`;

/** Where there are none at all, and not an empty list of values, the driver does not look for placeholders. */
const NO_PLACEHOLDERS = null as unknown as unknown[];

const heads = new WeakMap<object, string>();

/** The statement up to its rows. */
function headOf({ dataSource }: EntityManager): string {
  const known = heads.get(dataSource);
  if (known !== undefined) return known;
  const { columns, tableName } = dataSource.getMetadata(AuditEventEntity);
  const names = new Map(columns.map((column) => [column.propertyName, dataSource.driver.escape(column.databaseName)]));
  if (names.size !== COLUMNS.length) throw new Error('An audit event has columns that are not written.');
  const list = COLUMNS.map((property) => names.get(property)).join(',');
  const head = `INSERT INTO ${dataSource.driver.escape(tableName)} (${list}) VALUES `;
  heads.set(dataSource, head);
  return head;
}

/** The values of a row, for placeholders. */
function valuesOf(chain: string, { event, sequence, previousLink, link }: LinkedEvent): unknown[] {
  const { actor, owner, detail } = event;
  return [
    event.id,
    event.atMs,
    event.count,
    event.type,
    event.outcome,
    event.code,
    actor,
    nameKeyOf(actor),
    owner,
    nameKeyOf(owner),
    event.tokenId,
    event.tokenDescription,
    event.tokenScope,
    event.credential,
    event.clientIp,
    event.peer,
    event.method,
    event.path,
    event.application,
    event.status,
    event.durationMs,
    event.userAgent,
    event.requestId,
    detail === null ? null : JSON.stringify(detail),
    chain,
    sequence,
    previousLink,
    link,
  ];
}

/**
 * The same as text, for MySQL. The content is JSON, so a text in which something would have to be escaped shows there as
 * an apostrophe or a backslash: control characters, quotation marks and backslashes are escaped in JSON as well.
 */
function tupleOf(chain: string, linked: LinkedEvent): string {
  const values = valuesOf(chain, linked);
  const isPlain = !linked.content.includes("'") && !linked.content.includes('\\');
  for (const [index, value] of values.entries()) {
    if (value === null) values[index] = 'NULL';
    else if (typeof value === 'string') values[index] = isPlain && !DERIVED.has(index) ? `'${value}'` : escape(value);
  }
  return `(${values.join(',')})`;
}

/** The columns that hold more than stands in the content. */
const DERIVED: ReadonlySet<number> = new Set(
  ['actorKey', 'ownerKey', 'detail', 'chain'].map((name) => (COLUMNS as readonly string[]).indexOf(name)),
);
