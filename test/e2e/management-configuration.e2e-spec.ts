import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizationOf, createApiClient } from '../support/api.client.js';
import { expectProblem } from '../support/expect-problem.js';
import { freePort } from '../support/free-port.js';
import { privateEnvironment, startPrivateProcess, waitUntilReady } from '../support/private-process.js';
import { ensureBuilt, SERVER_PROGRAM } from '../support/project-build.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

let folder: TemporaryFolder;

beforeAll(async () => {
  await ensureBuilt();
  folder = createTemporaryFolder('start');
});

afterAll(() => folder.remove());

/** Starts the built server with this environment alone, and waits for its end. */
async function startInVain(environment: Record<string, string>): Promise<{ exitCode: number; output: string }> {
  const child = startPrivateProcess(process.execPath, [SERVER_PROGRAM], {
    cwd: folder.path,
    environment: { ...privateEnvironment(folder.path), PORT: '0', ...environment },
  });
  const limit = setTimeout(() => void child.end('SIGKILL'), 60_000);
  const exitCode = await child.exited;
  clearTimeout(limit);
  return { exitCode, output: child.output() };
}

describe('configuration', () => {
  it.each([
    ['an unknown name', { SCOPEGATE_ADMIN_PASWORD: 'x'.repeat(12) }, 'SCOPEGATE_ADMIN_PASWORD'],
    ['a port that is a text', { PORT: 'http' }, 'PORT'],
    ['a port out of range', { PORT: '65536' }, 'PORT'],
    ['a negative port', { PORT: '-1' }, 'PORT'],
    ['an invalid management port', { SCOPEGATE_MANAGEMENT_PORT: '1.5' }, 'SCOPEGATE_MANAGEMENT_PORT'],
    ['one port for both', { PORT: '4000', SCOPEGATE_MANAGEMENT_PORT: '4000' }, 'SCOPEGATE_MANAGEMENT_PORT'],
    ['an invalid host', { HOST: 'not a host' }, 'HOST'],
    ['a database of another kind', { DATABASE_URL: 'postgres://localhost/x' }, 'DATABASE_URL'],
    ['a database without a name', { DATABASE_URL: 'mysql://root@127.0.0.1:3306' }, 'DATABASE_URL'],
    ['an empty SQLite path', { DATABASE_URL: 'sqlite:' }, 'DATABASE_URL'],
    ['MySQL without a pepper', { DATABASE_URL: 'mysql://root@127.0.0.1:1/x' }, 'SCOPEGATE_TOKEN_PEPPER'],
    [
      'MySQL without an encryption key',
      { DATABASE_URL: 'mysql://root@127.0.0.1:1/x', SCOPEGATE_TOKEN_PEPPER: 'p'.repeat(32) },
      'SCOPEGATE_ENCRYPTION_KEY',
    ],
    [
      'a MySQL server that does not run',
      {
        DATABASE_URL: 'mysql://root:hidden-word@127.0.0.1:1/x',
        SCOPEGATE_TOKEN_PEPPER: 'p'.repeat(32),
        SCOPEGATE_ENCRYPTION_KEY: 'e'.repeat(32),
      },
      'DATABASE_URL',
    ],
    ['a short pepper', { SCOPEGATE_TOKEN_PEPPER: 'hidden-word' }, 'SCOPEGATE_TOKEN_PEPPER'],
    ['a short key', { SCOPEGATE_ENCRYPTION_KEY: 'hidden-word' }, 'SCOPEGATE_ENCRYPTION_KEY'],
    ['a file that is not there', { SCOPEGATE_TOKEN_PEPPER_FILE: '/nowhere/at/all' }, 'SCOPEGATE_TOKEN_PEPPER_FILE'],
    [
      'a value and a file',
      { SCOPEGATE_ENCRYPTION_KEY: 'e'.repeat(32), SCOPEGATE_ENCRYPTION_KEY_FILE: '/dev/null' },
      'SCOPEGATE_ENCRYPTION_KEY',
    ],
    ['a short password', { SCOPEGATE_ADMIN_PASSWORD: 'hidden-word' }, 'SCOPEGATE_ADMIN_PASSWORD'],
    ['a password of 73 bytes', { SCOPEGATE_ADMIN_PASSWORD: 'ä'.repeat(37) }, 'SCOPEGATE_ADMIN_PASSWORD'],
    ['a password that looks like a token', { SCOPEGATE_ADMIN_PASSWORD: 'sg_hidden-word' }, 'SCOPEGATE_ADMIN_PASSWORD'],
    ['another level of logs', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    ['an invalid Redis address', { REDIS_URL: 'localhost:6379' }, 'REDIS_URL'],
    ['no worker', { SCOPEGATE_WORKERS: '0' }, 'SCOPEGATE_WORKERS'],
    ['several workers on SQLite', { SCOPEGATE_WORKERS: '2' }, 'SCOPEGATE_WORKERS'],
    [
      'several workers and a database that is not there',
      {
        SCOPEGATE_WORKERS: '3',
        DATABASE_URL: 'mysql://root:hidden-word@127.0.0.1:1/x',
        SCOPEGATE_TOKEN_PEPPER: 'p'.repeat(32),
        SCOPEGATE_ENCRYPTION_KEY: 'e'.repeat(32),
      },
      'DATABASE_URL',
    ],
    ['a staleness that is no number', { SCOPEGATE_MAX_STALENESS_MS: '10s' }, 'SCOPEGATE_MAX_STALENESS_MS'],
  ])('R63: %s ends the start with one line that names it', async (_what, environment, name) => {
    const { exitCode, output } = await startInVain(environment);
    expect(exitCode).toBe(1);
    const lines = output.trim().split('\n');
    expect(lines, output).toHaveLength(1);
    expect(lines[0]).toMatch(/^Scopegate cannot start: /);
    expect(lines[0]).toContain(name);
    expect(output).not.toContain('hidden-word');
    expect(existsSync(join(folder.path, 'data', 'scopegate.sqlite'))).toBe(false);
  });

  it('R63: reports a port that is in use, and a folder that it may not write, in one line', async () => {
    const taken: Server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const address = taken.address();
    const port = String(typeof address === 'object' && address !== null ? address.port : 0);
    const data = join(folder.path, 'taken');
    try {
      const { exitCode, output } = await startInVain({ PORT: port, SCOPEGATE_DATA_DIR: data, LOG_LEVEL: 'fatal' });
      expect(exitCode).toBe(1);
      expect(output.trim().split('\n').at(-1)).toMatch(/^Scopegate cannot start: .*PORT/);
    } finally {
      taken.close();
    }
    const file = join(folder.path, 'a-file');
    writeFileSync(file, '');
    const { exitCode, output } = await startInVain({ SCOPEGATE_DATA_DIR: join(file, 'data') });
    expect(exitCode).toBe(1);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toContain(join(file, 'data'));
  });

  it('R62: a journal that cannot be kept ends the start with one line that says where', async () => {
    const data = join(folder.path, 'no-journal');
    mkdirSync(data);
    writeFileSync(join(data, 'journal'), '');
    const { exitCode, output } = await startInVain({ SCOPEGATE_DATA_DIR: data, LOG_LEVEL: 'fatal' });
    expect(exitCode).toBe(1);
    // The first start has printed the administrator's password before.
    expect(output.trim().split('\n').at(-1)).toMatch(/^Scopegate cannot start: .*SCOPEGATE_DATA_DIR/);
    expect(output).toContain(join(data, 'journal'));
    expect(output).not.toContain('    at ');
  });

  it('R61: secrets that cannot be read end the start, and are never replaced', async () => {
    const data = join(folder.path, 'broken');
    mkdirSync(data);
    writeFileSync(join(data, 'secrets.json'), '{"tokenPepper": 5}');
    const { exitCode, output } = await startInVain({ SCOPEGATE_DATA_DIR: data });
    expect(exitCode).toBe(1);
    expect(output.trim().split('\n')).toHaveLength(1);
    expect(output).toContain('secrets.json');
    expect(readFileSync(join(data, 'secrets.json'), 'utf8')).toBe('{"tokenPepper": 5}');
  });

  it('R20, R61: the first start makes an administrator whose password is printed once, and secrets of mode 0600', async () => {
    const port = await freePort();
    const home = createTemporaryFolder('first');
    const environment = { ...privateEnvironment(home.path), PORT: String(port), SCOPEGATE_DRAIN_MS: '0' };
    const url = `http://127.0.0.1:${port}`;
    const start = async (): Promise<ReturnType<typeof startPrivateProcess>> => {
      const child = startPrivateProcess(process.execPath, [SERVER_PROGRAM], { cwd: home.path, environment });
      const isReady = (): Promise<boolean> =>
        fetch(`${url}/health/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      await waitUntilReady('The server', child, isReady, 60_000);
      return child;
    };
    try {
      const first = await start();
      const password = /user name "admin", password "([^"]+)"/.exec(first.output())?.[1] ?? '';
      expect(password).toMatch(/^[A-Za-z0-9]{24}$/);
      expect(first.output().split(password)).toHaveLength(2);
      expect((await createApiClient(url, { user: 'admin', password }).get('/settings')).status).toBe(200);
      await expect.poll(() => first.output()).toContain(`Scopegate is ready at ${url}`);
      const secrets = join(home.path, 'data', 'secrets.json');
      expect(statSync(secrets).mode & 0o777).toBe(0o600);
      expect(statSync(join(home.path, 'data')).mode & 0o777).toBe(0o700);
      const held = readFileSync(secrets, 'utf8');
      expect(await first.end('SIGTERM')).toBe(0);
      const second = await start();
      expect(second.output()).not.toMatch(/password/i);
      expect(readFileSync(secrets, 'utf8')).toBe(held);
      expect((await createApiClient(url, { user: 'admin', password }).get('/me')).status).toBe(200);
      // Ctrl-C ends it as well.
      expect(await second.end('SIGINT')).toBe(0);
      // Every line but what a person reads is a structured log.
      for (const line of [...first.output().split('\n'), ...second.output().split('\n')]) {
        if (line === '' || /^(?:First administrator|Scopegate is ready)/.test(line)) continue;
        expect(() => JSON.parse(line) as unknown, line).not.toThrow();
      }
    } finally {
      await home.remove();
    }
  });

  it('R61: a password and secrets are also read from files', async () => {
    const file = (name: string, text: string): string => {
      writeFileSync(join(folder.path, name), text);
      return join(folder.path, name);
    };
    const server = await startScopegate({
      env: {
        SCOPEGATE_ADMIN_PASSWORD: '',
        SCOPEGATE_ADMIN_PASSWORD_FILE: file('password', 'password from a file\n'),
        SCOPEGATE_TOKEN_PEPPER_FILE: file('pepper', `${'p'.repeat(32)}\n`),
        SCOPEGATE_ENCRYPTION_KEY_FILE: file('key', 'e'.repeat(32)),
        SCOPEGATE_TEST_ANYTHING: 'is ignored',
      },
    });
    try {
      const api = createApiClient(server.url, { user: 'admin', password: 'password from a file' });
      expect((await api.get('/me')).status).toBe(200);
      expect(existsSync(join(server.dataFolder, 'secrets.json'))).toBe(false);
      expect(server.output()).not.toContain('password from a file');
    } finally {
      expect(await server.stop()).toBe(0);
    }
  });
});

describe('the end', () => {
  it('R55: SIGTERM stops accepting, finishes what is under way, stores the audit and exits 0', async () => {
    const upstream = await startRecordingUpstream({ respond: () => ({ body: 'slow', delayMs: 4_000 }) });
    const server = await startScopegate();
    const { dataFolder, adminPassword } = server;
    const api = createApiClient(server.url, { user: 'admin', password: adminPassword });
    const application = { key: 'slow', kind: 'generic', mount: { pathPrefix: '/slow' }, upstream: upstream.url };
    expect((await api.post('/applications', application)).status).toBe(201);
    const token = await api.post<{ secret: string; id: string }>('/tokens', { description: 'x', scope: 'read-only' });
    const headers = { Authorization: authorizationOf({ bearer: token.body.secret }) };
    const running = fetch(`${server.url}/slow/x`, { headers }).then(async (answer) => ({
      status: answer.status,
      text: await answer.text(),
    }));
    await upstream.waitForRequests(1);
    const ended = server.kill9.bind(null);
    process.kill(server.pid, 'SIGTERM');
    await expect.poll(() => fetch(`${server.url}/health/live`).then(() => 'accepted', String)).toMatch(/fetch failed/);
    expect(await running).toEqual({ status: 200, text: 'slow' });
    await expect.poll(() => server.hasExited()).toBe(true);
    await ended();
    const again = await startScopegate({ dataFolder });
    try {
      const as = createApiClient(again.url, { user: 'admin', password: adminPassword });
      const events = await as.get<{ items: readonly { path: string; status: number }[] }>(
        `/audit-events?tokenId=${token.body.id}&application=slow`,
      );
      expect(events.body.items).toMatchObject([{ path: '/x', status: 200 }]);
      const shown = await as.get<{ useCount: number }>(`/tokens/${token.body.id}`);
      expect(shown.body.useCount).toBe(1);
    } finally {
      expect(await again.stop()).toBe(0);
      expect(await server.stop()).toBe(0);
      await upstream.stop();
    }
  });
});

describe('secrets', () => {
  let server: ScopegateProcess;

  beforeAll(async () => {
    server = await startScopegate({ env: { LOG_LEVEL: 'trace' } });
  });

  afterAll(() => server.stop());

  it('R61: no secret is in the database, in the log, in an error or in a list', async () => {
    const upstream = await startRecordingUpstream({
      respond: () => ({
        status: 200,
        headers: [['Set-Cookie', 'JSESSIONID=upstream-cookie-value; Path=/']],
        body: '{}',
      }),
    });
    const admin = createApiClient(server.url, { user: 'admin', password: server.adminPassword });
    const seen: string[] = [];
    const note = (answer: { readonly body: unknown }): void => {
      seen.push(JSON.stringify(answer.body ?? ''));
    };
    const password = 'a-password-of-anna';
    const next = 'next-password-of-anna';
    const fixed = 'fixed-secret-of-the-upstream';
    const made = [];
    try {
      note(await admin.post('/users', { username: 'anna', password }));
      const anna = admin.as({ user: 'anna', password });
      note(
        await admin.post('/applications', {
          key: 'app',
          kind: 'jira',
          version: '9.12.0',
          mount: { pathPrefix: '/app' },
          upstream: upstream.url,
          identity: { headers: { 'X-Forwarded-User': '{username}', Authorization: { secret: fixed } } },
        }),
      );
      for (const scope of ['read-only', 'read-write']) {
        const answer = await anna.post<{ id: string; secret: string }>('/tokens', { description: scope, scope });
        made.push(answer.body);
      }
      const rotated = await anna.post<{ id: string; secret: string }>(`/tokens/${made[1]?.id}/rotate`, {
        overlap: 'PT1H',
      });
      made.push(rotated.body);
      const [first] = made;
      const secret = first?.secret ?? '';
      for (const [path, init] of [
        ['/app/rest/api/2/issue', { headers: { Authorization: `Bearer ${secret}` } }],
        ['/app/rest/api/2/issue', { headers: { Authorization: authorizationOf({ user: 'anna', token: secret }) } }],
        ['/app/rest/api/2/issue', { headers: { Authorization: authorizationOf({ user: 'eve', token: secret }) } }],
        ['/app/rest/api/2/issue', { headers: { Authorization: authorizationOf({ user: 'anna', password }) } }],
        [`/app/rest/${secret}?token=${secret}&os_password=${password}`, { headers: { 'User-Agent': secret } }],
        ['/app/rest/x', { method: 'POST', headers: { Authorization: `Bearer ${secret}` } }],
        ['/app/rest/x', { headers: { Cookie: 'JSESSIONID=a-cookie-of-anna', Referer: secret } }],
        [
          '/app/rest/auth/1/session',
          {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify({ username: 'anna', password: secret }),
          },
        ],
        [`/api/v1/tokens/${secret}`, { headers: { Authorization: `Bearer ${secret}` } }],
        [`/api/v1/users/${secret}`, { headers: { Authorization: `Bearer ${secret}` } }],
        ['/api/v1/me', { headers: { Authorization: `Bearer ${secret}x` } }],
        ['/api/v1/me', { headers: { Authorization: `Basic ${secret}` } }],
        ['/api/v1/me', { headers: { Authorization: secret, 'X-Request-Id': secret.slice(0, 63) } }],
      ] as const) {
        const answer = await fetch(`${server.url}${path}`, init);
        seen.push(await answer.text());
      }
      note(await anna.post('/me/password', { current: password, new: 'short' }));
      note(await anna.post('/me/password', { current: secret, new: secret }));
      note(await admin.post('/users', { username: 'ben', password: fixed, more: password }));
      note(await admin.post('/users', { username: secret, password }));
      note(await admin.patch('/applications/app', { identity: { headers: { 'X-Key': { secret: [fixed] } } } }));
      note(await admin.patch('/users/anna', { password: { value: password } }));
      note(await anna.post('/me/password', { current: password, new: next }));
      await admin.delete(`/tokens/${first?.id}`);
      for (const path of ['/tokens', '/users', '/applications', '/audit-events?limit=200', '/settings']) {
        note(await admin.get(path));
      }
      expectProblem(await admin.as({ bearer: secret }).get('/me'), 401, 'token_revoked');
    } finally {
      await server.stop().catch(() => undefined);
      await upstream.stop();
    }
    expect(made).toHaveLength(3);
    const secrets = [
      ...made.map((token) => token.secret.slice(16, 56)),
      password,
      next,
      fixed,
      server.adminPassword,
      'a-cookie-of-anna',
      'upstream-cookie-value',
    ];
    const base64 = (text: string): string => Buffer.from(text).toString('base64').slice(4, -4);
    const output = server.output();
    expect(output.length).toBeGreaterThan(0);
    for (const secret of secrets) {
      for (const form of [secret, base64(`anna:${secret}`), encodeURIComponent(secret)]) {
        expect(output.includes(form), `${form} in the log`).toBe(false);
        expect(
          seen.filter((text) => text.includes(form)),
          `${form} in an answer`,
        ).toEqual([]);
      }
    }
  });

  it('R61: the files of the database hold no secret in clear', async () => {
    const own = createTemporaryFolder('clear');
    const dataFolder = join(own.path, 'data');
    const node = await startScopegate({ dataFolder });
    const admin = createApiClient(node.url, { user: 'admin', password: node.adminPassword });
    const fixed = 'fixed-secret-of-the-upstream';
    const password = 'a-password-of-anna';
    await admin.post('/users', { username: 'anna', password });
    await admin.post('/applications', {
      key: 'app',
      kind: 'generic',
      mount: { pathPrefix: '/app' },
      upstream: 'http://127.0.0.1:9',
      identity: { headers: { 'X-Forwarded-User': '{username}', 'X-Key': { secret: fixed } } },
    });
    const token = await admin.post<{ secret: string }>('/tokens', { description: 'x', scope: 'read-only' });
    const { secret } = token.body;
    for (const headers of [{ Authorization: `Bearer ${secret}` }, { 'User-Agent': secret }]) {
      await (await fetch(`${node.url}/app/rest/${secret}`, { headers })).text();
    }
    await admin.as({ user: secret, password }).get('/me');
    await node.kill9();
    try {
      const files = readdirSync(dataFolder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      expect(files.map((entry) => entry.name)).toContain('scopegate.sqlite');
      for (const entry of files) {
        const path = join(entry.parentPath, entry.name);
        const content = readFileSync(path);
        expect(statSync(path).mode & 0o007, `${entry.name} is for its owner alone`).toBe(0);
        for (const text of [secret.slice(16, 56), fixed, password, node.adminPassword]) {
          expect(content.includes(text), `${text} in ${entry.name}`).toBe(false);
        }
      }
    } finally {
      await node.stop();
      await own.remove();
    }
  });
});
