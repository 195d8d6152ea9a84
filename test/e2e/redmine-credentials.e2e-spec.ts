import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deposit, depositOf, tryDeposit } from '../support/deposits.js';
import { expectProblem } from '../support/expect-problem.js';
import { canRunWith } from '../support/external-servers.js';
import { isRedmineAvailable, startRedmine, type RedmineServer } from '../support/redmine.server.js';
import {
  bearer,
  startScopegateFixture,
  type ScopegateFixture,
  type TestToken,
  type TestUser,
} from '../support/scopegate.fixture.js';

type Person = { readonly user: TestUser; readonly fullName: string; reader: TestToken; writer: TestToken };
type Issue = {
  readonly id: number;
  readonly subject: string;
  readonly author: { readonly name: string };
  readonly attachments?: readonly {
    readonly filename: string;
    readonly content_url: string;
    readonly author: { readonly name: string };
  }[];
};

/** How Redmine gets the user: the ways in which an administrator can set it up. */
const WAYS = [
  {
    way: 'a service account that acts for users',
    key: 'service',
    identityOf: ({ apiKey }: RedmineServer) => ({
      mode: 'credential',
      perUser: false,
      service: { type: 'bearer', secret: apiKey },
      headers: { 'X-Redmine-Switch-User': '{username}' },
    }),
  },
  {
    way: 'a service account for each scope',
    key: 'scopes',
    identityOf: ({ apiKey }: RedmineServer) => ({
      mode: 'credential',
      perUser: false,
      service: {
        'read-only': { type: 'header', header: 'X-Redmine-API-Key', secret: apiKey },
        'read-write': { type: 'bearer', secret: apiKey },
      },
      headers: { 'X-Redmine-Switch-User': '{username}' },
    }),
  },
  { way: 'the key of each user', key: 'deposits', identityOf: () => ({ mode: 'credential', perUser: true }) },
] as const;

describe.runIf(canRunWith('redmine', isRedmineAvailable()))('scripts of two users in front of Redmine', () => {
  let gateway: ScopegateFixture;
  let upstream: RedmineServer;
  let alice: Person;
  let bob: Person;

  const personOf = async (username: string, fullName: string): Promise<Person> => ({
    user: await gateway.createUser({ username }),
    fullName,
    reader: await gateway.createToken({ owner: username, scope: 'read-only' }),
    writer: await gateway.createToken({ owner: username, scope: 'read-write' }),
  });

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startRedmine()]);
    for (const { key, identityOf } of WAYS) {
      await gateway.createApplication({
        key,
        kind: 'redmine',
        version: null,
        mount: { pathPrefix: `/${key}` },
        upstream: upstream.url,
        identity: identityOf(upstream),
      });
    }
    alice = await personOf('alice', 'Alice Test');
    bob = await personOf('bob', 'Bob Test');
    await deposit(gateway, alice.user, 'deposits', upstream.apiKeyOfAlice);
    await deposit(gateway, bob.user, 'deposits', upstream.apiKeyOfBob);
  }, 180_000);
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const call = (token: TestToken, path: string, more: RequestInit = {}): Promise<Response> =>
    fetch(gateway.url + path, {
      ...more,
      headers: { ...Object.fromEntries([bearer(token.secret)]), ...(more.headers as Record<string, string>) },
    });
  const createIssue = (token: TestToken, key: string, issue: object): Promise<Response> =>
    call(token, `/${key}/issues.json`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ issue: { project_id: 'demo', ...issue } }),
    });
  /** Its SQLite answers some of many writes with a lock, which Redmine shows as a 500. */
  const createInTurn = async (token: TestToken, key: string, subject: string): Promise<number> => {
    for (let tried = 0; ; tried += 1) {
      const { status } = await createIssue(token, key, { subject });
      if (status !== 500 || tried === 20) return status;
    }
  };
  const created = async (answer: Response): Promise<Issue> => {
    const text = await answer.text();
    expect(answer.status, text).toBe(201);
    return (JSON.parse(text) as { issue: Issue }).issue;
  };
  /** Of a subject, as Redmine has stored them. */
  const authorsOf = async (part: string): Promise<Readonly<Record<string, string>>> => {
    const search = `/issues.json?limit=100&subject=${encodeURIComponent(`~${part}`)}`;
    const { issues } = await upstream.ask<{ issues: readonly Issue[] }>(search);
    return Object.fromEntries(issues.map(({ subject, author }) => [subject, author.name]));
  };

  describe.each(WAYS)('with $way', ({ key }) => {
    it('R68, R71: each user creates issues in their own name, and reads those of the other', async () => {
      for (const { writer, fullName } of [alice, bob]) {
        expect((await created(await createIssue(writer, key, { subject: `${key} of ${fullName}` }))).author.name).toBe(
          fullName,
        );
      }
      for (const { reader } of [alice, bob]) {
        const answer = await call(reader, `/${key}/issues.json?subject=${encodeURIComponent(`~${key} of`)}`);
        expect(((await answer.json()) as { issues: readonly Issue[] }).issues).toHaveLength(2);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    });

    it('R03: a read-only token creates, changes and uploads nothing', async () => {
      const { id } = await created(await createIssue(alice.writer, key, { subject: `${key} stays` }));
      const calls: readonly Promise<Response>[] = [
        createIssue(alice.reader, key, { subject: `${key} never` }),
        call(alice.reader, `/${key}/issues/${id}.json`, { method: 'DELETE' }),
        call(alice.reader, `/${key}/issues/${id}.json`, {
          method: 'POST',
          headers: { 'X-HTTP-Method-Override': 'PUT' },
        }),
        call(alice.reader, `/${key}/uploads.json?filename=a.txt`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/octet-stream' },
          body: 'a',
        }),
      ];
      for (const answer of await Promise.all(calls)) {
        expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([403, 'scope_insufficient']);
      }
      expect(await authorsOf(`${key} never`)).toEqual({});
      expect(await authorsOf(`${key} stays`)).toEqual({ [`${key} stays`]: 'Alice Test' });
    });

    it('R68, R71: a file arrives byte for byte, and belongs to its user', async () => {
      const file = randomBytes(300_000);
      const upload = await call(bob.writer, `/${key}/uploads.json?filename=noise.bin`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: file,
      });
      expect(upload.status).toBe(201);
      const { token } = ((await upload.json()) as { upload: { token: string } }).upload;
      const uploads = [{ token, filename: 'noise.bin', content_type: 'application/octet-stream' }];
      const { id } = await created(await createIssue(bob.writer, key, { subject: `${key} with a file`, uploads }));
      const shown = await call(alice.reader, `/${key}/issues/${id}.json?include=attachments`);
      const { attachments = [] } = ((await shown.json()) as { issue: Issue }).issue;
      expect(attachments).toMatchObject([{ filename: 'noise.bin', author: { name: 'Bob Test' } }]);
      const path = new URL(attachments[0]?.content_url ?? '').pathname.replace(`/${key}`, '');
      const content = Buffer.from(await (await call(alice.reader, `/${key}${path}`)).arrayBuffer());
      expect(sha256(content)).toBe(sha256(file));
    });

    it('R68, R71: users are not mixed in 50 parallel requests', async () => {
      const asked = Array.from({ length: 50 }, (_, index) => ({
        person: index % 2 === 0 ? alice : bob,
        subject: `${key} parallel ${index}.`,
      }));
      const answers = await Promise.all(asked.map(({ person, subject }) => createInTurn(person.writer, key, subject)));
      expect(new Set(answers)).toEqual(new Set([201]));
      expect(await authorsOf(`${key} parallel`)).toEqual(
        Object.fromEntries(asked.map(({ person, subject }) => [subject, person.fullName])),
      );
    });

    it('R74: no answer shows a key of Redmine’s own', async () => {
      for (const path of [
        '/users/current.json',
        '/users/%63urrent.xml',
        '/my/account.json',
        '/my/api_key',
        '/users/5.json',
      ]) {
        for (const token of [alice.reader, alice.writer]) {
          const answer = await call(token, `/${key}${path}`);
          const text = await answer.text();
          expect([path, answer.status]).toEqual([path, 403]);
          expect(JSON.parse(text)).toMatchObject({ code: 'path_blocked' });
        }
      }
    });

    it('R67: a client can send neither another user nor another key', async () => {
      const headers = {
        'X-Redmine-Switch-User': 'admin',
        X_Redmine_Switch_User: 'admin',
        'X-Redmine.API-Key': upstream.apiKey,
        'Content-Type': 'application/json',
      };
      const body = JSON.stringify({ issue: { project_id: 'demo', subject: `${key} in their own name` } });
      const { author } = await created(
        await call(bob.writer, `/${key}/issues.json`, { method: 'POST', headers, body }),
      );
      expect(author.name).toBe('Bob Test');
    });
  });

  it('R68: the key of another user, or of the administrator, is refused by name', async () => {
    for (const [secret, account] of [
      [upstream.apiKeyOfBob, 'bob'],
      [upstream.apiKey, 'admin'],
    ] as const) {
      const answer = await tryDeposit(gateway, alice.user, 'deposits', { secret });
      expect(expectProblem(answer, 422, 'upstream_account_mismatch').detail).toContain(account);
    }
    expect(await depositOf(gateway, alice.user, 'deposits')).toMatchObject({ upstreamAccount: 'alice' });
  });

  it('R68: a deposit belongs to an application that takes one', async () => {
    const answer = await tryDeposit(gateway, alice.user, 'service', { secret: upstream.apiKeyOfAlice });
    expectProblem(answer, 409, 'conflict');
  });

  it('R71: a user whom Redmine does not have is its own to refuse', async () => {
    const dave = await personOf('dave', 'Dave');
    expect((await call(dave.reader, '/service/issues.json')).status).toBe(412);
    expect((await call(dave.reader, '/deposits/issues.json')).status).toBe(403);
  });
});

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
