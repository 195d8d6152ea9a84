import { Agent, request as nodeRequest } from 'node:http';
import { afterAll, describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import { basic, bearer } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

/** Requests under way at any time while a change is made. */
const CONCURRENCY = 24;

const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY * 2 });

const { gateway, upstream } = await shareGateway();
await gateway.patchSettings({ throttling: { maxFailures: 0 } });
await gateway.createApplication({
  key: 'app',
  kind: 'generic',
  mount: { pathPrefix: '/app' },
  upstream: upstream.url,
});
await gateway.createUser({ username: 'alice' });

afterAll(() => agent.destroy());

interface Outcome {
  readonly startedAt: number;
  readonly status: number;
  readonly code: string | null;
}

/** A clock that puts everything in this process in one order. */
let tick = 0;

function ask(credential: readonly [string, string], method = 'GET', path = '/app/x'): Promise<Outcome> {
  const startedAt = (tick += 1);
  return new Promise((resolve, reject) => {
    const sent = nodeRequest(
      { port: gateway.port, host: '127.0.0.1', method, path, agent, headers: { [credential[0]]: credential[1] } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => (text += part));
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          const code = status === 200 ? null : (JSON.parse(text) as { code: string }).code;
          resolve({ startedAt, status, code });
        });
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

/**
 * Asks without a pause while a change is made. What began before the change was asked for must be as it was before,
 * what begins after it was answered must be as it is after; in between either may be.
 */
async function during(
  credential: readonly [string, string],
  change: () => Promise<void>,
  method = 'GET',
): Promise<{ readonly before: ReadonlySet<string>; readonly after: ReadonlySet<string> }> {
  const outcomes: Outcome[] = [];
  let isOver = false;
  const clients = Array.from({ length: CONCURRENCY }, async () => {
    while (!isOver) outcomes.push(await ask(credential, method));
  });
  await until(() => outcomes.length > CONCURRENCY * 3);
  const known = outcomes.length;
  await change();
  const changedAt = (tick += 1);
  await until(() => outcomes.filter(({ startedAt }) => startedAt > changedAt).length > CONCURRENCY * 3);
  isOver = true;
  await Promise.all(clients);
  const words = (some: readonly Outcome[]): ReadonlySet<string> =>
    new Set(some.map(({ status, code }) => (code === null ? String(status) : `${status} ${code}`)));
  return {
    before: words(outcomes.slice(0, known)),
    after: words(outcomes.filter(({ startedAt }) => startedAt > changedAt)),
  };
}

const only = (word: string): ReadonlySet<string> => new Set([word]);

describe('a change under load acts on the very next request', () => {
  it('R64: revoking one token', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const other = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const { before, after } = await during(bearer(token.secret), () => gateway.revokeToken(token.id));
    expect(before).toEqual(only('200'));
    expect(after).toEqual(only('401 token_revoked'));
    expect((await ask(bearer(other.secret))).status).toBe(200);
  });

  it('R64: revoking all tokens of an owner', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 5 }, () => gateway.createToken({ owner: 'alice', scope: 'read-write' })),
    );
    const { before, after } = await during(
      basic('alice', tokens[0]?.secret ?? ''),
      async () => void (await gateway.admin.post('/tokens/revoke', { owner: 'alice' })),
      'POST',
    );
    expect(before).toEqual(only('200'));
    expect(after).toEqual(only('401 token_revoked'));
    for (const token of tokens) expect((await ask(bearer(token.secret))).code).toBe('token_revoked');
  });

  it('R10: rotating a token ends it, and its successor works at once', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    let successor = '';
    const { before, after } = await during(bearer(token.secret), async () => {
      const answer = await gateway.admin.post<{ secret: string }>(`/tokens/${token.id}/rotate`, {});
      expect(answer.status).toBe(201);
      successor = answer.body.secret;
      expect((await ask(bearer(successor))).status).toBe(200);
    });
    expect(before).toEqual(only('200'));
    expect([...after].map((word) => word.slice(0, 3))).toEqual(['401']);
    expect((await ask(bearer(successor))).status).toBe(200);
  });

  it('R25: losing the permission to use tokens, and regaining it', async () => {
    const { secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const lost = await during(bearer(secret), () =>
      gateway.patchPermissions({ useTokens: { everyone: false, groups: ['administrators'] } }),
    );
    expect(lost).toEqual({ before: only('200'), after: only('403 use_not_permitted') });
    const regained = await during(bearer(secret), () =>
      gateway.patchPermissions({ useTokens: { everyone: true, groups: [] } }),
    );
    expect(regained).toEqual({ before: only('403 use_not_permitted'), after: only('200') });
  });

  it('R25: leaving the group that holds the permission, and joining it again', async () => {
    const { secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.admin.post('/groups', { name: 'users' });
    const join = async (): Promise<void> => void (await gateway.admin.put('/groups/users/members/alice'));
    const leave = async (): Promise<void> => void (await gateway.admin.delete('/groups/users/members/alice'));
    await join();
    await gateway.patchPermissions({ useTokens: { everyone: false, groups: ['users'] } });
    expect(await during(bearer(secret), leave)).toEqual({ before: only('200'), after: only('403 use_not_permitted') });
    expect(await during(bearer(secret), join)).toEqual({ before: only('403 use_not_permitted'), after: only('200') });
    await gateway.patchPermissions({ useTokens: { everyone: true, groups: [] } });
  });

  it('R26: deactivating the owner, activating and deleting', async () => {
    await gateway.createUser({ username: 'bob' });
    const { secret } = await gateway.createToken({ owner: 'bob', scope: 'read-only' });
    const patch = (active: boolean) => async (): Promise<void> =>
      void (await gateway.admin.patch('/users/bob', { active }));
    const gone = only('401 credential_invalid');
    expect(await during(bearer(secret), patch(false))).toEqual({ before: only('200'), after: gone });
    expect(await during(bearer(secret), patch(true))).toEqual({ before: gone, after: only('200') });
    const remove = async (): Promise<void> => void (await gateway.admin.delete('/users/bob'));
    const removed = await during(bearer(secret), remove);
    expect(removed.before).toEqual(only('200'));
    expect([...removed.after].map((word) => word.slice(0, 3))).toEqual(['401']);
    await gateway.createUser({ username: 'bob' });
    expect((await ask(bearer(secret))).status).toBe(401);
  });

  it('R33: adding the first entry to the allow list, and taking it away', async () => {
    const { secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const add = async (): Promise<void> =>
      void (await gateway.admin.post('/settings/allow-list', { entry: '192.0.2.1' }));
    const remove = async (): Promise<void> => void (await gateway.admin.delete('/settings/allow-list/192.0.2.1'));
    const refused = only('401 ip_not_allowed');
    expect(await during(bearer(secret), add)).toEqual({ before: only('200'), after: refused });
    expect(await during(bearer(secret), remove)).toEqual({ before: refused, after: only('200') });
  });

  it('R13: an exception for reads of an application', async () => {
    const { secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const patch = (readOnlyExceptions: readonly object[]) => async (): Promise<void> =>
      void (await gateway.admin.patch('/applications/app', { readOnlyExceptions }));
    const refused = only('403 scope_insufficient');
    const allow = patch([{ method: 'POST', path: '/x' }]);
    expect(await during(bearer(secret), allow, 'POST')).toEqual({ before: refused, after: only('200') });
    expect(await during(bearer(secret), patch([]), 'POST')).toEqual({ before: only('200'), after: refused });
  });
});

describe('many tokens at once', () => {
  it('R08: every request is judged by its own token', async () => {
    const names = await Promise.all(Array.from({ length: 4 }, () => gateway.createUser()));
    const tokens = await Promise.all(
      names.flatMap(({ username }) => [
        gateway.createToken({ owner: username, scope: 'read-only' }),
        gateway.createToken({ owner: username, scope: 'read-write' }),
      ]),
    );
    upstream.respondWith((recorded) => ({
      delayMs: Math.floor(Math.random() * 5),
      body: JSON.stringify({ user: recorded.header('x-forwarded-user'), target: recorded.target }),
    }));
    const asked = await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const token = tokens[index % tokens.length];
        if (token === undefined) throw new Error('There is a token for each.');
        const method = index % 3 === 0 ? 'POST' : 'GET';
        const answer = await fetch(`${gateway.url}/app/${index}`, { method, headers: [[...bearer(token.secret)]] });
        const body = (await answer.json()) as { user?: string; target?: string; code?: string };
        return { token, method, index, status: answer.status, body };
      }),
    );
    for (const { token, method, index, status, body } of asked) {
      if (method === 'POST' && token.scope === 'read-only') {
        expect([status, body.code]).toEqual([403, 'scope_insufficient']);
      } else {
        expect([status, body.user, body.target]).toEqual([200, token.owner, `/${index}`]);
      }
    }
  });

  it('R57: has one event for each, and counts each use', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await Promise.all(Array.from({ length: 60 }, () => ask(bearer(token.secret))));
    await Promise.all(Array.from({ length: 20 }, () => ask(bearer(token.secret), 'DELETE')));
    const events = await gateway.events({ tokenId: token.id });
    const count = (type: string): number =>
      events.filter((event) => event.type === type).reduce((sum, event) => sum + event.count, 0);
    expect(count('authentication.succeeded')).toBe(60);
    expect(count('permission.denied')).toBe(20);
    const { body } = await gateway.admin.get<{ useCount: number; lastUsedIp: string }>(`/tokens/${token.id}`);
    expect(body).toMatchObject({ useCount: 60, lastUsedIp: '127.0.0.1' });
  });
});
