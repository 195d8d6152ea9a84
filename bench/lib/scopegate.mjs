// Scopegate as users run it, started from dist/.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { allowListOf } from './allow-list.mjs';
import { answering, folder, freePort, memoryMegabytes, PROXY_CORE, root, start } from './processes.mjs';

const ADMIN_PASSWORD = 'a benchmark password';
export const PEPPER = 'p'.repeat(40);

/** A read-only token may POST to this path below the mount. */
export const READ_ONLY_POST = '/rest/api/2/search';

/** The arguments of Node from `npm start`. */
const START_ARGUMENTS = readFileSync(join(root, 'bin/scopegate'), 'utf8')
  .match(/^ {2}--\S+/gm)
  .map((line) => line.trim());

/** How often it is checked. A check takes 3 ms of CPU, which count as those of requests. */
const SETTLE_INTERVAL_MS = 1_000;

/** The limit for the journal to reach the database after the load. */
const SETTLE_LIMIT_MS = 120_000;

/**
 * Starts a server on a database with the same name.
 * @param options `cores` it may run on, more `environment`, `nodeArguments`
 */
export async function startScopegate(database, name, options = {}) {
  const { cores = PROXY_CORE, environment = {}, nodeArguments = [] } = options;
  const port = await freePort();
  const url = await database.urlOf(name);
  const startedAtMs = performance.now();
  const running = start(
    cores,
    process.execPath,
    [...START_ARGUMENTS, ...nodeArguments, join(root, 'dist/src/main.js')],
    {
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        PORT: String(port),
        LOG_LEVEL: 'warn',
        DATABASE_URL: url,
        SCOPEGATE_DATA_DIR: join(folder, `data-${name}`),
        SCOPEGATE_DRAIN_MS: '0',
        SCOPEGATE_ADMIN_PASSWORD: ADMIN_PASSWORD,
        SCOPEGATE_TOKEN_PEPPER: PEPPER,
        SCOPEGATE_ENCRYPTION_KEY: 'e'.repeat(40),
        ...environment,
      },
    },
  );
  await answering(port, running, '/health/ready');
  const startUpMs = performance.now() - startedAtMs;
  return new Scopegate(running, name, port, { startUpMs, memoryMb: memoryMegabytes([running.pid]) });
}

class Scopegate {
  #authorization = `Basic ${Buffer.from(`admin:${ADMIN_PASSWORD}`).toString('base64')}`;

  constructor(running, name, port, afterStart) {
    this.pids = [running.pid];
    this.stop = running.stop;
    /** Also the name of the database. */
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.afterStart = afterStart;
  }

  /** Calls the management API as the administrator and returns any answer. */
  async call(method, path, body, headers = {}) {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: this.#authorization,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }

  /** The same, but returns the body. Any status but a success ends the run. */
  async must(method, path, body) {
    const { status, body: answer } = await this.call(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** A figure of /metrics; the sum of all lines of this name that hold these labels. */
  async metric(name, labels = '') {
    const answer = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(60_000) });
    const lines = (await answer.text()).split('\n');
    const values = lines
      .filter((line) => line.startsWith(`scopegate_${name}`) && line.includes(labels))
      .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
    if (values.length === 0) throw new Error(`/metrics has no ${name}.`);
    return values.reduce((sum, value) => sum + value, 0);
  }

  /** Waits until all recorded events are in the database. @returns how long that took */
  async settle() {
    const startedAtMs = performance.now();
    while (performance.now() - startedAtMs < SETTLE_LIMIT_MS) {
      await wait(SETTLE_INTERVAL_MS);
      if ((await this.metric('journal_backlog_bytes')) === 0) return performance.now() - startedAtMs;
    }
    throw new Error('What was journaled does not reach the database.');
  }
}

/**
 * Everything on: an allow list, permissions by group, applications, a read-only token, the audit of everything.
 * Answers of the applications `bench` and `stored` are counted, and those of `unaudited` are not.
 * @returns the token of the load and how to present it
 */
export async function equip(scopegate, upstream, { allowListSize = 100, applications = ['bench', 'unaudited'] } = {}) {
  for (const key of applications) {
    await scopegate.must('POST', '/applications', {
      key,
      kind: 'jira',
      version: '9.12.0',
      mount: { pathPrefix: `/${key}` },
      upstream: upstream.url,
      readOnlyExceptions: [{ method: 'POST', path: READ_ONLY_POST }],
    });
  }
  await scopegate.must('PATCH', '/settings', {
    ipRestriction: { allowList: allowListOf(allowListSize) },
    reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'], header: 'X-Forwarded-For' },
    audit: { successes: true, failures: true, denials: true },
    throttling: { maxFailures: 0 },
  });
  for (const [group, username] of [
    ['load', 'alice'],
    ['others', 'bob'],
  ]) {
    await scopegate.must('POST', '/groups', { name: group });
    await scopegate.must('POST', '/users', { username, groups: [group] });
  }
  await scopegate.must('PATCH', '/permissions', { useTokens: { everyone: false, groups: ['load', 'others'] } });
  const token = await scopegate.must('POST', '/tokens', { description: 'bench', scope: 'read-only', owner: 'alice' });
  return {
    ...token,
    basic: `Authorization: Basic ${Buffer.from(`alice:${token.secret}`).toString('base64')}`,
    bearer: `Authorization: Bearer ${token.secret}`,
  };
}

/** Makes the application `stored`, which gets a credential of its users in place of a header, and deposits one of alice. */
export async function equipWithDeposit(scopegate, upstream) {
  await scopegate.must('POST', '/applications', {
    key: 'stored',
    kind: 'jira',
    version: '9.12.0',
    mount: { pathPrefix: '/stored' },
    upstream: upstream.url,
    identity: { mode: 'credential', perUser: true },
  });
  const password = 'a password of the benchmark';
  await scopegate.must('PATCH', '/users/alice', { password });
  const authorization = `Basic ${Buffer.from(`alice:${password}`).toString('base64')}`;
  const deposit = { type: 'bearer', secret: 'a-personal-access-token-of-alice' };
  const { status, body } = await scopegate.call('PUT', '/me/credentials/stored', deposit, { authorization });
  if (status !== 200) throw new Error(`The credential was not stored: ${status} ${JSON.stringify(body)}`);
}
