import { expect } from 'vitest';
import { expectProblem } from '../support/expect-problem.js';
import { gatewayTest } from '../support/gateway-test.js';
import { request } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

interface Preset {
  readonly preset: string;
  readonly kind: string;
  readonly title: string;
  readonly description: string;
  readonly identity: { readonly mode: string };
  readonly proposals: readonly { readonly name: string; readonly method: string; readonly path: string }[];
  readonly blockedPaths: readonly { readonly path: string }[];
}

interface Made {
  readonly key: string;
  readonly kind: string;
  readonly identity: object;
  readonly readOnlyExceptions: readonly object[];
  readonly chosen?: Preset;
}

/** Without a deposit, so that a token request goes upstream at once. */
const BY_HEADER = { mode: 'headers', headers: { 'X-Forwarded-User': '{username}' } };

const it = gatewayTest;

it('R73: the presets name every product, what it proposes, and what it closes', async ({ gateway }) => {
  const { status, body } = await gateway.admin.get<{ items: readonly Preset[] }>('/presets');
  expect(status).toBe(200);
  const kinds = ['jira', 'confluence', 'bitbucket', 'gitlab', 'redmine', 'gitea', 'generic'];
  expect([...new Set(body.items.map(({ kind }) => kind))]).toEqual(kinds);
  for (const { title, description, identity } of body.items) {
    expect([title, description, identity.mode].every((text) => text !== '')).toBe(true);
  }
  const jira = body.items.find(({ preset }) => preset === 'jira');
  expect(jira?.proposals).toContainEqual({ name: 'search', method: 'POST', path: '/rest/api/2/search' });
  const redmine = body.items.find(({ preset }) => preset === 'redmine');
  expect(redmine?.blockedPaths).toContainEqual({ path: '/users/**' });
  const user = await gateway.createUser();
  expectProblem(
    await gateway.as({ user: user.username, password: user.password }).get('/presets'),
    403,
    'administrator_required',
  );
});

it('R73: a preset and an address make an application, and the answer says what was chosen', async ({
  gateway,
  upstream,
}) => {
  const { items } = (await gateway.admin.get<{ items: readonly Preset[] }>('/presets')).body;
  for (const { preset, kind, identity } of items) {
    const made = await gateway.admin.post<Made>('/applications', { preset, upstream: upstream.url });
    const mount = { pathPrefix: `/${preset}` };
    expect([made.status, made.body]).toMatchObject([201, { key: preset, kind, mount, identity }]);
    expect(made.body.chosen).toMatchObject({ preset, kind, key: preset, mount, identity });
    expect(made.headers.get('location')).toBe(`/api/v1/applications/${preset}`);
    // The answer can be sent back, and later ones are about the application alone.
    const { chosen: _chosen, ...rest } = made.body;
    expect((await gateway.admin.patch(`/applications/${preset}`, made.body)).body).toEqual(rest);
    expect((await gateway.admin.get<Made>(`/applications/${preset}`)).body).toEqual(rest);
    expectProblem(await gateway.admin.post('/applications', { preset, upstream: upstream.url }), 409, 'conflict');
    expect((await gateway.admin.delete(`/applications/${preset}`)).status).toBe(204);
  }
});

it.for(['gitlab', 'gitea'])(
  'R73: %s lets a read-only token fetch by git after the proposals are switched on',
  async (preset, { gateway, upstream }) => {
    const key = `${preset}-git`;
    const body = { preset, key, upstream: upstream.url, identity: BY_HEADER };
    expect((await gateway.admin.post('/applications', body)).status).toBe(201);
    const token = await gateway.createToken({ scope: 'read-only' });
    const post = async (path: string): Promise<number> => {
      const call = { method: 'POST', target: `/${key}${path}`, headers: [bearer(token.secret)], body: '0000' };
      return (await request({ port: gateway.port, ...call }, { closeWaitMs: 0 })).status;
    };
    expect(await post('/team/app.git/git-upload-pack')).toBe(403);
    const patched = await gateway.admin.patch<Made>(`/applications/${key}`, { readOnlyExceptions: 'proposed' });
    expect(patched.body.readOnlyExceptions).toContainEqual({ method: 'POST', path: '/*/*/git-upload-pack' });
    expect(JSON.stringify(patched.body)).not.toContain('exception_too_wide');
    expect(await post('/team/app.git/git-upload-pack')).toBe(200);
    const sent = (): readonly string[] =>
      upstream.requests.flatMap(({ method, target }) => (method === 'POST' ? [target] : []));
    expect(sent()).toEqual(['/team/app.git/git-upload-pack']);
    for (const path of ['/team/app.git/git-receive-pack', '/api/graphql', '/team/app.git/info/lfs/objects/batch']) {
      expect([path, await post(path)]).toEqual([path, 403]);
    }
    await gateway.admin.patch(`/applications/${key}`, { readOnlyExceptions: ['git-fetch'] });
    expect(await post('/team/app.git/git-upload-pack')).toBe(200);
    expect(sent()).toHaveLength(2);
  },
);

it('R73: what does not fit is a 400', async ({ gateway, upstream }) => {
  const { url } = upstream;
  for (const body of [
    { upstream: url },
    { preset: 'jira' },
    { preset: 'subversion', upstream: url },
    { preset: null, upstream: url },
    { preset: 'jira', kind: 'gitea', upstream: url },
    { preset: 'jira', key: 'Jira', upstream: url },
    { preset: 'jira', key: null, upstream: url },
    { preset: 'jira', upstream: url, readOnlyExceptions: 'all' },
    { preset: 'jira', upstream: url, readOnlyExceptions: ['find'] },
    { preset: 'jira', upstream: url, readOnlyExceptions: [1] },
    { key: 'x', kind: 'jira', upstream: url },
  ]) {
    expectProblem(await gateway.admin.post('/applications', body), 400, 'validation_failed');
  }
  await gateway.createApplication({ key: 'made', mount: { pathPrefix: '/made' }, upstream: url });
  expectProblem(await gateway.admin.patch('/applications/made', { preset: 'jira' }), 400, 'validation_failed');
});
