import type { EventContent } from '@scopegate/audit';
import { escape, type Connection } from 'mysql2';
import type { DataSource, EntityManager } from 'typeorm';
import { Turn } from '../common/time/turn.js';
import { dialectOf } from '../database/dialect/index.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { ADVANCED_COLUMNS, EVENT_COLUMNS, eventValues, FOUND_BY_COLUMNS, type LinkedEvents } from './linked-events.js';

/** SQLite works in this thread: requests wait for one statement. */
const ROWS_IN_ONE_INSERT = { server: 128, embedded: 50 };

/**
 * TypeORM's own insert takes some hundred microseconds a row, and placeholders take some five: several times the cost
 * of the rest of a request.
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

/** The placeholders take the `eventValues` of each event. */
export function insertStatement(dataSource: DataSource, rows: number): string {
  return headOf(dataSource) + Array.from({ length: rows }, () => PLACEHOLDERS).join(',');
}

/** Placeholders for `advanceValues`. TypeORM's query builder is slow. Changes no row if the head has changed. */
export function advanceStatement(dataSource: DataSource): string {
  const { columns, tableName } = dataSource.getMetadata(AuditChainEntity);
  const nameOf = (property: keyof AuditChainEntity): string => {
    const column = columns.find(({ propertyName }) => propertyName === property);
    if (column === undefined) throw new Error(`A chain has no ${property}.`);
    return dataSource.driver.escape(column.databaseName);
  };
  const set = ADVANCED_COLUMNS.map((property) => `${nameOf(property)} = ?`).join(', ');
  const where = FOUND_BY_COLUMNS.map((property) => `${nameOf(property)} = ?`).join(' AND ');
  return `UPDATE ${dataSource.driver.escape(tableName)} SET ${set} WHERE ${where}`;
}

async function connectionOf(manager: EntityManager): Promise<Connection> {
  const connection = (await manager.queryRunner?.connect()) as Connection | undefined;
  if (connection === undefined) throw new Error('Events are stored within a transaction.');
  return connection;
}

/**
 * TypeORM and the driver's promises add 0.1 ms to each statement. `null` keeps the driver from searching placeholders.
 */
function send<Row>(connection: Connection, sql: string): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    connection.query({ sql, values: null }, (error, rows) =>
      error === null ? resolve(rows as unknown as readonly Row[]) : reject(error),
    );
  });
}

function headOf(dataSource: DataSource): string {
  const { columns, tableName } = dataSource.getMetadata(AuditEventEntity);
  const names = new Map(columns.map((column) => [column.propertyName, dataSource.driver.escape(column.databaseName)]));
  if (names.size !== EVENT_COLUMNS.length) throw new Error('An audit event has columns that are not written.');
  const list = EVENT_COLUMNS.map((property) => names.get(property)).join(',');
  return `INSERT INTO ${dataSource.driver.escape(tableName)} (${list}) VALUES `;
}

function tupleOf(events: LinkedEvents, index: number): string {
  return `(${eventValues(events, index).map(escapeValue).join(',')})`;
}

/** For a plain content, whose values are SQL literals already. @param chain as a literal */
function plainTuple({ after, contents, links }: LinkedEvents, index: number, chain: string): string {
  const values = plainValues(contents[index] as EventContent);
  // The link of the head comes from the database and may have been tampered with.
  const previousLink = index === 0 ? escape(after.link) : `"${links[index - 1] as string}"`;
  return `(${values},${chain},${after.sequence + index + 1},${previousLink},"${links[index] as string}")`;
}

/** A plain content has no detail. If it also has no door, it ends with the detail (`encodeEvent`). */
function plainValues(content: EventContent): string {
  const values = content.slice(1, -1);
  return values.endsWith('null') ? `${values},null` : values;
}

/**
 * Matches contents whose values are safe SQL literals: whole numbers, `null`, and texts without escapes. Every other
 * content, such as a forged line of the journal, is parsed as JSON and escaped value by value.
 */
const PLAIN_CONTENT = /^\[(?:"[^"\\]*"|null|-?\d+)(?:,(?:"[^"\\]*"|null|-?\d+))*\]$/;

const doubleQuotes = new WeakMap<Connection, boolean>();

/** Double quotes delimit texts unless `sql_mode` is ANSI. Each connection keeps the mode from when it was opened. */
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
