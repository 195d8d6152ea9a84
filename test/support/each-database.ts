import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeWithMariaDb } from './external-servers.js';
import { startScopegateFixture, type ScopegateFixture } from './scopegate.fixture.js';

/** The settings of a fresh install, but that failures are not throttled: tests make many from one address. */
export const TEST_SETTINGS = {
  tokenValidity: { maximum: 'never', applyAtUse: false },
  ipRestriction: { allowList: [], applyToPasswords: false },
  reverseProxy: { enabled: false, trustedProxies: [], header: 'X-Forwarded-For' },
  passwords: { enabled: true, preventPathTraversal: false },
  throttling: { maxFailures: 0, windowSeconds: 60 },
  audit: { successes: true, failures: true, denials: true, anonymous: false, failOpen: false, retentionDays: 365 },
  purge: { expiredTokensAfterDays: 30 },
  reminders: { days: [30, 7, 1], mail: true },
};

/** The permissions of a fresh install. */
export const TEST_PERMISSIONS = {
  useTokens: { everyone: true, groups: [] },
  createForSelf: { everyone: true, groups: [], readOnlyOnly: false },
  createOnBehalf: { groups: ['administrators'] },
  introspect: { groups: ['administrators'] },
};

/**
 * The same tests on SQLite and again on a private MariaDB, each time with one server for all of them.
 * @param define gets a function that answers the server; it may be called inside tests and hooks only
 */
export function describeOnEachDatabase(title: string, define: (server: () => ScopegateFixture) => void): void {
  describeOnEachDatabaseWith({}, title, define);
}

/** The same with an environment of its own. */
export function describeOnEachDatabaseWith(
  env: Readonly<Record<string, string>>,
  title: string,
  define: (server: () => ScopegateFixture) => void,
): void {
  describe(`${title} on SQLite`, () => {
    withServer(() => Promise.resolve(env), define);
  });
  describeWithMariaDb(`${title} on MariaDB`, (mariaDb) => {
    withServer(async () => ({ DATABASE_URL: await mariaDb().createDatabase(), ...env }), define);
  });
}

/** Puts settings and permissions back to where the tests of a file expect them. */
export async function restoreRules(server: ScopegateFixture): Promise<void> {
  for (const [path, body] of [
    ['/settings', TEST_SETTINGS],
    ['/permissions', TEST_PERMISSIONS],
  ] as const) {
    const answer = await server.admin.put(path, body);
    if (answer.status !== 200) throw new Error(`PUT ${path} answered ${JSON.stringify(answer.body)}`);
  }
}

/** A name that no other call gives: tests share a server, and a database that is compared without case. */
export function unique(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`;
}

function withServer(
  environment: () => Promise<Readonly<Record<string, string>>>,
  define: (server: () => ScopegateFixture) => void,
): void {
  let started: ScopegateFixture | undefined;
  beforeAll(async () => {
    started = await startScopegateFixture({ env: await environment() });
    await restoreRules(started);
  });
  afterAll(async () => {
    await started?.stop();
  });
  define(() => {
    if (started === undefined) throw new Error('The server is there inside tests and hooks only.');
    return started;
  });
}
