// Fills the audit log of an existing database, to measure queries only.
import { createConnection } from 'mysql2/promise';
import Libsql from 'libsql';
import { eventIdBound } from '../../dist/libs/audit/index.js';

const COLUMNS = [
  'id',
  'at_ms',
  'count',
  'type',
  'outcome',
  'code',
  'actor',
  'actor_key',
  'owner',
  'owner_key',
  'token_id',
  'token_description',
  'token_scope',
  'credential',
  'client_ip',
  'peer',
  'method',
  'path',
  'application',
  'status',
  'duration_ms',
  'user_agent',
  'request_id',
  'detail',
  'door',
  'chain',
  'chain_sequence',
  'previous_link',
  'link',
];

const ROWS_IN_ONE_INSERT = 1_000;
const STEP_MS = 100;
const CHAIN = 'seeded';
const APPLICATIONS = ['jira', 'jira', 'jira', 'jira', 'confluence', 'confluence', 'bitbucket'];
const AGENTS = ['curl/8.5.0', 'git/2.43.0', 'node', 'Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/132.0'];

/** The values to query: frequent ones, and `rare` ones that only the five oldest events have. */
export const SEEDED_QUESTIONS = {
  nothing: {},
  'a type': { type: 'authentication.succeeded' },
  'a rare type': { type: 'user.deleted' },
  'an outcome': { outcome: 'allowed' },
  'a seldom outcome': { outcome: 'failed' },
  'a code': { code: 'token_expired' },
  'a rare code': { code: 'token_revoked' },
  'a user': { user: 'user7' },
  'a rare user': { user: 'rare' },
  'no such user': { user: 'nobody' },
  'a token': { tokenId: 'token0000007' },
  'a rare token': { tokenId: 'rareToken000' },
  'an address': { clientIp: '192.0.2.7' },
  'a rare address': { clientIp: '203.0.113.1' },
  'an application': { application: 'jira' },
  'a rare application': { application: 'rare' },
  'a user agent': { q: 'firefox' },
};

/**
 * Mostly successes, some refusals and failures, few changes, without a pattern that an index could use.
 * @returns the event without what `rowOf` knows
 */
function searchedEvent(index) {
  const isRare = index < 5;
  const kind = index % 100;
  const spread = (index * 7_919) % 10_007;
  const user = isRare ? 'rare' : `user${spread % 200}`;
  const [type, outcome, code, status] = isRare
    ? ['user.deleted', 'changed', 'token_revoked', null]
    : kind < 3
      ? ['authentication.failed', 'failed', 'token_expired', 401]
      : kind < 5
        ? ['permission.denied', 'denied', 'scope_insufficient', 403]
        : ['authentication.succeeded', 'allowed', null, 200];
  return {
    type,
    outcome,
    code,
    actor: user,
    owner: user,
    token_id: isRare ? 'rareToken000' : `token${String(spread % 300).padStart(7, '0')}`,
    token_description: isRare ? 'rare description' : `Job ${spread % 300}`,
    credential: 'basic-token',
    client_ip: isRare ? '203.0.113.1' : `192.0.2.${spread % 250}`,
    path: `/rest/api/2/issue/PROJECT-${spread}`,
    application: isRare ? 'rare' : APPLICATIONS[spread % APPLICATIONS.length],
    status,
    duration_ms: spread % 400,
    user_agent: AGENTS[spread % AGENTS.length],
  };
}

function rowOf(event, index, atMs) {
  const row = {
    id: `${eventIdBound(atMs)}${String(index).padStart(16, '0')}`,
    at_ms: atMs,
    count: 1,
    actor_key: event.actor,
    owner_key: event.owner,
    token_scope: 'read-only',
    peer: '192.0.2.1',
    method: 'GET',
    request_id: `seeded-${index}`,
    chain: CHAIN,
    chain_sequence: index + 1,
    previous_link: String(index).padStart(64, '0'),
    link: String(index + 1).padStart(64, '0'),
    ...event,
  };
  return COLUMNS.map((column) => row[column] ?? null);
}

/** The statements for this number of rows, each with its values. */
function* insertsOf({ count, startMs, stepMs, eventOf }) {
  const head = `INSERT INTO audit_events (${COLUMNS.join(', ')}) VALUES `;
  const row = `(${COLUMNS.map(() => '?').join(', ')})`;
  for (let start = 0; start < count; start += ROWS_IN_ONE_INSERT) {
    const rows = Array.from({ length: Math.min(ROWS_IN_ONE_INSERT, count - start) }, (_, index) =>
      rowOf(eventOf(start + index), start + index, startMs + Math.floor((start + index) * stepMs)),
    );
    yield { text: head + rows.map(() => row).join(', '), values: rows.flat() };
  }
}

/**
 * Inserts events; the newest is an hour old. Their chain has no valid links, so a verification reports them. Drops the
 * indexes and builds them again at the end, so no server may use the database meanwhile.
 * @param databaseUrl as in DATABASE_URL
 * @param options `stepMs` between two events, `eventOf` its number, `isCounted`: the server counts their usage
 */
export async function seedAuditEvents(databaseUrl, count, options = {}) {
  const { stepMs = STEP_MS, eventOf = searchedEvent, isCounted = false } = options;
  const startMs = Math.floor(Date.now() - 3_600_000 - count * stepMs);
  const events = { count, startMs, stepMs, eventOf, isCounted };
  if (databaseUrl.startsWith('sqlite:')) seedSqlite(databaseUrl.slice('sqlite:'.length), events);
  else await seedMysql(databaseUrl, events);
}

/** Usage is counted up to the head of a chain. */
function headsOf({ count, isCounted }) {
  if (!isCounted) return [];
  const text = 'INSERT INTO audit_chains (chain, sequence, link, purged_sequence, seal) VALUES (?, ?, ?, 0, ?)';
  return [{ text, values: [CHAIN, count, String(count).padStart(64, '0'), ''] }];
}

function seedSqlite(file, events) {
  const database = new Libsql(file);
  database.pragma('cache_size = -262144');
  const indexes = database
    .prepare(
      "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'audit_events' AND sql IS NOT NULL",
    )
    .all();
  database.exec('BEGIN');
  for (const { name } of indexes) database.exec(`DROP INDEX "${name}"`);
  let prepared = { text: '', statement: null };
  for (const { text, values } of insertsOf(events)) {
    if (prepared.text !== text) prepared = { text, statement: database.prepare(text) };
    prepared.statement.run(...values);
  }
  for (const { text, values } of headsOf(events)) database.prepare(text).run(...values);
  for (const { sql } of indexes) database.exec(sql);
  database.exec('COMMIT');
  database.exec('ANALYZE');
  database.close();
}

async function seedMysql(databaseUrl, events) {
  const connection = await createConnection({ uri: databaseUrl, charset: 'utf8mb4_bin' });
  const [rows] = await connection.query(
    `SELECT index_name AS name, non_unique AS isPlain, GROUP_CONCAT(CONCAT('\`', column_name, '\`') ORDER BY seq_in_index) AS columns
     FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'audit_events' AND index_name <> 'PRIMARY'
     GROUP BY index_name, non_unique`,
  );
  await connection.query(`ALTER TABLE audit_events ${rows.map(({ name }) => `DROP INDEX \`${name}\``).join(', ')}`);
  await connection.beginTransaction();
  let inTransaction = 0;
  for (const { text, values } of insertsOf(events)) {
    await connection.query(text, values);
    inTransaction += ROWS_IN_ONE_INSERT;
    if (inTransaction < 50_000) continue;
    inTransaction = 0;
    await connection.commit();
    await connection.beginTransaction();
  }
  for (const { text, values } of headsOf(events)) await connection.query(text, values);
  await connection.commit();
  const added = rows.map(
    ({ name, isPlain, columns }) => `ADD ${Number(isPlain) === 0 ? 'UNIQUE ' : ''}INDEX \`${name}\` (${columns})`,
  );
  await connection.query(`ALTER TABLE audit_events ${added.join(', ')}`);
  await connection.query('ANALYZE TABLE audit_events');
  await connection.end();
}
