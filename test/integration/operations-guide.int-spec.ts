import { spawn } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSource } from '../architecture/source-tree.js';
import { createApiClient } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { privateEnvironment } from '../support/private-process.js';
import { ensureBuilt } from '../support/project-build.js';
import { createSecrets, startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const PROJECT = resolve(import.meta.dirname, '../..');

type Environment = Readonly<Record<string, string>>;

/** The commands of the guide by the comment that they begin with. */
const COMMANDS = new Map(
  [...readSource('docs/guides/operations.md').matchAll(/^```sh\n# ([^\n]+)\n([^]*?)^```$/gm)].map((match) => [
    match[1] ?? '',
    match[2] ?? '',
  ]),
);

const used = new Set<string>();

/** Runs commands of the guide as they stand there, and answers their output. */
async function runFromGuide(title: string, environment: Environment): Promise<string> {
  used.add(title);
  const commands = COMMANDS.get(title);
  if (commands === undefined) throw new Error(`The guide has no commands "${title}".`);
  const child = spawn('bash', ['-euo', 'pipefail', '-c', commands], { cwd: PROJECT, env: { ...environment } });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => output.push(String(text)));
  const exitCode = await new Promise((done) => child.once('close', done));
  if (exitCode !== 0) throw new Error(`"${title}" ended with ${String(exitCode)}:\n${output.join('')}`);
  return output.join('');
}

type Place = {
  readonly kind: 'SQLite' | 'MariaDB';
  /** The configuration of the server. */
  readonly env: Environment;
  /** More variables, which the commands use. */
  readonly shell: Environment;
};

function guideTests(newPlace: () => Promise<Place>): void {
  it('R83: the commands of the guide upgrade, back up, restore, roll back and help with what is lost', async () => {
    const home = createTemporaryFolder('guide').path;
    const dataFolder = join(home, 'data');
    const backup = join(home, 'backup');
    mkdirSync(backup, { mode: 0o700 });
    const { kind, env, shell } = await newPlace();
    const environment = {
      ...privateEnvironment(home),
      SCOPEGATE_DATA_DIR: dataFolder,
      BACKUP: backup,
      ...env,
      ...shell,
    };
    const run = (title: string, more: Environment = {}): Promise<string> =>
      runFromGuide(title, { ...environment, ...more });
    let server: ScopegateProcess | null = null;
    const start = async (more: Environment = {}): Promise<ScopegateProcess> =>
      (server = await startScopegate({
        env: { ...env, SCOPEGATE_ADMIN_PASSWORD: 'correct horse battery', ...more },
        dataFolder,
      }));
    const descriptions = async (node: ScopegateProcess, password: string): Promise<readonly string[]> => {
      const list = await createApiClient(node.url, { user: 'admin', password }).get<{
        items: { description: string }[];
      }>('/tokens?sort=createdAt');
      return list.body.items.map(({ description }) => description);
    };
    const make = (node: ScopegateProcess, description: string): Promise<unknown> =>
      createApiClient(node.url, { user: 'admin', password: node.adminPassword }).post('/tokens', {
        scope: 'read-only',
        description,
      });
    try {
      const first = await start();
      await make(first, 'before the backup');
      await run(`backup: ${kind}`);
      const copy = join(backup, kind === 'SQLite' ? 'scopegate.sqlite' : 'scopegate.sql');
      expect(statSync(copy).mode & 0o077).toBe(0);
      await make(first, 'after the backup');
      const running = await run('upgrade: what runs now', { SCOPEGATE_URL: first.url });
      expect(running).toContain('"schema":');
      const password = /password "(\w+)"/.exec(await run('password: a new one'))?.[1] ?? '';
      await expect.poll(() => descriptions(first, password)).toHaveLength(2);
      expect(await first.stop()).toBe(0);

      await run(`restore: ${kind}`);
      const restored = await start();
      expect(await descriptions(restored, restored.adminPassword)).toEqual(['before the backup']);
      expect(await run('restore: the audit log')).toContain('"intact":true');
      expect(await restored.stop()).toBe(0);

      await run('rollback: the newest migration');
      expect(await run('upgrade: the tables')).toContain('were migrated');
      expect(await run('upgrade: the tables')).toContain('are up to date');

      const { SCOPEGATE_TOKEN_PEPPER } = createSecrets();
      await expect(start({ SCOPEGATE_TOKEN_PEPPER })).rejects.toThrow('SCOPEGATE_TOKEN_PEPPER is not the key');
      await run(`lost pepper: ${kind}`);
      const adopted = await start({ SCOPEGATE_TOKEN_PEPPER });
      expect(await descriptions(adopted, adopted.adminPassword)).toEqual(['before the backup']);
      expect(await adopted.stop()).toBe(0);
      server = null;
    } finally {
      await (server as ScopegateProcess | null)?.kill9();
    }
  }, 400_000);
}

beforeAll(async () => ensureBuilt());

describe('the guide on SQLite', () => {
  // The guide keeps the database and the keys in the data directory, as the server does by default.
  guideTests(() => Promise.resolve({ kind: 'SQLite', env: {}, shell: {} }));
});

describeWithMariaDb('the guide on MariaDB', (server) => {
  guideTests(async () => {
    const url = new URL(await server().createDatabase());
    const file = join(createTemporaryFolder('guide').path, 'client.cnf');
    writeFileSync(file, `[client]\nhost=${url.hostname}\nport=${url.port}\nuser=root\n`);
    return {
      kind: 'MariaDB',
      env: { ...createSecrets(), DATABASE_URL: url.href },
      shell: { DATABASE_CNF: file, DATABASE_NAME: url.pathname.slice(1) },
    };
  });

  it('R83: every command of the guide has been run', () => {
    expect([...COMMANDS.keys()].filter((title) => !used.has(title))).toEqual([]);
  });
});
