import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import { sendRaw, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { bearer, type TestToken } from '../support/scopegate.fixture.js';
import { pauseInSteps } from '../support/until.js';

/** A request is let in by its head, and then sends the end of its body so late that much can change before. */
const LATE_MS = 1_400;

const FORM = 'application/x-www-form-urlencoded';

let applications = 0;

const { gateway, upstream } = await shareGateway();
const second = await startRecordingUpstream();
await gateway.createUser({ username: 'alice' });

afterAll(() => second.stop());

beforeEach(() => second.clear());

interface Sending {
  readonly host: string;
  readonly token?: TestToken;
  readonly method?: string;
  readonly target?: string;
  readonly type?: string;
  readonly body?: string;
}

/** Sends a request whose body ends late, and has something changed while it waits. */
async function during(
  { host, token, method = 'POST', target = '/search', type = 'text/plain', body = 'a=bc' }: Sending,
  change: () => Promise<unknown>,
): Promise<RawAnswer> {
  const authorization = token === undefined ? '' : `${bearer(token.secret).join(': ')}\r\n`;
  const head =
    `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${authorization}Content-Type: ${type}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  const betweenPieces = async (): Promise<void> => {
    await pauseInSteps(LATE_MS / 2);
    await change();
    await pauseInSteps(LATE_MS / 2);
  };
  return sendRaw(gateway.port, [head + body.slice(0, -1), body.slice(-1)], { betweenPieces });
}

/** An application that admits anonymous requests, with an exception, at a host of its own. */
async function openApplication(): Promise<{ readonly key: string; readonly host: string; readonly path: string }> {
  applications += 1;
  const host = `open${applications}.test`;
  const key = await gateway.createApplication({
    kind: 'generic',
    mount: { host },
    upstream: upstream.url,
    anonymous: 'allow',
    readOnlyExceptions: [{ method: 'POST', path: '/search' }],
  });
  return { key, host, path: `/applications/${key}` };
}

function outcome(answer: RawAnswer): string {
  return answer.status === 200 ? '200' : `${answer.status} ${answer.json<{ code: string }>().code}`;
}

describe('a request that waits is judged by what holds when it goes upstream', () => {
  it('R64: an application that refuses everyone by then', async () => {
    const { host, path } = await openApplication();
    const answer = await during({ host }, () => gateway.admin.patch(path, { anonymous: 'deny' }));
    expect(outcome(answer)).toBe('401 authentication_required');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R64: an exception that is taken away', async () => {
    const { host, path } = await openApplication();
    const token = await gateway.createToken({ scope: 'read-only' });
    const answer = await during({ host, token }, () => gateway.admin.patch(path, { readOnlyExceptions: [] }));
    expect(outcome(answer)).toBe('403 scope_insufficient');
    expect(upstream.bytesReceived).toBe(0);
    expect(await gateway.events({ tokenId: token.id, outcome: 'denied' })).toMatchObject([
      { code: 'scope_insufficient' },
    ]);
  });

  it('R64: an application that is removed, or moved to another host', async () => {
    for (const change of ['removed', 'moved'] as const) {
      const { host, key, path } = await openApplication();
      const answer = await during({ host }, () =>
        change === 'removed'
          ? gateway.admin.delete(path)
          : gateway.admin.patch(path, { mount: { host: 'moved.test' } }),
      );
      expect(outcome(answer), change).toBe('404 application_not_found');
      expect(await gateway.events({ application: key, outcome: 'failed' }), change).toHaveLength(1);
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R64: an application that is given another upstream', async () => {
    const { host, path } = await openApplication();
    const answer = await during({ host }, () => gateway.admin.patch(path, { upstream: second.url }));
    expect(outcome(answer)).toBe('503 policy_unavailable');
    expect([upstream.bytesReceived, second.bytesReceived]).toEqual([0, 0]);
  });

  it('R64: a change that does not concern it lets it through, with the identity as it is now', async () => {
    const { host, path } = await openApplication();
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const answer = await during({ host, token }, () =>
      gateway.admin.patch(path, { identity: { headers: { 'X-Who': '{username}' } } }),
    );
    expect(outcome(answer)).toBe('200');
    expect(upstream.lastRequest?.body.toString()).toBe('a=bc');
    expect([upstream.lastRequest?.header('x-who'), upstream.lastRequest?.header('x-forwarded-user')]).toEqual([
      'alice',
      undefined,
    ]);
  });

  it.each([
    ['a form that is looked through for credentials', { type: FORM, target: '/x' }, 'read-write'],
    ['a body that is looked through for another method', { type: FORM }, 'read-only'],
    ['JSON that is looked through for another method', { type: 'application/json', body: '{"a": 1}' }, 'read-only'],
  ] as const)('R64: a token that is revoked while it sends %s', async (_what, sending, scope) => {
    const { host } = await openApplication();
    const token = await gateway.createToken({ scope });
    const answer = await during({ host, token, ...sending }, () => gateway.revokeToken(token.id));
    expect(outcome(answer)).toBe('401 token_revoked');
    expect(upstream.bytesReceived).toBe(0);
    expect(await gateway.events({ tokenId: token.id, outcome: 'failed' })).toHaveLength(1);
    expect(await gateway.events({ tokenId: token.id, outcome: 'allowed' })).toHaveLength(0);
  });
});

describe('the management API', () => {
  const host = 'scopegate.test';
  const target = '/api/v1/tokens';
  const type = 'application/json';

  it('R64: a token that is revoked while it sends the body makes no other token', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const body = JSON.stringify({ description: 'made too late', scope: 'read-write' });
    const answer = await during({ host, target, token, type, body }, () => gateway.revokeToken(token.id));
    expect(outcome(answer)).toBe('401 token_revoked');
    const { body: list } = await gateway.admin.get<{ items: readonly unknown[] }>(
      '/tokens?owner=alice&q=made+too+late',
    );
    expect(list.items).toEqual([]);
  });

  it('R64: who is no administrator any more changes nothing with a body that ends late', async () => {
    await gateway.createUser({ username: 'second', groups: ['administrators'] });
    const token = await gateway.createToken({ owner: 'second', scope: 'read-write' });
    const sending = {
      host,
      token,
      type,
      method: 'PATCH',
      target: '/api/v1/settings',
      body: '{"passwords":{"enabled":false}}',
    };
    const answer = await during(sending, () => gateway.admin.delete('/groups/administrators/members/second'));
    expect(outcome(answer)).toBe('403 administrator_required');
    const { body } = await gateway.admin.get<{ passwords: { enabled: boolean } }>('/settings');
    expect(body.passwords.enabled).toBe(true);
  });
});
