import { CONTENT_FIELDS, contentValues, type EventContent } from '@scopegate/audit';
import { escape, type Connection } from 'mysql2';
import type { EntityManager } from 'typeorm';
import { Turn } from '../common/time/turn.js';
import { AuditEventEntity } from './audit-event.entity.js';

/** Rows in one statement: enough to be cheap; SQLite works in this thread, so its requests wait for one statement. */
const ROWS_IN_ONE_INSERT = { mysql: 128, sqlite: 50 };

/** Events that follow each other in a chain. */
export interface LinkedEvents {
  readonly chain: string;
  /** The place that the first of them follows. */
  readonly after: { readonly sequence: number; readonly link: string };
  readonly contents: readonly EventContent[];
  /** The link of each. */
  readonly links: readonly string[];
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
export async function insertAuditEvents(manager: EntityManager, events: LinkedEvents): Promise<void> {
  const isSqlite = manager.dataSource.options.type === 'better-sqlite3';
  const size = isSqlite ? ROWS_IN_ONE_INSERT.sqlite : ROWS_IN_ONE_INSERT.mysql;
  const { length } = events.contents;
  const turn = new Turn();
  for (let start = 0; start < length; start += size) {
    const end = Math.min(start + size, length);
    if (isSqlite) {
      const rows = Array.from({ length: end - start }, (_, index) => valuesOf(events, start + index));
      await manager.query(`${headOf(manager)}${rows.map(() => PLACEHOLDERS).join(',')}`, rows.flat());
      await turn.end();
      continue;
    }
    const connection = await connectionOf(manager);
    const takesPlain = await takesDoubleQuotes(connection);
    const chain = escape(events.chain);
    const parts = [headOf(manager)];
    for (let index = start; index < end; index += 1) {
      const isPlain = takesPlain && PLAIN_CONTENT.test(events.contents[index] as string);
      parts.push(isPlain ? plainTuple(events, index, chain) : tupleOf(events, index), ',');
      const rest = turn.rest();
      if (rest !== null) await rest;
    }
    parts.pop();
    await turn.end();
    await send(connection, parts.join(''));
  }
}

const PLACEHOLDERS = `(${COLUMNS.map(() => '?').join(',')})`;

/** The driver's connection that a transaction runs on, with MySQL or MariaDB. */
async function connectionOf(manager: EntityManager): Promise<Connection> {
  const connection = (await manager.queryRunner?.connect()) as Connection | undefined;
  if (connection === undefined) throw new Error('Events are stored within a transaction.');
  return connection;
}

/**
 * Sends a statement. TypeORM and the driver's promises take a tenth of a millisecond a statement on their own. Where there
 * are no values at all, and not an empty list, the driver does not look for placeholders.
 */
function send<Row>(connection: Connection, sql: string): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, values: null }, (error, rows) =>
      error === null ? resolve(rows as unknown as readonly Row[]) : reject(error),
    );
  });
}

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
function valuesOf({ chain, after, contents, links }: LinkedEvents, index: number): unknown[] {
  const values = contentValues(contents[index] as EventContent);
  const detail = values.pop();
  const previousLink = index === 0 ? after.link : links[index - 1];
  values.push(detail === null ? null : JSON.stringify(detail), chain, after.sequence + index + 1, previousLink);
  values.push(links[index]);
  return values;
}

/** The same as text, for MySQL and MariaDB. */
function tupleOf(events: LinkedEvents, index: number): string {
  return `(${valuesOf(events, index).map(escapeValue).join(',')})`;
}

/**
 * The same again, for a plain content: its values are literals of SQL as they stand.
 * @param chain as a literal
 */
function plainTuple({ after, contents, links }: LinkedEvents, index: number, chain: string): string {
  const values = (contents[index] as EventContent).slice(1, -1);
  // What comes from the database is no link of ours before it has been verified.
  const previousLink = index === 0 ? escape(after.link) : `"${links[index - 1] as string}"`;
  return `(${values},${chain},${after.sequence + index + 1},${previousLink},"${links[index] as string}")`;
}

/**
 * A content that is a list of SQL literals as it stands: whole numbers, `null`, and texts without anything that had to
 * be escaped; no detail. What does not look exactly like that, such as a line that somebody has put into the journal, is
 * read as JSON and escaped value by value.
 */
const PLAIN_CONTENT = /^\[(?:"[^"\\]*"|null|-?\d+)(?:,(?:"[^"\\]*"|null|-?\d+))*\]$/;

const doubleQuotes = new WeakMap<Connection, boolean>();

/**
 * Whether the server takes what stands in quotation marks for a text, as it does unless its `sql_mode` is ANSI. The mode is
 * one of the connection: others may have been made when the server had another one.
 */
async function takesDoubleQuotes(connection: Connection): Promise<boolean> {
  let known = doubleQuotes.get(connection);
  if (known === undefined) {
    const [row] = await send<{ mode: string }>(connection, 'SELECT @@SESSION.sql_mode AS mode');
    known = !String(row?.mode).includes('ANSI_QUOTES');
    doubleQuotes.set(connection, known);
  }
  return known;
}

function escapeValue(value: unknown): string {
  return escape(value as string | number | null);
}
