import { afterAll, beforeAll, describe } from 'vitest';
import { isMariaDbAvailable, startMariaDb, type MariaDbServer } from './maria-db.server.js';
import { isRedisAvailable, startRedis, type RedisServer } from './redis.server.js';

/** A real server that a part of the tests stands on and that a machine may lack. */
export type ExternalPart = keyof typeof WHAT_IS_MISSING;

const WHAT_IS_MISSING = {
  mysql: 'no mariadbd on the PATH',
  redis: 'no redis-server on the PATH',
  apt: 'no apt-get, dpkg-deb or apt-ftparchive on the PATH',
  containerd: 'no containerd, no registry for it, or no root to run it',
  curl: 'no curl on the PATH',
  'git-lfs': 'no git-lfs on the PATH',
  mercurial: 'no hg on the PATH',
  'python-jira': 'no python3 with the module jira',
  registry: 'no docker-registry or skopeo on the PATH',
  samba: 'no samba with samba-ad-dc and samba-ad-provision, or no root to open its ports',
  slapd: 'no slapd or slapadd on the PATH, or no schema in /etc/ldap/schema',
  redmine: 'no Redmine in /usr/share/redmine, or no puma',
  'web-dav': 'no cadaver, or no Apache with mod_dav',
  svn: 'no svn, or no Apache with mod_dav_svn',
} as const;

const EXTERNAL_PARTS = Object.keys(WHAT_IS_MISSING) as readonly ExternalPart[];

/**
 * The parts whose absence is a failure, from SCOPEGATE_TEST_REQUIRE (names with commas between them).
 * @throws Error for a name that is no part, because a misspelt one would silently require nothing
 */
export function requiredParts(value = process.env['SCOPEGATE_TEST_REQUIRE'] ?? ''): ReadonlySet<ExternalPart> {
  const required = new Set<ExternalPart>();
  for (const name of value
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')) {
    const part = EXTERNAL_PARTS.find((candidate) => candidate === name);
    if (part === undefined) {
      throw new Error(`SCOPEGATE_TEST_REQUIRE names "${name}"; the names are ${EXTERNAL_PARTS.join(', ')}.`);
    }
    required.add(part);
  }
  return required;
}

/**
 * Whether the tests of a part can run here. Where they cannot, the reason is printed.
 * @throws Error when the part is missing and SCOPEGATE_TEST_REQUIRE names it
 */
export function canRunWith(part: ExternalPart, available: boolean, required = requiredParts()): boolean {
  if (available) {
    return true;
  }
  const reason = WHAT_IS_MISSING[part];
  if (required.has(part)) {
    throw new Error(`SCOPEGATE_TEST_REQUIRE names ${part}, and there is ${reason}.`);
  }
  console.warn(`Skipped: the ${part} tests, because there is ${reason}.`);
  return false;
}

/**
 * A describe block with a private MariaDB server, which runs from before the first test to after the last.
 * @param define gets a function that answers the server; it may be called inside tests and hooks only
 */
export function describeWithMariaDb(title: string, define: (server: () => MariaDbServer) => void): void {
  describeWithServer(title, canRunWith('mysql', isMariaDbAvailable()), startMariaDb, define);
}

/**
 * A describe block with a private Redis server, which runs from before the first test to after the last.
 * @param define gets a function that answers the server; it may be called inside tests and hooks only
 */
export function describeWithRedis(title: string, define: (server: () => RedisServer) => void): void {
  describeWithServer(title, canRunWith('redis', isRedisAvailable()), startRedis, define);
}

function describeWithServer<Server extends { stop(): Promise<void> }>(
  title: string,
  runs: boolean,
  start: () => Promise<Server>,
  define: (server: () => Server) => void,
): void {
  describe.runIf(runs)(title, () => {
    let started: Server | undefined;
    beforeAll(async () => {
      started = await start();
    });
    afterAll(async () => {
      await started?.stop();
    });
    define(() => {
      if (started === undefined) {
        throw new Error('The server is there inside tests and hooks only.');
      }
      return started;
    });
  });
}
