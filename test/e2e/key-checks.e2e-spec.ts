import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Database from 'libsql';
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childrenOf } from '../support/child-processes.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import {
  privateEnvironment,
  startPrivateProcess,
  waitUntilReady,
  type PrivateProcess,
} from '../support/private-process.js';
import { ensureBuilt, SERVER_PROGRAM } from '../support/project-build.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

type Environment = Readonly<Record<string, string>>;

const VERIFY_PROGRAM = resolve(import.meta.dirname, '../../dist/src/audit-verify.js');
const ANOTHER_KEY = 'another-key-of-more-than-32-characters';

let folder: TemporaryFolder;
let template: TemporaryFolder;
const started: PrivateProcess[] = [];

// A start takes seconds: most tests begin with a copy of what one start has left.
beforeAll(async () => {
  await ensureBuilt();
  template = createTemporaryFolder('keys-template');
  folder = template;
  await startOnce();
});

beforeEach(() => {
  folder = createTemporaryFolder('keys');
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.end('SIGTERM')));
  await folder.remove();
});

afterAll(() => template.remove());

const dataFile = (name: string): string => join(folder.path, 'data', name);

function run(environment: Environment = {}, program = SERVER_PROGRAM): PrivateProcess {
  const child = startPrivateProcess(process.execPath, [program], {
    cwd: folder.path,
    environment: { ...privateEnvironment(folder.path), PORT: '0', SCOPEGATE_DRAIN_MS: '0', ...environment },
  });
  started.push(child);
  return child;
}

/** Resolves with whether the server became ready; else it has ended. */
async function becomesReady(child: PrivateProcess): Promise<boolean> {
  const isReady = (): boolean => child.output().includes('Scopegate is ready');
  await waitUntilReady('The server', child, () => Promise.resolve(isReady()), 60_000).catch(() => undefined);
  return isReady();
}

/** Starts a server until it is ready, and ends it. */
async function startOnce(environment: Environment = {}): Promise<void> {
  const child = run(environment);
  if (!(await becomesReady(child))) throw new Error(child.output());
  expect(await child.end('SIGTERM')).toBe(0);
}

/** Gives the test a data folder on which a server has started and ended once. */
function copyFirstStart(): void {
  cpSync(join(template.path, 'data'), join(folder.path, 'data'), { recursive: true });
}

/** The one line with which a start ends that is refused. */
async function refusal(environment: Environment = {}): Promise<string> {
  const child = run(environment);
  expect(await child.exited).toBe(1);
  const lines = child
    .output()
    .split('\n')
    .filter((line) => line !== '');
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^Scopegate cannot start: /);
  return lines[0] ?? '';
}

describe('the keys of a database on SQLite', () => {
  /** Everything that is stored, without what a start that was refused might have added. */
  function stored(): string {
    const database = new Database(dataFile('scopegate.sqlite'), { readonly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all();
      return JSON.stringify(
        (tables as { name: string }[]).map(({ name }) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]),
      );
    } finally {
      database.close();
    }
  }

  function alter(...statements: readonly string[]): void {
    const database = new Database(dataFile('scopegate.sqlite'));
    for (const statement of statements) database.exec(statement);
    database.close();
  }

  /** The database as a version left it that knew no check values. */
  const forgetChecks = (): void =>
    alter('DROP TABLE key_checks', "DELETE FROM schema_migrations WHERE name LIKE 'KeyChecks%'");

  const changeKey = (name: string): void => {
    const secrets = JSON.parse(readFileSync(dataFile('secrets.json'), 'utf8')) as Record<string, string>;
    writeFileSync(dataFile('secrets.json'), JSON.stringify({ ...secrets, [name]: ANOTHER_KEY }));
  };

  it('R110: a lost secrets.json ends the start, and no other one takes its place', async () => {
    copyFirstStart();
    const before = stored();
    rmSync(dataFile('secrets.json'));
    const line = await refusal();
    expect(line).toContain('secrets.json" is missing');
    expect(line).toContain('SCOPEGATE_TOKEN_PEPPER and SCOPEGATE_ENCRYPTION_KEY');
    expect(existsSync(dataFile('secrets.json'))).toBe(false);
    expect(stored()).toBe(before);
    // One of the two keys is not enough.
    expect(await refusal({ SCOPEGATE_ENCRYPTION_KEY: ANOTHER_KEY })).toContain('SCOPEGATE_TOKEN_PEPPER');
    expect(existsSync(dataFile('secrets.json'))).toBe(false);
  });

  it('R110: a lost secrets.json ends the start on a database without check values as well', async () => {
    copyFirstStart();
    forgetChecks();
    rmSync(dataFile('secrets.json'));
    expect(await refusal()).toContain('secrets.json" is missing');
    expect(existsSync(dataFile('secrets.json'))).toBe(false);
  });

  it.each([
    ['tokenPepper', 'no token would be valid', 'SCOPEGATE_TOKEN_PEPPER'],
    ['encryptionKey', 'the audit log could no longer be verified', 'SCOPEGATE_ENCRYPTION_KEY'],
  ])(
    'R110: another %s ends the start, from the file and from the environment, and changes nothing',
    async (key, loss, name) => {
      copyFirstStart();
      const before = stored();
      const secrets = readFileSync(dataFile('secrets.json'), 'utf8');
      const fromEnvironment = await refusal({ [name]: ANOTHER_KEY });
      expect(fromEnvironment).toContain(`${name} is not the key that this database was created with`);
      expect(fromEnvironment).toContain(loss);
      changeKey(key);
      const fromFile = await refusal();
      expect(fromFile).toContain(`"${key}" in "`);
      expect(fromFile).toContain(`restore ${name}`);
      expect(fromFile + fromEnvironment).not.toContain(ANOTHER_KEY);
      expect(stored()).toBe(before);
      writeFileSync(dataFile('secrets.json'), secrets);
      await startOnce();
    },
  );

  it('R110: both keys are named where both are wrong', async () => {
    copyFirstStart();
    const line = await refusal({ SCOPEGATE_TOKEN_PEPPER: ANOTHER_KEY, SCOPEGATE_ENCRYPTION_KEY: ANOTHER_KEY });
    expect(line).toContain('SCOPEGATE_TOKEN_PEPPER and SCOPEGATE_ENCRYPTION_KEY are not the keys');
  });

  it('R110: a database of before keeps its keys: another encryption key does not fit its audit log', async () => {
    copyFirstStart();
    forgetChecks();
    const before = stored();
    const secrets = readFileSync(dataFile('secrets.json'), 'utf8');
    changeKey('encryptionKey');
    expect(await refusal()).toContain('"encryptionKey" in "');
    expect(stored()).toBe(before);
    writeFileSync(dataFile('secrets.json'), secrets);
    await startOnce();
    changeKey('tokenPepper');
    expect(await refusal()).toContain('"tokenPepper" in "');
  });

  it('R110: the check values tell nothing of the keys, and differ from database to database', async () => {
    const secrets = createSecrets();
    const values = async (): Promise<unknown[]> => {
      await startOnce(secrets);
      const database = new Database(dataFile('scopegate.sqlite'), { readonly: true });
      const rows = database.prepare('SELECT check_value FROM key_checks ORDER BY name').raw().all().flat();
      database.close();
      return rows;
    };
    const first = await values();
    rmSync(join(folder.path, 'data'), { recursive: true });
    const second = await values();
    expect(first).toHaveLength(2);
    expect(new Set([...first, ...second]).size).toBe(4);
    for (const value of first) expect(value).toMatch(/^v1\.[\w-]{22}\.[\w-]{43}$/);
  });

  it('R110: the verification of the audit log creates no keys, and tells a wrong key from a broken log', async () => {
    copyFirstStart();
    const wrong = run({ SCOPEGATE_ENCRYPTION_KEY: ANOTHER_KEY }, VERIFY_PROGRAM);
    expect(await wrong.exited).toBe(2);
    expect(wrong.output()).toContain('SCOPEGATE_ENCRYPTION_KEY is not the key');
    rmSync(dataFile('secrets.json'));
    expect(await run({}, VERIFY_PROGRAM).exited).toBe(2);
    expect(existsSync(dataFile('secrets.json'))).toBe(false);
  });

  it('R110: DATABASE_URL_FILE names the database, and a file that cannot be used ends the start', async () => {
    const name = join(folder.path, 'database-url');
    writeFileSync(name, `\uFEFF  sqlite:${join(folder.path, 'named.sqlite')} \r\n`);
    await startOnce({ DATABASE_URL_FILE: name });
    expect(existsSync(join(folder.path, 'named.sqlite'))).toBe(true);
    expect(existsSync(dataFile('scopegate.sqlite'))).toBe(false);
    expect(await refusal({ DATABASE_URL_FILE: `${name}.gone` })).toContain('DATABASE_URL_FILE');
  });
});

describeWithMariaDb('the keys of a database that several nodes share', (mariaDb) => {
  it('R110: a second node with another key never starts, and says which', async () => {
    const shared = { ...createSecrets(), DATABASE_URL: await mariaDb().createDatabase() };
    const first = run({ ...shared, SCOPEGATE_DATA_DIR: join(folder.path, 'first') });
    expect(await becomesReady(first)).toBe(true);
    const connection = await createConnection(shared.DATABASE_URL);
    const nodes = async (): Promise<unknown> => (await connection.query('SELECT id FROM nodes'))[0];
    const before = await nodes();
    for (const name of ['SCOPEGATE_TOKEN_PEPPER', 'SCOPEGATE_ENCRYPTION_KEY']) {
      expect(await refusal({ ...shared, [name]: ANOTHER_KEY })).toContain(`${name} is not the key`);
    }
    expect(await nodes()).toEqual(before);
    await connection.end();
    expect(await becomesReady(run({ ...shared, SCOPEGATE_DATA_DIR: join(folder.path, 'second') }))).toBe(true);
  });

  it('R110: of two first starts at once with different keys one is served, and the other one ends', async () => {
    const file = join(folder.path, 'database-url');
    writeFileSync(file, `${await mariaDb().createDatabase()}\n`);
    const nodes = ['one', 'two', 'three'].map((name) =>
      run({ ...createSecrets(), DATABASE_URL_FILE: file, SCOPEGATE_DATA_DIR: join(folder.path, name) }),
    );
    const ready = await Promise.all(nodes.map(becomesReady));
    expect(ready.filter((isReady) => isReady)).toHaveLength(1);
    for (const [index, node] of nodes.entries()) {
      if (ready[index] === true) continue;
      expect(await node.exited).toBe(1);
      expect(node.output()).toMatch(/SCOPEGATE_TOKEN_PEPPER and SCOPEGATE_ENCRYPTION_KEY are not the keys[^\n]*\n$/);
      expect(node.output()).not.toContain('First administrator');
    }
  });

  it('R110: of nodes that start at once and differ in one key, those end that differ from the first, and name it', async () => {
    const common = { ...createSecrets(), DATABASE_URL: await mariaDb().createDatabase() };
    const environments = [
      common,
      { ...common, SCOPEGATE_TOKEN_PEPPER: ANOTHER_KEY },
      { ...common, SCOPEGATE_ENCRYPTION_KEY: ANOTHER_KEY },
    ];
    const nodes = environments.map((environment, index) =>
      run({ ...environment, SCOPEGATE_DATA_DIR: join(folder.path, String(index)) }),
    );
    const ready = await Promise.all(nodes.map(becomesReady));
    expect(ready.filter((isReady) => isReady)).toHaveLength(1);
    const first = environments[ready.indexOf(true)];
    for (const [index, node] of nodes.entries()) {
      if (ready[index] === true) continue;
      expect(await node.exited).toBe(1);
      for (const name of ['SCOPEGATE_TOKEN_PEPPER', 'SCOPEGATE_ENCRYPTION_KEY'] as const) {
        const isNamed = new RegExp(`${name}( and [A-Z_]+)? (is|are) not the key`).test(node.output());
        const isLast = new RegExp(`and ${name} are not the keys`).test(node.output());
        expect([index, name, isNamed || isLast]).toEqual([index, name, environments[index]?.[name] !== first?.[name]]);
      }
      expect(node.output()).not.toContain('First administrator');
    }
  });

  it('R110: workers with a wrong key end as one, with one line', async () => {
    const shared = { ...createSecrets(), DATABASE_URL: await mariaDb().createDatabase(), SCOPEGATE_WORKERS: '2' };
    await startOnce(shared);
    const child = run({ ...shared, SCOPEGATE_TOKEN_PEPPER: ANOTHER_KEY });
    expect(await child.exited).toBe(1);
    expect(child.output()).toMatch(/^Scopegate cannot start: SCOPEGATE_TOKEN_PEPPER is not the key[^\n]*\n$/);
    expect(childrenOf(child.pid)).toEqual([]);
  });
});
