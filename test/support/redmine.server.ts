import { randomBytes } from 'node:crypto';
import { accessSync, constants, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'libsql';
import { runSuccessfully } from './client-program.js';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** Where Debian's packages `redmine` and `redmine-sqlite` put the program, its gems' list, and its first database. */
const PROGRAM = '/usr/share/redmine';
const GEMS = '/var/lib/redmine/Gemfile.lock';
const DATABASE = '/var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default';

/** A private copy of Redmine with the project `demo` and the users alice and bob, who manage it. */
export type RedmineServer = PrivateServer & {
  readonly url: string;
  /** The administrator's key, which acts for every user. */
  readonly apiKey: string;
  /** The keys that Redmine shows these users for themselves. */
  readonly apiKeyOfAlice: string;
  readonly apiKeyOfBob: string;
  /** Asks past the gateway, as the administrator. */
  ask<Answer>(path: string, body?: object): Promise<Answer>;
};

export function isRedmineAvailable(): boolean {
  try {
    for (const path of [PROGRAM, GEMS, DATABASE]) accessSync(path, constants.R_OK);
    return findProgram('puma') !== undefined;
  } catch {
    return false;
  }
}

export async function startRedmine(): Promise<RedmineServer> {
  const apiKey = randomBytes(20).toString('hex');
  const server = await startPrivateServer({
    name: 'redmine',
    program: findProgram('puma') ?? 'puma',
    argumentsFor: (folder, port) => [
      '--dir',
      folder,
      '-e',
      'production',
      '-t',
      '1:4',
      '-b',
      `tcp://${PRIVATE_HOST}:${port}`,
    ],
    accepts: async (port) => (await fetch(`http://${PRIVATE_HOST}:${port}/login`).catch(() => null))?.status === 200,
    readyTimeoutMs: 120_000,
    prepare: async (folder) => {
      copyProgram(folder);
      addKey(join(folder, 'db.sqlite'), apiKey);
      await runSuccessfully('chmod', ['-R', 'a+rwX', folder], { cwd: folder });
    },
  });
  const url = `http://${PRIVATE_HOST}:${server.port}`;
  const ask = async <Answer>(path: string, body?: object): Promise<Answer> => {
    const answer = await fetch(`${url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'X-Redmine-API-Key': apiKey, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`Redmine answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Answer;
  };
  await ask('/projects.json', { project: { name: 'Demo', identifier: 'demo' } });
  const { roles } = await ask<{ roles: readonly { id: number; name: string }[] }>('/roles.json');
  const manager = roles.find(({ name }) => name === 'Manager')?.id;
  /** @returns the key of the new user */
  const addManager = async (firstname: string): Promise<string> => {
    const login = firstname.toLowerCase();
    const { user } = await ask<{ user: { id: number; api_key: string } }>('/users.json', {
      user: {
        login,
        firstname,
        lastname: 'Test',
        mail: `${login}@example.org`,
        password: randomBytes(12).toString('hex'),
      },
    });
    await ask('/projects/demo/memberships.json', { membership: { user_id: user.id, role_ids: [manager] } });
    return user.api_key;
  };
  const apiKeyOfAlice = await addManager('Alice');
  const apiKeyOfBob = await addManager('Bob');
  return Object.assign(server, { url, apiKey, apiKeyOfAlice, apiKeyOfBob, ask });
}

function copyProgram(folder: string): void {
  cpSync(PROGRAM, folder, {
    recursive: true,
    // Links to the machine's own instance.
    filter: (source) => !['instances', 'Gemfile.lock', 'database.yml'].some((name) => source === join(PROGRAM, name)),
  });
  rmSync(join(folder, 'config/database.yml'), { force: true });
  copyFileSync(GEMS, join(folder, 'Gemfile.lock'));
  const instance = join(folder, 'instances/default');
  for (const name of ['config', 'files', 'log', 'tmp', 'public']) mkdirSync(join(instance, name), { recursive: true });
  copyFileSync(DATABASE, join(folder, 'db.sqlite'));
  const settings = `production:\n  adapter: sqlite3\n  database: ${join(folder, 'db.sqlite')}\n  encoding: utf8\n`;
  for (const path of [join(instance, 'config/database.yml'), join(folder, 'config/database.yml')]) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, settings);
  }
  writeFileSync(join(instance, 'config/secret_key.txt'), randomBytes(64).toString('hex'));
}

/** What an administrator does in Redmine's settings: switches its REST API on, and gets a key. */
function addKey(path: string, apiKey: string): void {
  const database = new Database(path);
  const now = '2026-01-01 00:00:00';
  database.prepare(`INSERT INTO settings(name, value, updated_on) VALUES ('rest_api_enabled', '1', ?)`).run(now);
  database
    .prepare(`INSERT INTO tokens(user_id, action, value, created_on, updated_on) VALUES (1, 'api', ?, ?, ?)`)
    .run(apiKey, now, now);
  database.close();
}
