import type { ApplicationKind } from '@scopegate/product';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunWith } from '../support/external-servers.js';
import { shareGateway } from '../support/gateway-test.js';
import { spellingsOf } from '../support/path-spellings.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { isRedmineAvailable, startRedmine, type RedmineServer } from '../support/redmine.server.js';
import { bearer } from '../support/scopegate.fixture.js';

/** What shows or makes a credential of the product itself. */
const CLOSED: Readonly<Partial<Record<ApplicationKind, readonly (readonly [method: string, path: string])[]>>> = {
  gitlab: [
    ['POST', '/api/v4/user/personal_access_tokens'],
    ['POST', '/api/v4/personal_access_tokens/self/rotate'],
    ['POST', '/api/v4/users/7/personal_access_tokens'],
    ['POST', '/api/v4/users/7/impersonation_tokens'],
    ['POST', '/api/v4/projects/7/access_tokens'],
    ['POST', '/api/v4/groups/7/manage/personal_access_tokens/3/rotate'],
    ['POST', '/api/v4/user/keys'],
    ['POST', '/api/v4/user/gpg_keys'],
    ['POST', '/api/v4/projects/7/deploy_tokens'],
    ['POST', '/api/v4/groups/7/deploy_tokens'],
    ['POST', '/api/v4/projects/7/deploy_keys'],
    ['POST', '/api/v4/user/runners'],
    ['POST', '/api/v4/runners'],
    ['POST', '/api/v4/applications'],
    ['GET', '/api/v4/application/settings'],
    ['POST', '/api/graphql'],
    ['POST', '/oauth/token'],
    ['GET', '/jwt/auth'],
    ['POST', '/group/project.git/info/lfs/objects/batch'],
    ['POST', '/a/b/c/d/e/f/g/project.git/info/lfs/objects/batch'],
  ],
  gitea: [
    ['POST', '/api/v1/users/alice/tokens'],
    ['GET', '/api/v1/users/alice/tokens'],
    ['POST', '/api/v1/user/keys'],
    ['POST', '/api/v1/user/gpg_keys'],
    ['POST', '/api/v1/user/applications/oauth2'],
    ['POST', '/api/v1/repos/alice/app/keys'],
    ['POST', '/api/v1/admin/users/alice/keys'],
    ['GET', '/api/v1/admin/runners/registration-token'],
    ['POST', '/login/oauth/access_token'],
    ['GET', '/v2/token'],
    ['POST', '/alice/app.git/info/lfs/objects/batch'],
    ['GET', '/alice/app.git/info/lfs/objects/5a1b'],
  ],
};

const { gateway, upstream } = await shareGateway();
const writer = await gateway.createToken({ scope: 'read-write' });

function send(mount: string, method: string, path: string): Promise<RawAnswer> {
  const headers = [bearer(writer.secret)];
  const body = method === 'POST' ? { body: '{}' } : {};
  return request({ port: gateway.port, method, target: `${mount}${path}`, headers, ...body }, { closeWaitMs: 0 });
}

/** A path that no server could take for another one is forbidden; any other may also be malformed. */
function expectRefusal(answer: RawAnswer, name: string): void {
  const { code } = answer.json<{ code: string }>();
  const refusals = ['403 path_blocked', ...(name === 'as it is' ? [] : ['400 path_ambiguous'])];
  expect([name, refusals]).toEqual([name, expect.arrayContaining([`${answer.status} ${code}`])]);
}

describe.each(Object.entries(CLOSED))('the credentials of %s', (key, paths) => {
  const kind = key as ApplicationKind;
  beforeAll(() => gateway.createApplication({ kind, mount: { pathPrefix: `/${kind}` }, upstream: upstream.url }));

  it.each(paths)('R74: no spelling of %s %s reaches it with a token', async (method, path) => {
    for (const [name, spelling] of spellingsOf(path)) {
      expectRefusal(await send(`/${kind}`, method, spelling), name);
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R74: what is beside them does', async () => {
    const target = kind === 'gitlab' ? '/api/v4/projects/a%2Fb/issues' : '/api/v1/repos/a/b/issues';
    expect((await send(`/${kind}`, 'POST', target)).status).toBe(200);
    expect(upstream.requests.map((received) => received.target)).toEqual([target]);
  });
});

describe.runIf(canRunWith('redmine', isRedmineAvailable()))('the credentials of a real Redmine', () => {
  let redmine: RedmineServer;

  beforeAll(async () => {
    redmine = await startRedmine();
    await gateway.createUser({ username: 'alice' });
    await gateway.createApplication({
      key: 'redmine',
      kind: 'redmine',
      mount: { pathPrefix: '/redmine' },
      upstream: upstream.url,
      identity: {
        mode: 'headers',
        headers: { 'X-Redmine-API-Key': { secret: redmine.apiKey }, 'X-Redmine-Switch-User': '{username}' },
      },
    });
  }, 180_000);
  afterAll(() => redmine.stop());

  /** Past the gateway, as alice's client would. */
  const ask = (method: string, path: string): Promise<RawAnswer> =>
    request({ port: redmine.port, method, target: path, headers: [['X-Redmine-API-Key', redmine.apiKeyOfAlice]] });

  /** Between the gateway and Redmine, so that the tests see what comes. */
  const relay = (): void =>
    upstream.respondWith(async ({ method, target, headerLines, body }) => {
      const headers = headerLines.filter(([name]) => !/^(?:host|content-length|connection)$/i.test(name));
      const answer = await request({ port: redmine.port, method, target, headers, body });
      return { status: answer.status, headers: [['Content-Type', 'application/json']], body: answer.text() };
    });

  it('R74: it shows alice her key at more than one spelling, past the gateway', async () => {
    const shown: string[] = [];
    for (const [name, spelling] of spellingsOf('/users/current')) {
      if ((await ask('GET', spelling)).text().includes(redmine.apiKeyOfAlice)) shown.push(name);
    }
    expect(shown).toEqual(expect.arrayContaining(['with a suffix', 'with another suffix']));
    expect((await ask('GET', '/my/account.json')).text()).toContain(redmine.apiKeyOfAlice);
  });

  it.each([
    ['GET', '/users/current'],
    ['GET', '/users/current.json'],
    ['HEAD', '/users/current.json'],
    ['GET', '/users/5.xml'],
    ['GET', '/users/5/edit'],
    ['PUT', '/users/5.json'],
    ['POST', '/users'],
    ['GET', '/my/account'],
    ['GET', '/my/account.json'],
    ['GET', '/my/api_key'],
    ['POST', '/my/api_key'],
    ['POST', '/my/atom_key'],
    ['GET', '/settings'],
    ['POST', '/login'],
    ['POST', '/account/lost_password'],
  ])('R74: no spelling of %s %s reaches it with a token', async (method, path) => {
    relay();
    for (const [name, spelling] of spellingsOf(path)) {
      const answer = await send('/redmine', method, spelling);
      if (method === 'HEAD') expect([400, 403]).toContain(answer.status);
      else expectRefusal(answer, name);
      expect(answer.text()).not.toContain(redmine.apiKeyOfAlice);
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R74: what is beside them does, and shows no key', async () => {
    relay();
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    for (const target of ['/issues.json', '/projects.json', '/projects/demo.xml?include=enabled_modules']) {
      const answer = await request({
        port: gateway.port,
        target: `/redmine${target}`,
        headers: [['X-Redmine-API-Key', token.secret]],
      });
      expect([target, answer.status]).toEqual([target, 200]);
      expect(answer.text()).not.toMatch(new RegExp(`${redmine.apiKey}|${redmine.apiKeyOfAlice}|api_key`));
    }
    expect(upstream.requests.map((received) => received.headerValues('X-Redmine-API-Key'))).toEqual(
      Array.from({ length: 3 }, () => [redmine.apiKey]),
    );
  });
});
