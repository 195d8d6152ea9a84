import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

const ORIGIN: HeaderLine = ['Origin', 'https://board.test'];
const EVIL: HeaderLine = ['Origin', 'https://evil.test'];
const READ = 'X-Request-Id, WWW-Authenticate, Retry-After, X-Scopegate-Token-Expires, X-Board';

const it = gatewayTest
  .extend('token', { scope: 'file' }, async ({ gateway, upstream }) => {
    const application = { kind: 'generic', upstream: upstream.url } as const;
    const cors = { origins: ['https://board.test'], headers: ['X-Board'] };
    await gateway.createApplication({ ...application, key: 'board', mount: { pathPrefix: '/board' }, cors });
    const open = { origins: ['*'], headers: [] };
    await gateway.createApplication({ ...application, key: 'open', mount: { pathPrefix: '/open' }, cors: open });
    await gateway.createApplication({ ...application, key: 'plain', mount: { pathPrefix: '/plain' } });
    await gateway.createApplication({ key: 'jira', mount: { pathPrefix: '/jira' }, upstream: upstream.url, cors });
    await gateway.createUser({ username: 'alice' });
    const { secret } = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    return secret;
  })
  .extend(
    'send',
    ({ gateway, token: _token }) =>
      (target: string, headers: readonly HeaderLine[], method = 'GET') =>
        request({ port: gateway.port, target, method, headers: [['Host', 'gateway.test'], ...headers] }),
  )
  .extend('preflight', ({ send }) => (target: string, origin: HeaderLine) => {
    const asked: readonly HeaderLine[] = [
      ['Access-Control-Request-Method', 'PROPFIND'],
      ['Access-Control-Request-Headers', 'authorization, x-board'],
    ];
    return send(target, [origin, ...asked], 'OPTIONS');
  });

function corsLines(answer: RawAnswer): Readonly<Record<string, string>> {
  const lines = answer.headerLines.filter(([name]) => /^(access-control-.*|vary)$/i.test(name));
  return Object.fromEntries(lines.map(([name, value]) => [name.toLowerCase(), value]));
}

const OF_LISTED = {
  vary: 'Origin',
  'access-control-allow-origin': 'https://board.test',
  'access-control-expose-headers': READ,
};

describe('a page of another origin', () => {
  it('R122: gets its preflight answered, without a credential and without the upstream', async ({
    upstream,
    preflight,
  }) => {
    const answer = await preflight('/board/x', ORIGIN);
    expect([answer.status, answer.body.length]).toEqual([204, 0]);
    expect(corsLines(answer)).toEqual({
      'access-control-allow-origin': 'https://board.test',
      'access-control-allow-methods': 'PROPFIND',
      'access-control-allow-headers': 'Authorization, Content-Type, X-Board',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    expect(corsLines(await preflight('/open/x', EVIL))).toMatchObject({ 'access-control-allow-origin': '*' });
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R122: gets nothing if its origin is not listed, or no list exists', async ({ send, preflight }) => {
    const refused = await preflight('/board/x', EVIL);
    expect([refused.status, corsLines(refused)]).toEqual([401, { vary: 'Origin' }]);
    const plain = await preflight('/plain/x', ORIGIN);
    expect([plain.status, corsLines(plain)]).toEqual([401, {}]);
    expect(corsLines(await send('/plain/x', [ORIGIN]))).toEqual({});
  });

  it('R122: can read answers of the upstream, and refusals', async ({ upstream, send, token }) => {
    const answer = await send('/board/x', [ORIGIN, bearer(token)]);
    expect([answer.status, corsLines(answer)]).toEqual([200, OF_LISTED]);
    const refused = await send('/board/x', [ORIGIN, bearer(token)], 'POST');
    expect([refused.status, corsLines(refused)]).toEqual([403, OF_LISTED]);
    upstream.respondWith(() => ({ raw: 'nonsense\r\n\r\n', close: true, status: 200, headers: [] }));
    const failed = await send('/board/x', [ORIGIN, bearer(token)]);
    expect([failed.status, corsLines(failed)]).toEqual([502, OF_LISTED]);
  });

  it('R122: can log in to a session', async ({ send, token }) => {
    const answer = await send('/jira/rest/auth/1/session', [ORIGIN, bearer(token)], 'POST');
    expect([answer.status, corsLines(answer)]).toEqual([200, OF_LISTED]);
  });

  it('R122: cannot read the answer to another origin, also from a cache', async ({ send, token }) => {
    for (const headers of [[EVIL], [], [ORIGIN, ORIGIN]]) {
      expect(corsLines(await send('/board/x', [...headers, bearer(token)]))).toEqual({ vary: 'Origin' });
    }
  });

  it('R122: never gets credentials of the browser', async ({ send, preflight, token }) => {
    for (const answer of [
      await preflight('/board/x', ORIGIN),
      await preflight('/open/x', ORIGIN),
      await send('/board/x', [ORIGIN, bearer(token)]),
      await send('/open/x', [ORIGIN]),
    ]) {
      expect(answer.header('access-control-allow-credentials')).toBeUndefined();
    }
  });

  it('R122: follows the lines of an upstream that has its own', async ({ upstream, send, token }) => {
    upstream.respondWith(() => ({ status: 200, headers: [['access-control-allow-origin', 'https://own.test']] }));
    expect(corsLines(await send('/board/x', [ORIGIN, bearer(token)]))).toEqual({
      'access-control-allow-origin': 'https://own.test',
    });
  });

  it('R55: has one event for a preflight, as for any anonymous request', async ({ gateway, preflight }) => {
    await preflight('/board/unrecorded', ORIGIN);
    await gateway.patchSettings({ audit: { anonymous: true } });
    await preflight('/board/recorded', ORIGIN);
    const events = await gateway.events({ application: 'board', q: 'recorded' });
    expect(events.map(({ type, outcome, path, status }) => [type, outcome, path, status])).toEqual([
      ['authentication.passed', 'passed', '/recorded', 204],
    ]);
    await gateway.patchSettings({ audit: { anonymous: false } });
  });
});

describe('a refusal on the mount of a product', () => {
  it.for([
    ['jira', { errorMessages: [expect.stringContaining('read-only')] }],
    ['confluence', { message: expect.stringContaining('read-only') }],
    ['bitbucket', { errors: [{ message: expect.stringContaining('read-only') }] }],
    ['generic', {}],
  ] as const)(
    'R122: has the reason where clients of %s look for it',
    async ([kind, more], { gateway, send, token, upstream }) => {
      const key = `of-${kind}`;
      await gateway.createApplication({ key, kind, mount: { pathPrefix: `/${key}` }, upstream: upstream.url });
      const answer = await send(`/${key}/rest/x`, [bearer(token)], 'POST');
      expect(answer.header('content-type')).toBe('application/problem+json');
      expect(answer.headerValues('www-authenticate')).toEqual([
        'Bearer error="insufficient_scope", scope="read-write"',
      ]);
      const { type, title, status, detail, code, requestId, ...others } = answer.json<Record<string, unknown>>();
      expect([type, title, status, detail, code, requestId]).toEqual([
        '/docs/problems/scope_insufficient',
        expect.any(String),
        403,
        expect.any(String),
        'scope_insufficient',
        answer.header('x-request-id'),
      ]);
      expect(others).toEqual(more);
    },
  );
});
