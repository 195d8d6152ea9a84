import { afterEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import type { ApiAnswer, ApiClient, ProblemBody } from '../support/api.client.js';
import { logIn } from '../support/browser-session.client.js';
import { restoreRules, TEST_SETTINGS } from '../support/each-database.js';
import { shareServer } from '../support/gateway-test.js';
import type { TestUser } from '../support/scopegate.fixture.js';

const server = await shareServer();
await restoreRules(server);
const url = server.managementUrl;
const admin = { username: 'admin', password: server.adminPassword };
const clock = server.provider(Clock);
const document = (await (await fetch(`${server.url}/docs/openapi.json`)).json()) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly description?: string }>>>>;
};

function codeOf(answer: ApiAnswer<unknown>): string {
  return `${answer.status} ${(answer.body as ProblemBody | undefined)?.code ?? ''}`.trim();
}

/** A browser that somebody left open, 20 minutes after the login. */
async function openBrowserOf(user: TestUser): Promise<ApiClient> {
  const { api } = await logIn(url, user);
  vi.spyOn(clock, 'nowMs').mockImplementation(() => Date.now() + 20 * 60_000);
  return api;
}

afterEach(() => vi.restoreAllMocks());

describe('whoever finds an open browser', () => {
  it('R51, R99: does not find out the password where it is changed', async () => {
    const user = await server.createUser();
    const { api } = await logIn(url, user);
    await server.admin.put('/settings', { ...TEST_SETTINGS, throttling: { maxFailures: 3, windowSeconds: 60 } });
    try {
      const answers: string[] = [];
      for (let count = 1; count <= 6; count += 1) {
        const body = { current: `guess number ${count}`, new: 'a password of the thief' };
        answers.push(codeOf(await api.post('/me/password', body)));
      }
      const [wrong, throttled] = ['400 validation_failed', '429 too_many_failures'];
      expect(answers).toEqual([wrong, wrong, wrong, throttled, throttled, throttled]);
      const right = await api.post('/me/password', { current: user.password, new: 'a password of the thief' });
      expect(codeOf(right)).toBe('429 too_many_failures');
      expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
      // The same count as at the other places where a password is checked.
      expect(codeOf(await api.post('/session/step-up', { password: user.password }))).toBe('429 too_many_failures');
    } finally {
      await restoreRules(server);
    }
    expect((await api.get('/me')).status).toBe(200);
  });

  it('R99: takes away no token of an administrator, which could change every rule without a step-up', async () => {
    const { id } = await server.createToken({ scope: 'read-write' });
    const other = await server.createUser();
    const ofOther = await server.createToken({ scope: 'read-write', owner: other.username });
    const api = await openBrowserOf(admin);
    const asked = { description: 'taken away', scope: 'read-write', validity: 'P1M' };
    for (const [path, body] of [
      ['/tokens', asked],
      ['/tokens', { ...asked, owner: other.username }],
      [`/tokens/${id}/rotate`, {}],
      [`/tokens/${ofOther.id}/rotate`, {}],
    ] as const) {
      expect(codeOf(await api.post(path, body)), path).toBe('403 step_up_required');
    }
    // What takes nothing away stays free.
    expect((await api.patch(`/tokens/${id}`, { description: 'renamed' })).status).toBe(200);
    expect((await api.delete(`/tokens/${id}`)).status).toBe(204);
    expect((await api.post('/session/step-up', { password: admin.password })).status).toBe(204);
    expect((await api.post('/tokens', asked)).status).toBe(201);
    expect((await server.admin.post('/tokens', asked)).status).toBe(201);
  });

  it('R99: takes away no token of others with the permission to create them', async () => {
    await server.admin.post('/groups', { name: 'helpers' });
    const helper = await server.createUser({ groups: ['helpers'] });
    const asked = { description: 'taken away', scope: 'read-write', validity: 'P1M' };
    const api = await openBrowserOf(helper);
    // A user without it may make tokens that can do what the session can.
    expect((await api.post('/tokens', asked)).status).toBe(201);
    await server.admin.patch('/permissions', { createOnBehalf: { groups: ['administrators', 'helpers'] } });
    try {
      for (const owner of [helper.username, 'admin']) {
        expect(codeOf(await api.post('/tokens', { ...asked, owner }))).toBe('403 step_up_required');
      }
    } finally {
      await restoreRules(server);
    }
  });
});

/** What changes no rule: a call of one's own, or one that only reads. Every other route waits for the step-up. */
const FREE = new Set([
  'DELETE /me/credentials/{application}',
  'DELETE /session',
  'DELETE /tokens/self',
  'DELETE /tokens/{id}',
  'PATCH /tokens/{id}',
  'POST /applications/{key}/check',
  'POST /audit-events/verify',
  'POST /explain',
  'POST /me/credentials/{application}/check',
  'POST /me/password',
  'POST /session',
  'POST /session/step-up',
  'POST /tokens/revoke',
  'POST /tokens/self/rotate',
  'PUT /me/credentials/{application}',
]);

it('R99: every route that changes something waits for the step-up, or is listed as free', async () => {
  const routes = Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, { description }]) => ({
        method,
        path: path.slice('/api/v1'.length),
        description,
      })),
    )
    .filter(({ method }) => method !== 'get');
  expect([...FREE].filter((name) => !routes.some((route) => nameOf(route) === name))).toEqual([]);
  const api = await openBrowserOf(admin);
  const waiting = routes.filter((route) => !FREE.has(nameOf(route)));
  expect(waiting.length).toBeGreaterThan(25);
  for (const route of waiting) {
    const target = route.path.replace(/\{\w+\}/g, 'nothing');
    const answer =
      route.method === 'delete'
        ? await api.delete(target)
        : await api[route.method as 'post' | 'patch' | 'put'](target, {});
    expect(codeOf(answer), nameOf(route)).toBe('403 step_up_required');
    expect(route.description, nameOf(route)).toContain('`step_up_required`');
  }
});

function nameOf({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method.toUpperCase()} ${path}`;
}
