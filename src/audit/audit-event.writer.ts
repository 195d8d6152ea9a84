import { setImmediate as nextTurn } from 'node:timers/promises';
import { CONTENT_FIELDS, contentValues, type EventContent } from '@scopegate/audit';
import { escape } from 'mysql2';
import type { EntityManager } from 'typeorm';
import { AuditEventEntity } from './audit-event.entity.js';

/** Rows in one statement: enough to be cheap; SQLite works in this thread, so its requests wait for one statement. */
const ROWS_IN_ONE_INSERT = { mysql: 200, sqlite: 50 };

/** Rows written out before the requests get their turn. */
const ROWS_IN_A_TURN = 64;

/** An event with its place in its chain. */
export interface LinkedEvent {
  readonly content: EventContent;
  readonly sequence: number;
  readonly previousLink: string;
  readonly link: string;
}

/** The columns in the order in which they are written. */
const COLUMNS = [
  ...CONTENT_FIELDS,
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
      continue;
    }
    const rows: string[] = [];
    for (const event of part) {
      rows.push(tupleOf(chain, event));
      if (rows.length % ROWS_IN_A_TURN === 0) await nextTurn();
    }
    await manager.query(headOf(manager) + rows.join(','), NO_PLACEHOLDERS);
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
function valuesOf(chain: string, { content, sequence, previousLink, link }: LinkedEvent): unknown[] {
  const values = contentValues(content);
  const detail = values.pop();
  values.push(detail === null ? null : JSON.stringify(detail), chain, sequence, previousLink, link);
  return values;
}

/** The same as text, for MySQL and MariaDB. */
function tupleOf(chain: string, linked: LinkedEvent): string {
  const { content, sequence, previousLink, link } = linked;
  if (!PLAIN_CONTENT.test(content)) return `(${valuesOf(chain, linked).map(escapeValue).join(',')})`;
  const values = content.slice(1, -1).replace(/"/g, "'");
  return `(${values},${escape(chain)},${sequence},${escape(previousLink)},'${link}')`;
}

/**
 * A content that is a list of SQL literals once its quotation marks are apostrophes: whole numbers, `null`, and texts
 * without apostrophes and without anything that had to be escaped; no detail. What does not look exactly like that, such
 * as a line that somebody has put into the journal, is read as JSON and escaped value by value.
 */
const PLAIN_CONTENT = /^\[(?:"[^"\\']*"|null|-?\d+)(?:,(?:"[^"\\']*"|null|-?\d+))*\]$/;

function escapeValue(value: unknown): string {
  return escape(value as string | number | null);
}
