// The report of usage with a million events (R103), and what counting an event costs. `npm run bench:usage`
import { createConnection } from 'mysql2/promise';
import Libsql from 'libsql';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seedAuditEvents } from './lib/audit-seed.mjs';
import { startMariaDb } from './lib/mariadb.mjs';
import { BOTH_CORES, cleanUp, cpuMicroseconds, folder } from './lib/processes.mjs';
import { startScopegate } from './lib/scopegate.mjs';
import { quantile } from './lib/statistics.mjs';
import { DAYS, stepMsOf, usageEvent } from './lib/usage-seed.mjs';

const EVENTS = Number(process.env.USAGE_EVENTS ?? 1_000_000);
const REPEATS = Number(process.env.USAGE_REPEATS ?? 3);
const DAY_MS = 86_400_000;
const PASSWORD = 'a password of the benchmark';

/** One of the seeded users, who asks for its own rows. */
const USER = 'user7';

const KEYS = ['day', 'credential', 'application', 'user', 'code', 'token'];
const GROUPINGS = KEYS.flatMap((key, index) => [key, ...KEYS.slice(index + 1).map((second) => `${key},${second}`)]);

const FILTERS = {
  'no filter': {},
  'credential=password': { credential: 'password' },
  'application=…': { application: 'application3' },
  'code=…': { code: 'token_expired' },
  'outcome=…': { outcome: 'denied' },
  'user=…': { user: USER },
  'tokenId=…': { tokenId: 'token0000014' },
  'user=… credential=password': { user: USER, credential: 'password' },
  'clientIp=…': { clientIp: '192.0.2.7' },
  'q=…': { q: 'PROJECT-77' },
};

const RANGES_DAYS = [1, 30, DAYS];

/** @param align whether the range begins at the start of a day (UTC); else it has a part of one */
function rangeOf(days, align) {
  const nowMs = Date.now();
  const fromMs = align ? Math.floor(nowMs / DAY_MS - days + 1) * DAY_MS : nowMs - days * DAY_MS;
  return { from: new Date(fromMs).toISOString() };
}

async function timed(scopegate, question, headers = {}) {
  const path = `/reports/usage?${new URLSearchParams(question)}`;
  const durations = [];
  let answer;
  for (let index = 0; index < REPEATS; index += 1) {
    const startedAtMs = performance.now();
    answer = await scopegate.call('GET', path, undefined, headers);
    durations.push(performance.now() - startedAtMs);
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
  const { rows, complete } = answer.body;
  const events = rows.reduce((sum, row) => sum + row.events, 0);
  return { p50Ms: quantile(durations, 0.5), longestMs: Math.max(...durations), rows: rows.length, events, complete };
}

const textOf = ({ p50Ms, longestMs, rows, events, complete }) =>
  `${p50Ms.toFixed(0).padStart(6)} ms, longest ${longestMs.toFixed(0)} (${rows} rows, ${events} events${complete ? '' : ', not complete'})`;

function line(name, text) {
  process.stdout.write(`  ${name.padEnd(58)} ${text}\n`);
}

/** @returns the longest of these questions */
async function measureQuestions(scopegate, title, questions, headers) {
  let longest = { longestMs: 0 };
  for (const [name, question] of questions) {
    const measured = await timed(scopegate, question, headers);
    if (measured.longestMs > longest.longestMs) longest = { ...measured, name };
    line(`${title}: ${name}`, textOf(measured));
  }
  return { title, ...longest };
}

async function measureReports(scopegate) {
  const found = [];
  for (const days of RANGES_DAYS) {
    for (const align of [true, false]) {
      const range = rangeOf(days, align);
      const title = `${days} ${days === 1 ? 'day' : 'days'}${align ? '' : ' and parts of days'}`;
      const own = { authorization: `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}` };
      const everyKey = GROUPINGS.map((by) => [`by=${by}`, { ...range, by }]);
      const everyFilter = Object.entries(FILTERS).flatMap(([name, filter]) =>
        ['day', 'user,application'].map((by) => [`by=${by} ${name}`, { ...range, by, ...filter }]),
      );
      found.push(await measureQuestions(scopegate, `${title}, all`, everyKey));
      found.push(await measureQuestions(scopegate, `${title}, filtered`, everyFilter));
      found.push(await measureQuestions(scopegate, `${title}, own`, everyKey, own));
    }
  }
  process.stdout.write('\n  the longest of each\n');
  for (const { title, name, ...measured } of found) line(`${title}: ${name}`, textOf(measured));
}

/** Waits until all events are counted. @returns the CPU time for one event, of the gateway and of the database's server */
async function measureCounting(scopegate, databasePids) {
  const before = [scopegate.pids, databasePids].map(cpuMicroseconds);
  const startedAtMs = performance.now();
  const today = `/reports/usage?${new URLSearchParams({ ...rangeOf(1, true), by: 'day' })}`;
  while (!(await scopegate.must('GET', today)).complete) await wait(2_000);
  const [gateway, database] = [scopegate.pids, databasePids].map((pids, index) =>
    ((cpuMicroseconds(pids) - before[index]) / EVENTS).toFixed(1),
  );
  const seconds = ((performance.now() - startedAtMs) / 1_000).toFixed(0);
  line('all counted', `${seconds} s; CPU µs an event: gateway ${gateway}, database server ${database}`);
}

async function measure(title, database, name, query) {
  process.stdout.write(`\n${title}, ${EVENTS.toLocaleString('en')} events in ${DAYS} days\n`);
  const options = { cores: BOTH_CORES };
  const maker = await startScopegate(database, name, options);
  await maker.must('POST', '/users', { username: USER, password: PASSWORD });
  await maker.stop();
  // The user was there before the events; the names of a user count only while the user has them.
  await query(`UPDATE users SET created_at_ms = created_at_ms - ${(DAYS + 10) * DAY_MS} WHERE username = '${USER}'`);
  const url = await database.urlOf(name);
  await seedAuditEvents(url, EVENTS, { stepMs: stepMsOf(EVENTS), eventOf: usageEvent, isCounted: true });
  const scopegate = await startScopegate(database, name, options);
  await measureCounting(scopegate, database.pid === undefined ? [] : [database.pid]);
  await measureReports(scopegate);
  await scopegate.stop();
  const [{ number }] = await query('SELECT COUNT(*) AS number FROM usage_blocks');
  line('rows of counts', String(number));
}

async function onMariaDb() {
  const mariaDb = await startMariaDb({ givesWay: false });
  const connection = await createConnection({ uri: await mariaDb.urlOf('used') });
  await measure('MariaDB', mariaDb, 'used', async (sql) => (await connection.query(sql))[0]);
  await connection.end();
}

async function onSqlite() {
  const file = join(folder, 'used.sqlite');
  const query = (sql) => {
    const database = new Libsql(file);
    const statement = database.prepare(sql);
    const rows = statement.reader ? statement.all() : statement.run();
    database.close();
    return rows;
  };
  await measure('SQLite', { urlOf: () => `sqlite:${file}` }, 'used-sqlite', query);
}

try {
  const only = process.argv[2];
  if (only !== 'mariadb') await onSqlite();
  if (only !== 'sqlite') await onMariaDb();
} finally {
  await cleanUp();
}
