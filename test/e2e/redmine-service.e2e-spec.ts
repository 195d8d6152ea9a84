import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunWith } from '../support/external-servers.js';
import { isRedmineAvailable, startRedmine, type RedmineServer } from '../support/redmine.server.js';
import { bearer, startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';

type Issues = { readonly issues: readonly { readonly subject: string; readonly author: { readonly name: string } }[] };

type Attempt = readonly [name: string, query: string, type: string, bodyFor: (key: string, subject: string) => string];

const JSON_TYPE = 'application/json';
const BOUNDARY = 'abc123';

const part = (name: string, value: string): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

const issueOf = (subject: string): object => ({ issue: { project_id: 'demo', subject } });
const formOf = (subject: string): string => `issue[project_id]=demo&issue[subject]=${encodeURIComponent(subject)}`;

/** Ways in which Redmine takes a key in place of the header. */
const ATTEMPTS: readonly Attempt[] = [
  ['in the query', 'key=<key>', JSON_TYPE, (_key, subject) => JSON.stringify(issueOf(subject))],
  ['in the query in brackets', '[key]=<key>', JSON_TYPE, (_key, subject) => JSON.stringify(issueOf(subject))],
  ['in JSON', '', JSON_TYPE, (key, subject) => JSON.stringify({ ...issueOf(subject), key })],
  ['in a form', '', 'application/x-www-form-urlencoded', (key, subject) => `${formOf(subject)}&k%65y=${key}`],
  ['in XML', '<issue>', 'application/xml', (key) => `<?xml version="1.0"?><!-- x --><key>${key}</key>`],
  [
    'in a multipart form',
    '',
    `multipart/form-data; boundary=${BOUNDARY}`,
    (key, subject) =>
      `${part('issue[project_id]', 'demo')}${part('issue[subject]', subject)}${part('key', key)}--${BOUNDARY}--\r\n`,
  ],
];

describe.runIf(canRunWith('redmine', isRedmineAvailable()))('a service account that acts for users of Redmine', () => {
  let gateway: ScopegateFixture;
  let upstream: RedmineServer;
  let alice: TestToken;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startRedmine()]);
    await gateway.createApplication({
      key: 'redmine',
      kind: 'redmine',
      version: null,
      mount: { pathPrefix: '/redmine' },
      upstream: upstream.url,
      identity: {
        mode: 'credential',
        perUser: false,
        service: { type: 'bearer', secret: upstream.apiKey },
        headers: { 'X-Redmine-Switch-User': '{username}' },
      },
    });
    await gateway.createUser({ username: 'alice' });
    alice = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  }, 180_000);
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const post = (base: string, headers: Record<string, string>, query: string, body: string): Promise<Response> =>
    fetch(`${base}/issues.json${query === '' ? '' : `?${query}`}`, { method: 'POST', headers, body });

  const authorOf = async (subject: string): Promise<string | null> => {
    const { issues } = await upstream.ask<Issues>('/issues.json?limit=100&status_id=*');
    return issues.find((issue) => issue.subject === subject)?.author.name ?? null;
  };

  /** The query and the body of an attempt to act as bob. */
  const filled = (query: string, subject: string): string =>
    query.replace('<key>', upstream.apiKeyOfBob).replace('<issue>', formOf(subject));

  it('R71: the owner of the token is the author, for JSON, XML and forms', async () => {
    const headers = Object.fromEntries([bearer(alice.secret)]);
    for (const [type, body] of [
      [JSON_TYPE, JSON.stringify(issueOf('As JSON'))],
      ['application/xml', '<issue><project_id>demo</project_id><subject>As XML</subject></issue>'],
      ['application/x-www-form-urlencoded', formOf('As a form')],
    ] as const) {
      expect((await post(`${gateway.url}/redmine`, { ...headers, 'Content-Type': type }, '', body)).status).toBe(201);
    }
    expect(await Promise.all(['As JSON', 'As XML', 'As a form'].map(authorOf))).toEqual(Array(3).fill('Alice Test'));
  });

  it.each(ATTEMPTS)(
    'R71: no client acts as another user with a key of Redmine %s',
    async (name, query, type, bodyFor) => {
      const own = { 'X-Redmine-API-Key': upstream.apiKey, 'X-Redmine-Switch-User': 'alice', 'Content-Type': type };
      const past = `past the gateway ${name}`;
      await post(upstream.url, own, filled(query, past), bodyFor(upstream.apiKeyOfBob, past));
      // Redmine prefers the key of the client: this is the way that must be closed.
      expect(await authorOf(past)).toBe('Bob Test');

      const subject = `through the gateway ${name}`;
      const answer = await post(
        `${gateway.url}/redmine`,
        { ...Object.fromEntries([bearer(alice.secret)]), 'Content-Type': type },
        filled(query, subject),
        bodyFor(upstream.apiKeyOfBob, subject),
      );
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: 'credential_ambiguous' });
      expect(await authorOf(subject)).toBeNull();
    },
  );

  it('R71: a user whom Redmine does not have is its own to refuse, and no one else acts', async () => {
    await gateway.createUser({ username: 'stranger' });
    const { secret } = await gateway.createToken({ owner: 'stranger', scope: 'read-write' });
    const headers = { ...Object.fromEntries([bearer(secret)]), 'Content-Type': JSON_TYPE };
    const answer = await post(`${gateway.url}/redmine`, headers, '', JSON.stringify(issueOf('By a stranger')));
    expect(answer.status).toBe(412);
    expect(await authorOf('By a stranger')).toBeNull();
  });
});
