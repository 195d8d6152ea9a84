import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApiClient, type ApiClient } from '../support/api.client.js';
import { describeWithMariaDb } from '../support/external-servers.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer } from '../support/scopegate.fixture.js';
import { startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

type Environment = Readonly<Record<string, string>>;

interface Keys {
  readonly pepper: readonly { readonly id: number; readonly tokens: number }[];
  readonly encryption: readonly { readonly id: number; readonly secrets: number }[];
}

const newKey = (): string => randomBytes(32).toString('base64');

/** Both kinds of keys, newest first. */
const keysOf = (...pairs: readonly { readonly pepper: string; readonly encryption: string }[]): Environment => ({
  SCOPEGATE_TOKEN_PEPPER: pairs.map(({ pepper }) => pepper).join(' '),
  SCOPEGATE_ENCRYPTION_KEY: pairs.map(({ encryption }) => encryption).join(' '),
});

/** A test of up to eight starts, on a busy machine. */
const STARTS_MS = 300_000;

const PASSWORD = 'a password of the tests';
const OLD = { pepper: newKey(), encryption: newKey() };
const NEW = { pepper: newKey(), encryption: newKey() };

let upstream: RecordingUpstream;
let folder: TemporaryFolder;
const started: ScopegateProcess[] = [];

beforeAll(async () => {
  upstream = await startRecordingUpstream();
});
beforeEach(() => {
  folder = createTemporaryFolder('rotation');
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.stop()));
  await folder.remove();
});
afterAll(() => upstream.stop());

async function start(name: string, env: Environment): Promise<ScopegateProcess> {
  const server = await startScopegate({
    dataFolder: join(folder.path, name),
    env: { SCOPEGATE_ADMIN_PASSWORD: PASSWORD, SCOPEGATE_DRAIN_MS: '0', ...env },
  });
  started.push(server);
  return server;
}

async function stop(server: ScopegateProcess): Promise<void> {
  started.splice(started.indexOf(server), 1);
  expect(await server.stop()).toBe(0);
}

/** The line with which the start ends. */
async function refusal(name: string, env: Environment): Promise<string> {
  const failure: unknown = await start(name, env).catch((error: unknown) => error);
  const line = /Scopegate cannot start: .*/.exec(String(failure))?.[0];
  if (line === undefined) throw new Error(`The start did not end: ${String(failure)}`);
  return line;
}

const adminOf = (server: ScopegateProcess): ApiClient =>
  createApiClient(server.managementUrl ?? server.url, { user: 'admin', password: PASSWORD });

async function keysAt(server: ScopegateProcess): Promise<Keys> {
  const answer = await adminOf(server).get<Keys>('/keys');
  expect(answer.status).toBe(200);
  return answer.body;
}

async function createToken(server: ScopegateProcess, description: string): Promise<string> {
  const asked = { description, scope: 'read-only', validity: 'P1M' };
  const answer = await adminOf(server).post<{ secret: string }>('/tokens', asked);
  expect(answer.status).toBe(201);
  return answer.body.secret;
}

async function createApplication(server: ScopegateProcess, key: string): Promise<void> {
  const answer = await adminOf(server).post('/applications', {
    key,
    name: key,
    kind: 'generic',
    upstream: upstream.url,
    mount: { pathPrefix: `/${key}` },
    identity: { mode: 'headers', headers: { Authorization: { secret: `Bearer secret-of-${key}` } } },
  });
  expect(answer.status).toBe(201);
}

function use(server: ScopegateProcess, token: string, key = 'app'): Promise<RawAnswer> {
  return request({ port: server.port, target: `/${key}/x`, headers: [bearer(token)] });
}

async function expectServes(server: ScopegateProcess, token: string, key = 'app'): Promise<void> {
  expect((await use(server, token, key)).status).toBe(200);
  expect(upstream.lastRequest?.header('authorization')).toBe(`Bearer secret-of-${key}`);
}

/** With the ids of the keys, newest first, and what rests on each. */
const shown = (
  pepper: readonly (readonly [number, number])[],
  encryption: readonly (readonly [number, number])[],
): Keys => ({
  pepper: pepper.map(([id, tokens]) => ({ id, tokens })),
  encryption: encryption.map(([id, secrets]) => ({ id, secrets })),
});

async function untilKeys(server: ScopegateProcess, expected: Keys): Promise<void> {
  let last: Keys | null = null;
  await until(async () => {
    last = await keysAt(server);
    return JSON.stringify(last) === JSON.stringify(expected);
  }).catch(() => expect(last).toEqual(expected));
}

function intact(server: ScopegateProcess): Promise<unknown> {
  return adminOf(server)
    .post<{ intact: boolean }>('/audit-events/verify', {})
    .then(({ body }) => body.intact);
}

describe('a rotation of the keys on SQLite', () => {
  it(
    'R76: tokens and secrets move to the new keys; the old ones are needed until then, and can go afterwards',
    async () => {
      let server = await start('one', keysOf(OLD));
      await createApplication(server, 'app');
      const [first, second] = [await createToken(server, 'first'), await createToken(server, 'second')];
      await expectServes(server, first);
      // The secret of the application and the key of the audit chains.
      expect(await keysAt(server)).toEqual(shown([[1, 2]], [[1, 2]]));
      await stop(server);

      const early = await refusal('one', keysOf(NEW));
      expect(early).toContain('SCOPEGATE_TOKEN_PEPPER and SCOPEGATE_ENCRYPTION_KEY are not the keys');

      server = await start('one', keysOf(NEW, OLD));
      await untilKeys(
        server,
        shown(
          [
            [2, 0],
            [1, 2],
          ],
          [
            [2, 2],
            [1, 0],
          ],
        ),
      );
      await expectServes(server, first);
      await untilKeys(
        server,
        shown(
          [
            [2, 1],
            [1, 1],
          ],
          [
            [2, 2],
            [1, 0],
          ],
        ),
      );
      await expectServes(server, first);
      await stop(server);

      const needed = await refusal('one', keysOf(NEW));
      expect(needed).toContain(
        'SCOPEGATE_TOKEN_PEPPER: the key with the id 1 was taken away, and 1 token still needs it',
      );
      expect(needed).toContain('Put it back at the end of the list');
      expect(needed).toContain('GET /api/v1/keys');
      expect(needed).not.toContain('SCOPEGATE_ENCRYPTION_KEY');
      for (const key of [...Object.values(OLD), ...Object.values(NEW)]) expect(needed).not.toContain(key);

      server = await start('one', { ...keysOf(NEW, OLD), SCOPEGATE_ENCRYPTION_KEY: NEW.encryption });
      await expectServes(server, second);
      await untilKeys(
        server,
        shown(
          [
            [2, 2],
            [1, 0],
          ],
          [[2, 2]],
        ),
      );
      await stop(server);

      server = await start('one', keysOf(NEW));
      await expectServes(server, first);
      await expectServes(server, second);
      expect(await keysAt(server)).toEqual(shown([[2, 2]], [[2, 2]]));
      expect(await intact(server)).toBe(true);
      await stop(server);
      // The old keys alone belong to nothing any more.
      const late = await refusal('one', keysOf(OLD));
      expect(late).toMatch(
        /SCOPEGATE_TOKEN_PEPPER: the key with the id 2 .* 2 tokens .*SCOPEGATE_ENCRYPTION_KEY: the key with the id 2 .* 2 stored secrets/,
      );
    },
    STARTS_MS,
  );

  it(
    'R76: an encryption key that a secret rests on cannot be taken away',
    async () => {
      const server = await start('one', keysOf(OLD));
      await createApplication(server, 'app');
      await stop(server);
      // Introduced, and not yet used for anything.
      await stop(await start('one', keysOf(OLD, NEW)));
      const line = await refusal('one', { ...keysOf(OLD), SCOPEGATE_ENCRYPTION_KEY: NEW.encryption });
      expect(line).toContain(
        'SCOPEGATE_ENCRYPTION_KEY: the key with the id 1 was taken away, and 2 stored secrets still need it',
      );
      await stop(await start('one', keysOf(OLD)));
    },
    STARTS_MS,
  );

  it(
    'R76: tokens that have ended need no key, and a session needs the one that has sealed it',
    async () => {
      let server = await start('one', keysOf(OLD));
      await createApplication(server, 'app');
      const admin = adminOf(server);
      const revoked = await admin.post<{ id: string }>('/tokens', {
        description: 'x',
        scope: 'read-only',
        validity: 'P1M',
      });
      expect((await admin.delete(`/tokens/${revoked.body.id}`)).status).toBe(204);
      const jira = {
        key: 'jira',
        name: 'Jira',
        kind: 'jira',
        version: '9.12.0',
        upstream: upstream.url,
        mount: { pathPrefix: '/jira' },
      };
      expect((await admin.post('/applications', jira)).status).toBe(201);
      const token = await createToken(server, 'of the session');
      const login = { method: 'POST', target: '/jira/rest/auth/1/session', headers: [bearer(token)] };
      const answer = await request({ port: server.port, ...login });
      const cookie = ['Cookie', `JSESSIONID=${answer.json<{ session: { value: string } }>().session.value}`] as const;
      expect(await keysAt(server)).toMatchObject({ pepper: [{ id: 1, tokens: 1 }] });
      await stop(server);

      server = await start('one', keysOf(NEW, OLD));
      const asSession = { target: '/jira/rest/api/2/myself', headers: [cookie] };
      expect((await request({ port: server.port, ...asSession })).status).toBe(200);
      await expectServes(server, token);
      await untilKeys(
        server,
        shown(
          [
            [2, 1],
            [1, 1],
          ],
          [
            [2, 2],
            [1, 0],
          ],
        ),
      );
      const logout = { method: 'DELETE', target: '/jira/rest/auth/1/session', headers: [cookie] };
      expect((await request({ port: server.port, ...logout })).status).toBe(204);
      await untilKeys(
        server,
        shown(
          [
            [2, 1],
            [1, 0],
          ],
          [
            [2, 2],
            [1, 0],
          ],
        ),
      );
      await stop(server);
      server = await start('one', keysOf(NEW));
      await expectServes(server, token);
    },
    STARTS_MS,
  );

  it(
    'R76: generated keys rotate in secrets.json',
    async () => {
      let server = await start('one', {});
      const token = await createToken(server, 'first');
      await stop(server);
      const file = join(folder.path, 'one', 'secrets.json');
      const made = JSON.parse(readFileSync(file, 'utf8')) as { tokenPepper: string; encryptionKey: string };
      const lists = {
        tokenPepper: `${NEW.pepper} ${made.tokenPepper}`,
        encryptionKey: `${NEW.encryption} ${made.encryptionKey}`,
      };
      writeFileSync(file, JSON.stringify(lists));
      server = await start('one', {});
      expect((await createApiClient(server.url, { bearer: token }).get('/tokens/self')).status).toBe(200);
      await untilKeys(
        server,
        shown(
          [
            [2, 1],
            [1, 0],
          ],
          [
            [2, 1],
            [1, 0],
          ],
        ),
      );
      await stop(server);
      writeFileSync(file, JSON.stringify({ tokenPepper: NEW.pepper, encryptionKey: NEW.encryption }));
      server = await start('one', {});
      expect((await createApiClient(server.url, { bearer: token }).get('/tokens/self')).status).toBe(200);
    },
    STARTS_MS,
  );

  it(
    'R76: only administrators count keys',
    async () => {
      const server = await start('one', keysOf(OLD));
      const token = await createToken(server, 'of the administrator');
      expect((await createApiClient(server.url, { bearer: token }).get('/keys')).status).toBe(200);
      expect((await createApiClient(server.url).get('/keys')).status).toBe(401);
      const admin = adminOf(server);
      const user = { username: 'anna', displayName: 'Anna', password: 'another password' };
      expect((await admin.post('/users', user)).status).toBe(201);
      expect((await admin.as({ user: 'anna', password: user.password }).get('/keys')).status).toBe(403);
    },
    STARTS_MS,
  );
});

describeWithMariaDb('a rotation of the keys on two nodes', (mariaDb) => {
  it(
    'R76: no request fails in the middle of a roll-out, and one node moves what is stored',
    async () => {
      const common = { DATABASE_URL: await mariaDb().createDatabase() };
      const startNode = (name: string, ...pairs: readonly (typeof OLD)[]): Promise<ScopegateProcess> =>
        start(name, { ...common, ...keysOf(...pairs) });
      let [one, two] = [await startNode('one', OLD), await startNode('two', OLD)];
      const names = ['first', 'second', 'third', 'fourth'];
      for (const name of names) await createApplication(one, name);
      const tokens = await Promise.all(names.map((name) => createToken(one, name)));
      const restart = async (name: 'one' | 'two', ...pairs: readonly (typeof OLD)[]): Promise<void> => {
        await stop(name === 'one' ? one : two);
        const node = await startNode(name, ...pairs);
        if (name === 'one') one = node;
        else two = node;
      };
      /** Everything works on both nodes, what was made last included. */
      const checkAll = async (): Promise<void> => {
        for (const node of [one, two]) {
          for (const name of names) await until(async () => (await use(node, tokens[0] ?? '', name)).status === 200);
          for (const token of tokens) await expectServes(node, token, names[0]);
        }
      };
      const addOn = async (node: ScopegateProcess, name: string): Promise<void> => {
        names.push(name);
        await createApplication(node, name);
        tokens.push(await createToken(node, name));
      };

      await restart('one', OLD, NEW);
      await addOn(one, 'while-the-first-knows-both');
      await checkAll();
      await restart('two', OLD, NEW);
      await checkAll();
      await restart('one', NEW, OLD);
      await addOn(one, 'with-the-new-key');
      await addOn(two, 'with-the-old-key');
      await checkAll();
      await restart('two', NEW, OLD);
      await checkAll();
      const count = names.length;
      await untilKeys(
        one,
        shown(
          [
            [2, count],
            [1, 0],
          ],
          [
            [2, count + 1],
            [1, 0],
          ],
        ),
      );
      expect(await keysAt(two)).toEqual(await keysAt(one));
      await restart('one', NEW);
      await checkAll();
      await restart('two', NEW);
      await checkAll();
      expect(await keysAt(two)).toEqual(shown([[2, count]], [[2, count + 1]]));
      expect(await intact(one)).toBe(true);
    },
    STARTS_MS,
  );
});
