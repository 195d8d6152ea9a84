import { join } from 'node:path';
import Database from 'libsql';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterEach, describe, expect, it } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { createSecrets } from '../support/scopegate.process.js';

interface Health {
  readonly status: string;
  readonly checks: Readonly<Record<string, string>>;
}

let gateway: ScopegateFixture | undefined;
afterEach(async () => {
  await gateway?.stop();
  gateway = undefined;
});

async function readiness(): Promise<string> {
  const answer = await fetch(`${gateway?.url}/health/ready`);
  const { status, checks } = (await answer.json()) as Health;
  return `${answer.status} ${status} ${checks['database']}`;
}

const READY = '200 ok ok';
const NOT_READY = '503 failing failing';

/** For half a second an answer may be the one of before. */
const WITHIN = { timeout: 30_000 };

describeWithMariaDb('readiness and a server that only reads', (mariaDb) => {
  it('R81: is not given while the server is read-only, or tables are locked', async () => {
    const url = new URL(await mariaDb().createDatabase());
    const name = url.pathname.slice(1);
    const root = await createConnection({ host: '127.0.0.1', port: mariaDb().port, user: 'root', database: name });
    const connections: Connection[] = [root];
    try {
      // An account without the right to write all the same.
      await root.query("CREATE USER IF NOT EXISTS 'gate'@'%' IDENTIFIED BY 'gate'");
      await root.query(`GRANT ALL ON ${name}.* TO 'gate'@'%'`);
      url.username = 'gate';
      url.password = 'gate';
      gateway = await startScopegateFixture({ env: { ...createSecrets(), DATABASE_URL: url.href } });
      await expect.poll(readiness, WITHIN).toBe(READY);
      await root.query('SET GLOBAL read_only = 1');
      await expect.poll(readiness, WITHIN).toBe(NOT_READY);
      await root.query('SET GLOBAL read_only = 0');
      await expect.poll(readiness, WITHIN).toBe(READY);
      // By whom a backup is made.
      const backup = await createConnection({ host: '127.0.0.1', port: mariaDb().port, user: 'root', database: name });
      connections.push(backup);
      for (const lock of ['LOCK TABLES tokens READ', 'LOCK TABLES audit_events WRITE', 'FLUSH TABLES WITH READ LOCK']) {
        await backup.query(lock);
        await expect.poll(readiness, WITHIN).toBe(NOT_READY);
        await backup.query('UNLOCK TABLES');
        await expect.poll(readiness, WITHIN).toBe(READY);
      }
    } finally {
      await root.query('SET GLOBAL read_only = 0');
      for (const connection of connections) await connection.end();
    }
  }, 120_000);
});

describe('readiness and a locked file', () => {
  it('R81: is not given while another process keeps SQLite from writing', async () => {
    gateway = await startScopegateFixture();
    await expect.poll(readiness, WITHIN).toBe(READY);
    const other = new Database(join(gateway.folder, 'scopegate.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    try {
      await expect.poll(readiness, WITHIN).toBe(NOT_READY);
    } finally {
      other.exec('ROLLBACK');
      other.close();
    }
    await expect.poll(readiness, WITHIN).toBe(READY);
  });
});
