import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunWith } from '../support/external-servers.js';
import { isRedmineAvailable, startRedmine, type RedmineServer } from '../support/redmine.server.js';
import { bearer, startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';

type Issues = { readonly issues: readonly { readonly subject: string; readonly author: { readonly name: string } }[] };

describe.runIf(canRunWith('redmine', isRedmineAvailable()))('a script in front of Redmine', () => {
  let gateway: ScopegateFixture;
  let upstream: RedmineServer;
  let reader: TestToken;
  let writer: TestToken;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startRedmine()]);
    await gateway.createApplication({
      key: 'redmine',
      kind: 'generic',
      mount: { pathPrefix: '/redmine' },
      upstream: upstream.url,
      identity: {
        mode: 'headers',
        headers: { 'X-Redmine-API-Key': { secret: upstream.apiKey }, 'X-Redmine-Switch-User': '{username}' },
      },
      // Redmine shows a key there that works past the gateway.
      blockedPaths: [{ path: '/users*' }, { path: '/users/**' }, { path: '/my/**' }],
    });
    await gateway.createUser({ username: 'alice' });
    await gateway.createUser({ username: 'stranger' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  }, 180_000);
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  const call = (token: TestToken, path: string, issue?: object, headers: Record<string, string> = {}) =>
    fetch(`${gateway.url}/redmine${path}`, {
      method: issue === undefined ? 'GET' : 'POST',
      headers: { ...Object.fromEntries([bearer(token.secret)]), 'Content-Type': 'application/json', ...headers },
      ...(issue === undefined ? {} : { body: JSON.stringify({ issue }) }),
    });

  const issuesUpstream = async (): Promise<Issues['issues']> => (await upstream.ask<Issues>('/issues.json')).issues;

  it('R07: a read-write token creates an issue, and the owner of the token is its author', async () => {
    const answer = await call(writer, '/issues.json', { project_id: 'demo', subject: 'By a script' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('set-cookie')).toBeNull();
    expect(answer.headers.get('location')).toMatch(`${gateway.url}/redmine/issues/`);
    expect(await issuesUpstream()).toMatchObject([{ subject: 'By a script', author: { name: 'Alice Test' } }]);
  });

  it('R02, R03: a read-only token lists the issues and creates none', async () => {
    const listed = await call(reader, '/issues.json?project_id=demo&limit=1');
    expect(listed.status).toBe(200);
    expect(((await listed.json()) as Issues).issues).toHaveLength(1);
    const before = await issuesUpstream();
    for (const headers of [{}, { 'X-HTTP-Method-Override': 'GET' }]) {
      expect((await call(reader, '/issues.json', { project_id: 'demo', subject: 'Never' }, headers)).status).toBe(403);
    }
    expect(await issuesUpstream()).toEqual(before);
  });

  it('R124: no answer shows a key of Redmine’s own', async () => {
    for (const path of [
      '/users/current.json',
      '/users/5.xml',
      '/users/%63urrent.json',
      '/users.json',
      '/my/account.json',
    ]) {
      for (const token of [reader, writer]) {
        const answer = await call(token, path);
        const text = await answer.text();
        expect([path, answer.status]).toEqual([path, 403]);
        expect(JSON.parse(text)).toMatchObject({ code: 'path_blocked' });
        expect(text).not.toContain(upstream.apiKeyOfAlice);
      }
    }
  });

  it('R67: a client cannot switch the user, or send a key of its own', async () => {
    const headers = { 'X-Redmine-Switch-User': 'admin', X_Redmine_API_Key: upstream.apiKeyOfAlice };
    const answer = await call(writer, '/issues.json', { project_id: 'demo', subject: 'As alice' }, headers);
    expect(answer.status).toBe(201);
    expect((await issuesUpstream()).find(({ subject }) => subject === 'As alice')?.author.name).toBe('Alice Test');
  });

  it('R42: a key of Redmine’s own as a password reaches nothing', async () => {
    const line = `Basic ${Buffer.from(`${upstream.apiKeyOfAlice}:x`).toString('base64')}`;
    const answer = await fetch(`${gateway.url}/redmine/issues.json`, { headers: { Authorization: line } });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'password_disabled' });
  });

  it('R67: a user whom Redmine does not have is its own to refuse', async () => {
    const stranger = await gateway.createToken({ owner: 'stranger', scope: 'read-only' });
    expect((await call(stranger, '/issues.json')).status).toBe(412);
  });
});
