import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createApiClient } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { privateEnvironment, startPrivateProcess } from '../support/private-process.js';
import { BUILT_SOURCES, ensureBuilt } from '../support/project-build.js';
import { createSecrets, startScopegate } from '../support/scopegate.process.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

type Environment = Readonly<Record<string, string>>;

/** Runs one of the commands on a database, and answers what it wrote. */
async function runCommand(name: string, env: Environment): Promise<{ exitCode: number; out: string; all: string }> {
  const folder = createTemporaryFolder('command').path;
  const child = startPrivateProcess(process.execPath, [join(BUILT_SOURCES, `${name}.js`)], {
    cwd: folder,
    environment: { ...privateEnvironment(folder), ...env },
  });
  const exitCode = await child.exited;
  return { exitCode, out: child.standardOutput(), all: child.output() };
}

async function resetPassword(env: Environment): Promise<string> {
  const { exitCode, out, all } = await runCommand('admin-reset', env);
  expect(exitCode, all).toBe(0);
  return /^New password: user name "admin", password "([A-Za-z0-9]{24})"\./.exec(out)?.[1] ?? '';
}

beforeAll(async () => ensureBuilt());

function adminResetTests(newEnvironment: () => Promise<Record<string, string>>): void {
  it('R20, R83: admin:reset sets a new password while the server runs, and restores a lost administrator', async () => {
    const dataFolder = createTemporaryFolder('reset').path;
    const env = { ...createSecrets(), SCOPEGATE_DATA_DIR: dataFolder, ...(await newEnvironment()) };
    const server = await startScopegate({ env, dataFolder });
    const first = { user: 'admin', password: server.adminPassword };
    const status = async (url: string, password: string): Promise<number> =>
      (await createApiClient(url, { user: 'admin', password }).get('/users')).status;
    try {
      const other = { user: 'other', password: 'correct horse battery' };
      await createApiClient(server.url, first).post('/users', {
        username: other.user,
        password: other.password,
        groups: ['administrators'],
      });
      const client = createApiClient(server.url, other);
      expect((await client.patch('/users/admin', { active: false, groups: [] })).status).toBe(200);
      expect(await status(server.url, first.password)).toBe(401);

      const password = await resetPassword(env);
      await expect.poll(() => status(server.url, password)).toBe(200);
      expect(await status(server.url, first.password)).toBe(401);
      const { body } = await client.get<{ items: { actor: string; detail: object }[] }>(
        '/audit-events?type=user.changed&limit=1',
      );
      expect(body.items).toMatchObject([
        {
          actor: 'system',
          detail: {
            subject: 'admin',
            changes: {
              active: { before: false, after: true },
              groups: { before: [], after: ['administrators'] },
            },
            passwordChange: 'changed',
            command: 'admin:reset',
          },
        },
      ]);
      expect(JSON.stringify(body)).not.toContain(password);
      expect(server.output()).not.toContain(password);

      // A user that was deleted is made anew.
      expect((await client.delete('/users/admin')).status).toBe(204);
      const anew = await resetPassword(env);
      await expect.poll(() => status(server.url, anew)).toBe(200);
      // It is found by its other names too, as the first one was.
      const as = createApiClient(server.url, { user: 'admin', password: anew });
      const found = await as.get<{ items: { username: string }[] }>('/users?q=administrator');
      expect(found.body.items.map(({ username }) => username)).toEqual(['admin']);
    } finally {
      await server.stop();
    }
    const password = await resetPassword(env);
    const verified = await runCommand('audit-verify', env);
    expect(verified.out).toContain('"intact":true');
    const again = await startScopegate({ env, dataFolder });
    try {
      expect(await status(again.url, password)).toBe(200);
    } finally {
      await again.stop();
    }
  }, 180_000);

  it('R20: admin:reset on a database that no server has been started on says so in one line', async () => {
    const dataFolder = createTemporaryFolder('reset').path;
    const { exitCode, all } = await runCommand('admin-reset', {
      ...createSecrets(),
      SCOPEGATE_DATA_DIR: dataFolder,
      ...(await newEnvironment()),
    });
    expect(exitCode).toBe(1);
    expect(all).toMatch(/^The password cannot be reset: No server has been started with this database yet[^\n]*\n$/);
  }, 180_000);
}

describe('admin:reset on SQLite', () => {
  adminResetTests(() =>
    Promise.resolve({ DATABASE_URL: `sqlite:${join(createTemporaryFolder('reset').path, 'x.sqlite')}` }),
  );
});

describeWithMariaDb('admin:reset on MariaDB', (server) => {
  adminResetTests(async () => ({ DATABASE_URL: await server().createDatabase() }));
});
