import { describe, expect } from 'vitest';
import type { ApiAnswer, ProblemBody } from '../support/api.client.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { TestToken } from '../support/scopegate.fixture.js';

type OpenApi = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: readonly object[] }>>>>;
};

const UNSAFE = ['post', 'put', 'patch', 'delete'] as const;
const NEW_PASSWORD = 'staple correct horse';

const VENDOR = 'rest/de.resolution.apitokenauth/latest/user';

const it = gatewayTest
  .extend('token', { scope: 'file' }, ({ gateway }) => gateway.createToken({ scope: 'read-write' }))
  .extend('asToken', { scope: 'file' }, ({ gateway, token }) => gateway.as({ bearer: token.secret }))
  /** Creates a token that is narrowed to applications. */
  .extend(
    'narrowed',
    { scope: 'file' },
    ({ gateway }) =>
      (...applications: readonly string[]) =>
        gateway.createToken({ scope: 'read-write', applications }),
  )
  .extend(
    'vendorCall',
    { scope: 'file' },
    ({ gateway }) =>
      (mount: string, token: TestToken, method = 'GET', body?: object) =>
        fetch(`${gateway.url}/${mount}/${VENDOR}/token`, {
          method,
          headers: { Authorization: `Bearer ${token.secret}`, 'Content-Type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
  );

it.beforeAll(async ({ gateway, upstream }) => {
  await gateway.createApplication({ key: 'jira', upstream: upstream.url, mount: { pathPrefix: '/jira' } });
  await gateway.createApplication({ key: 'wiki', upstream: upstream.url, mount: { pathPrefix: '/wiki' } });
  await gateway.createUser({ username: 'victim', password: 'correct horse battery' });
  await gateway.createGroup('developers');
});

const codeOf = (answer: ApiAnswer<unknown>): string => (answer.body as ProblemBody).code;

describe('what no token may do', () => {
  it.for([
    ['sets a password of another user', 'patch', '/users/victim', { password: NEW_PASSWORD }],
    ['sets a password of its owner', 'patch', '/users/admin', { password: NEW_PASSWORD }],
    ['sets its owner’s password', 'post', '/me/password', { current: 'x'.repeat(12), new: NEW_PASSWORD }],
    ['makes a user', 'post', '/users', { username: 'mallory', password: NEW_PASSWORD, groups: ['administrators'] }],
    ['makes a user who can only use tokens', 'post', '/users', { username: 'mallory' }],
    ['changes a user', 'patch', '/users/victim', { email: 'mallory@example.com' }],
    ['changes nothing of a user', 'patch', '/users/victim', {}],
    ['makes an administrator', 'patch', '/users/victim', { groups: ['administrators'] }],
    ['deletes a user', 'delete', '/users/victim', undefined],
    ['joins the administrators', 'put', '/groups/administrators/members/victim', undefined],
    ['takes a user out of a group', 'delete', '/groups/administrators/members/admin', undefined],
    ['puts a user into a group', 'put', '/groups/developers/members/victim', undefined],
  ] as const)(
    'R125: a read-write token of an administrator never %s',
    async ([_what, method, path, body], { gateway, token, asToken }) => {
      const before = await Promise.all(['/users', '/groups'].map((list) => gateway.admin.get(list)));
      for (const client of [asToken, gateway.as({ user: 'ADMIN', token: token.secret })]) {
        const answer = await (method === 'delete' ? client.delete(path) : client[method](path, body));
        expect(answer.status).toBe(403);
        // A scope that would suffice is not named, because there is none.
        expect(answer.headers.get('www-authenticate')).toBeNull();
        expect(codeOf(answer)).toBe('scope_insufficient');
        expect((answer.body as ProblemBody).detail).toContain('Log in with your password.');
      }
      const after = await Promise.all(['/users', '/groups'].map((list) => gateway.admin.get(list)));
      expect(after.map(({ body: shown }) => shown)).toEqual(before.map(({ body: shown }) => shown));
    },
  );

  it('R125: the same calls work with the password, and the token may still read', async ({ gateway, asToken }) => {
    expect((await asToken.get('/users/victim')).status).toBe(200);
    expect((await asToken.get('/groups')).status).toBe(200);
    expect((await gateway.admin.patch('/users/victim', { password: NEW_PASSWORD })).status).toBe(200);
    expect((await gateway.as({ user: 'victim', password: NEW_PASSWORD }).get('/me')).status).toBe(200);
  });

  it('R125: the refusal is audited with its true reason', async ({ gateway, token, asToken }) => {
    await asToken.patch('/users/victim', { password: NEW_PASSWORD });
    const [event] = await gateway.events({ tokenId: token.id, code: 'scope_insufficient' });
    expect(event).toMatchObject({ type: 'permission.denied', actor: 'admin', status: 403 });
  });

  it('R125: every documented call that changes users, members of groups or passwords asks for the password, those to come included', async ({
    gateway,
    asToken,
  }) => {
    const answer = await fetch(`${gateway.url}/docs/openapi.json`);
    const { paths } = (await answer.json()) as OpenApi;
    const calls = Object.entries(paths)
      .filter(([path]) => /^\/api\/v1\/(users|groups\/\{name\}\/members|me\/password)(\/|$)/.test(path))
      .flatMap(([path, methods]) => UNSAFE.filter((method) => method in methods).map((method) => ({ path, method })));
    expect(calls.length).toBeGreaterThanOrEqual(6);
    for (const { path, method } of calls) {
      const called = path.replace('/api/v1', '').replaceAll(/\{\w+\}/g, 'nobody');
      const refused = await (method === 'delete' ? asToken.delete(called) : asToken[method](called, {}));
      expect({ path, method, status: refused.status, code: codeOf(refused) }).toEqual({
        path,
        method,
        status: 403,
        code: 'scope_insufficient',
      });
      expect(paths[path]?.[method]?.security).toEqual([{ basic: [] }, { session: [] }]);
    }
    expect(paths['/api/v1/users']?.['get']?.security).toEqual(expect.arrayContaining([{ token: [] }]));
  });
});

describe('a token that is narrowed to applications', () => {
  it('R125: is refused at the management API with the reason, except where it concerns itself (R123)', async ({
    gateway,
    narrowed,
  }) => {
    const as = gateway.as({ bearer: (await narrowed('jira')).secret });
    for (const answer of [
      await as.get('/me'),
      await as.get('/tokens'),
      await as.post('/tokens', { description: 'child', scope: 'read-only' }),
      await as.patch('/settings', {}),
    ]) {
      expect(answer.status).toBe(401);
      expect(codeOf(answer)).toBe('token_not_accepted');
      expect((answer.body as ProblemBody).detail).toContain('"scopegate"');
    }
    expect((await as.get('/tokens/self')).status).toBe(200);
  });

  it('R125: works there where "scopegate" is among them, and is held to the others at the applications', async ({
    gateway,
    upstream,
    narrowed,
  }) => {
    const token = await narrowed('jira', 'scopegate');
    const as = gateway.as({ bearer: token.secret });
    expect((await as.get('/me')).status).toBe(200);
    const proxied = (mount: string): Promise<Response> =>
      fetch(`${gateway.url}/${mount}/rest/api/2/myself`, { headers: { Authorization: `Bearer ${token.secret}` } });
    expect((await proxied('jira')).status).toBe(200);
    expect((await proxied('wiki')).status).toBe(401);
    expect(upstream.requests).toHaveLength(1);
    const alone = await narrowed('scopegate');
    expect((await gateway.as({ bearer: alone.secret }).get('/me')).status).toBe(200);
  });

  it('R10, R125: hands "scopegate" on to the tokens it makes, and never adds it', async ({
    gateway,
    narrowed,
    vendorCall,
  }) => {
    const parent = gateway.as({ bearer: (await narrowed('jira', 'scopegate')).secret });
    const make = (body: object): Promise<ApiAnswer<{ applications: unknown }>> =>
      parent.post('/tokens', { description: 'child', scope: 'read-only', ...body });
    expect((await make({})).body.applications).toEqual(['jira', 'scopegate']);
    expect((await make({ applications: ['scopegate'] })).body.applications).toEqual(['scopegate']);
    expect((await make({ applications: ['jira'] })).body.applications).toEqual(['jira']);

    const below = await vendorCall('jira', await narrowed('jira'), 'POST', { tokenDescription: 'child' });
    const { plainTextToken } = (await below.json()) as { plainTextToken: string };
    expect((await gateway.as({ bearer: plainTextToken }).get('/me')).status).toBe(401);
  });

  it('R125: makes the vendor’s calls below the mount of its application, and below no other', async ({
    narrowed,
    vendorCall,
  }) => {
    const token = await narrowed('jira');
    expect((await vendorCall('jira', token)).status).toBe(200);
    const elsewhere = await vendorCall('wiki', token);
    expect(elsewhere.status).toBe(401);
    expect((await vendorCall('jira', await narrowed('scopegate'))).status).toBe(401);
  });

  it('R125: no application takes the reserved key', async ({ gateway, upstream }) => {
    const body = { key: 'scopegate', kind: 'generic', upstream: upstream.url, mount: { pathPrefix: '/own' } };
    const answer = await gateway.admin.post('/applications', body);
    expect(answer.status).toBe(400);
    expect((answer.body as ProblemBody).errors?.[0]?.field).toBe('key');
  });
});
