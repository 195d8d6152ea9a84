import type { EventContent } from '@scopegate/audit';
import { escape, type Connection } from 'mysql2';
import type { DataSource, EntityManager } from 'typeorm';
import { Turn } from '../common/time/turn.js';
import { dialectOf } from '../database/dialect/index.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { ADVANCED_COLUMNS, EVENT_COLUMNS, eventValues, FOUND_BY_COLUMNS, type LinkedEvents } from './linked-events.js';

/** Rows in one statement: enough to be cheap; SQLite works in this thread, so its requests wait for one statement. */
const ROWS_IN_ONE_INSERT = { server: 128, embedded: 50 };

/**
 * Inserts events in statements of many rows. TypeORM's own insert takes some hundred microseconds a row for as many
 * columns, and filling in placeholders some five: several times what is left of a request without it.
 */
export async function insertAuditEvents(
  manager: EntityManager,
  events: LinkedEvents,
  turn: Turn = new Turn(),
): Promise<void> {
  const { isEmbedded } = dialectOf(manager.dataSource);
  const size = isEmbedded ? ROWS_IN_ONE_INSERT.embedded : ROWS_IN_ONE_INSERT.server;
  const { length } = events.contents;
  for (let start = 0; start < length; start += size) {
    const end = Math.min(start + size, length);
    if (isEmbedded) {
      const rows = Array.from({ length: end - start }, (_, index) => eventValues(events, start + index));
      await manager.query(insertStatement(manager.dataSource, rows.length), rows.flat());
      await turn.yield();
      continue;
    }
    const connection = await connectionOf(manager);
    const takesPlain = await takesDoubleQuotes(connection);
    const chain = escape(events.chain);
    const parts = [headOf(manager.dataSource)];
    for (let index = start; index < end; index += 1) {
      const isPlain = takesPlain && PLAIN_CONTENT.test(events.contents[index] as string);
      parts.push(isPlain ? plainTuple(events, index, chain) : tupleOf(events, index), ',');
      if (turn.isDue) await turn.yield();
    }
    parts.pop();
    await turn.yield();
    await send(connection, parts.join(''));
  }
}

const PLACEHOLDERS = `(${EVENT_COLUMNS.map(() => '?').join(',')})`;

/** The statement that inserts so many events, with placeholders for what `eventValues` says of each. */
export function insertStatement(dataSource: DataSource, rows: number): string {
  return headOf(dataSource) + Array.from({ length: rows }, () => PLACEHOLDERS).join(',');
}

const advanceStatements = new WeakMap<object, string>();

/**
 * The statement that moves on a head that is where it was left, with placeholders for `advanceValues`; TypeORM takes a
 * while to build one.
 */
export function advanceStatement(dataSource: DataSource): string {
  const known = advanceStatements.get(dataSource);
  if (known !== undefined) return known;
  const { columns, tableName } = dataSource.getMetadata(AuditChainEntity);
  const nameOf = (property: keyof AuditChainEntity): string => {
    const column = columns.find(({ propertyName }) => propertyName === property);
    if (column === undefined) throw new Error(`A chain has no ${property}.`);
    return dataSource.driver.escape(column.databaseName);
  };
  const set = ADVANCED_COLUMNS.map((property) => `${nameOf(property)} = ?`).join(', ');
  const where = FOUND_BY_COLUMNS.map((property) => `${nameOf(property)} = ?`).join(' AND ');
  const statement = `UPDATE ${dataSource.driver.escape(tableName)} SET ${set} WHERE ${where}`;
  advanceStatements.set(dataSource, statement);
  return statement;
}

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
function headOf(dataSource: DataSource): string {
  const known = heads.get(dataSource);
  if (known !== undefined) return known;
  const { columns, tableName } = dataSource.getMetadata(AuditEventEntity);
  const names = new Map(columns.map((column) => [column.propertyName, dataSource.driver.escape(column.databaseName)]));
  if (names.size !== EVENT_COLUMNS.length) throw new Error('An audit event has columns that are not written.');
  const list = EVENT_COLUMNS.map((property) => names.get(property)).join(',');
  const head = `INSERT INTO ${dataSource.driver.escape(tableName)} (${list}) VALUES `;
  heads.set(dataSource, head);
  return head;
}

/** The values of an event as text, for MySQL and MariaDB. */
function tupleOf(events: LinkedEvents, index: number): string {
  return `(${eventValues(events, index).map(escapeValue).join(',')})`;
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
