import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createConnection } from 'mysql2/promise';
import { describeWithMariaDb } from '../support/external-servers.js';
import { freePort } from '../support/free-port.js';
import {
  privateEnvironment,
  startPrivateProcess,
  unprivilegedUser,
  waitUntilReady,
  type PrivateProcess,
} from '../support/private-process.js';
import { ensureBuilt, SERVER_PROGRAM } from '../support/project-build.js';
import { createSecrets } from '../support/scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const user = unprivilegedUser();

let folder: TemporaryFolder;
let data: string;
let template: TemporaryFolder;

// A start takes seconds: most tests begin with a copy of what one start has left.
beforeAll(async () => {
  await ensureBuilt();
  createFolder();
  template = folder;
  await startOnce();
});

beforeEach(createFolder);

function createFolder(): void {
  folder = createTemporaryFolder('refused');
  data = join(folder.path, 'data');
  mkdirSync(data);
  giveAway(folder.path);
}

afterEach(async () => {
  forEachPath(folder.path, (path) => chmodSync(path, 0o700));
  await folder.remove();
});

afterAll(() => template.remove());

/** The server runs as another user than the tests where these run as root, whom nothing is refused. */
function giveAway(path: string): void {
  forEachPath(path, (each) => {
    if (user !== undefined) chownSync(each, user.uid, user.gid);
  });
}

function forEachPath(path: string, act: (path: string) => void): void {
  act(path);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) forEachPath(join(path, name), act);
}

function start(environment: Readonly<Record<string, string>>): PrivateProcess {
  return startPrivateProcess(process.execPath, [SERVER_PROGRAM], {
    cwd: '/',
    environment: {
      ...privateEnvironment(folder.path),
      PORT: '0',
      LOG_LEVEL: 'fatal',
      SCOPEGATE_DRAIN_MS: '0',
      SCOPEGATE_DATA_DIR: data,
      SCOPEGATE_ADMIN_PASSWORD: 'correct horse battery',
      ...environment,
    },
    user,
  });
}

/** Starts the server until it is ready, and ends it. */
async function startOnce(): Promise<void> {
  const port = await freePort();
  const child = start({ PORT: String(port) });
  const isReady = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitUntilReady('The server', child, isReady, 180_000);
  expect(await child.end('SIGTERM')).toBe(0);
}

/** Gives the test a data folder on which a server has started and ended once. */
function copyFirstStart(): void {
  cpSync(join(template.path, 'data'), data, { recursive: true });
  giveAway(data);
}

/** Each case starts the server. */
vi.setConfig({ testTimeout: 240_000 });

/** Expects one line that names the path and says what to do. */
async function expectRefusal(path: string, environment: Readonly<Record<string, string>> = {}): Promise<void> {
  const child = start(environment);
  expect(await child.exited, child.output()).toBe(1);
  const lines = child.output().trim().split('\n');
  expect(lines, child.output()).toHaveLength(1);
  expect(lines[0]).toMatch(/^Scopegate cannot start: .*\b(give|name|check|mount|make|all rights)\b/i);
  expect(lines[0]).toContain(path);
}

describe('a start that the file system refuses', () => {
  it('R63: a new database in a folder that must not be written is one line', async () => {
    chmodSync(data, 0o500);
    await expectRefusal(data);
  });

  it('R63: a data directory below a folder that must not be entered, or below a file, is one line', async () => {
    chmodSync(data, 0o000);
    await expectRefusal(join(data, 'below'), { SCOPEGATE_DATA_DIR: join(data, 'below') });
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await expectRefusal(join(file, 'below'), { SCOPEGATE_DATA_DIR: join(file, 'below') });
  });

  it.each([
    ['the folder', '', 0o500],
    ['the folder, and it cannot be looked into', '', 0o000],
    ['the database file', 'scopegate.sqlite', 0o400],
    ['the database file, and it cannot be read', 'scopegate.sqlite', 0o000],
    ['the file of the keys', 'secrets.json', 0o000],
    ['the journal', 'journal', 0o000],
    ['a folder of the journal', 'journal/0', 0o500],
    ['the lock of a folder of the journal', 'journal/0/lock', 0o000],
  ])('R63: %s that is another one’s is one line', async (_what, name, mode) => {
    copyFirstStart();
    chmodSync(join(data, name), mode);
    await expectRefusal(name.startsWith('journal') ? join(data, 'journal') : join(data, name));
  });

  it('R63: a folder of the journal that another process left and that is another one’s is one line', async () => {
    copyFirstStart();
    const left = join(data, 'journal', '7');
    mkdirSync(left);
    giveAway(left);
    chmodSync(left, 0o000);
    await expectRefusal(join(data, 'journal'));
  });

  it('R63: a file that holds a key and cannot be read is one line', async () => {
    const file = join(folder.path, 'pepper');
    writeFileSync(file, 'x'.repeat(40));
    giveAway(file);
    chmodSync(file, 0o000);
    await expectRefusal(file, { SCOPEGATE_TOKEN_PEPPER_FILE: file });
  });

  it('R63: a file that is no database is one line', async () => {
    const file = join(data, 'scopegate.sqlite');
    writeFileSync(file, 'no database at all, but long enough to be taken for one'.repeat(100));
    giveAway(file);
    await expectRefusal(file);
  });
});

describeWithMariaDb('a start that the database refuses', (server) => {
  it.each([
    ['no right to make tables', 'GRANT SELECT, INSERT, UPDATE, DELETE'],
    ['no right to change anything', 'GRANT SELECT'],
  ])('R63: %s is one line', async (_what, grant) => {
    const url = new URL(await server().createDatabase());
    const root = await createConnection(url.href);
    const name = `poor${String(Date.now())}`;
    try {
      await root.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'word'`);
      await root.query(`${grant} ON \`${url.pathname.slice(1)}\`.* TO ${name}@'%'`);
      url.username = name;
      url.password = 'word';
      await expectRefusal(url.pathname.slice(1), { ...createSecrets(), DATABASE_URL: url.href });
    } finally {
      await root.query(`DROP USER ${name}@'%'`);
      await root.end();
    }
  });
});
