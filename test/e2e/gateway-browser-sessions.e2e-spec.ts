import { describe, expect } from 'vitest';
import { logIn, type BrowserSession } from '../support/browser-session.client.js';
import { ask, ASKING_FORMS } from '../support/forward-auth.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import type { RecordedRequest } from '../support/recording-upstream.js';
import {
  basic,
  bearer,
  startScopegateFixture,
  type ScopegateFixture,
  type TestUser,
} from '../support/scopegate.fixture.js';
import { openUpgrade, startUpgradeUpstream } from '../support/upgraded.client.js';

const PAGE = '/rest/api/2/issue/A-1';

/** What a trusted proxy adds that has ended TLS. */
const BY_HTTPS = { 'X-Forwarded-For': '203.0.113.7', 'X-Forwarded-Proto': 'https' };

const it = gatewayTest
  .extend('applications', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const open = { kind: 'generic', upstream: upstream.url, anonymous: 'allow', passwords: 'forward' } as const;
    await gateway.createApplication({ ...open, key: 'open', mount: { pathPrefix: '/open' } });
    await gateway.createApplication({ ...open, key: 'host', mount: { host: 'app.test' } });
    await gateway.createApplication({ ...open, key: 'jira', kind: 'jira', mount: { pathPrefix: '/jira' } });
    const closed = { ...open, anonymous: 'deny', passwords: 'deny' };
    await gateway.createApplication({ ...closed, key: 'closed', mount: { pathPrefix: '/closed' } });
  })
  .extend('sessions', { scope: 'file' }, async ({ gateway, applications: _applications }) => {
    const admin = { username: 'admin', password: gateway.adminPassword };
    return { http: await logIn(gateway.url, admin), https: await logIn(gateway.url, admin, BY_HTTPS) };
  })
  .extend(
    'send',
    ({ gateway }) =>
      (target: string, headers: readonly HeaderLine[], host = '127.0.0.1'): Promise<RawAnswer> =>
        request({ port: gateway.port, target, headers: [['Host', host], ...headers] }),
  );

/** As a browser sends it to every path of the host. */
const cookiesWith = ({ cookie }: BrowserSession): HeaderLine => ['Cookie', `a=1; ${cookie}; theirs=s%3Aabc; b="2"`];

const OTHERS = 'a=1; theirs=s%3Aabc; b="2"';

/** Nothing of the session has come, in any line. */
function expectWithout(received: RecordedRequest | undefined, { value }: BrowserSession): void {
  expect(received).toBeDefined();
  const head = JSON.stringify(received?.headerLines);
  expect(head).not.toContain(value.slice(4));
  expect(head).not.toContain('sgb_');
  expect(head.toLowerCase()).not.toMatch(/(?:__host-)?scopegate=/);
}

describe.each(['http', 'https'] as const)('the cookie of a session over %s', (scheme) => {
  it('R99: has the name of the scheme', ({ sessions }) => {
    const { cookie } = sessions[scheme];
    expect(cookie.slice(0, cookie.indexOf('='))).toBe(scheme === 'https' ? '__Host-scopegate' : 'scopegate');
  });

  it.for([
    ['a path', `/open${PAGE}`, '127.0.0.1'],
    ['the kind jira', `/jira${PAGE}`, '127.0.0.1'],
    ['a host', PAGE, 'app.test'],
  ] as const)(
    'R99: never goes upstream, and stands for nobody there: %s',
    async ([, target, host], { sessions, send, upstream, gateway }) => {
      const session = sessions[scheme];
      const answer = await send(target, [cookiesWith(session), ...Object.entries(BY_HTTPS)], host);
      expect(answer.status).toBe(200);
      const received = upstream.lastRequest;
      expectWithout(received, session);
      expect(received?.headerValues('cookie')).toEqual([OTHERS]);
      expect(received?.headerValues('x-forwarded-user')).toEqual([]);
      const requestId = answer.header('x-request-id');
      const event = (await gateway.events({})).find((one) => one.requestId === requestId);
      expect([event?.actor ?? null, event?.credential ?? 'not recorded']).not.toContain('admin');
      expect(event?.credential).not.toBe('session');
    },
  );

  it('R99: never goes upstream beside a password that is forwarded', async ({ sessions, send, upstream }) => {
    const session = sessions[scheme];
    await send(`/open${PAGE}`, [cookiesWith(session), basic('somebody', 'a word of theirs')]);
    expectWithout(upstream.lastRequest, session);
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual([OTHERS]);
  });

  it('R99: never goes upstream beside a token', async ({ sessions, send, upstream, gateway }) => {
    const session = sessions[scheme];
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    expect((await send(`/open${PAGE}`, [cookiesWith(session), bearer(secret)])).status).toBe(200);
    expectWithout(upstream.lastRequest, session);
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['admin']);
  });

  it('R99: opens no application that wants a credential', async ({ sessions, send, upstream }) => {
    const answer = await send(`/closed${PAGE}`, [['Cookie', sessions[scheme].cookie], ...Object.entries(BY_HTTPS)]);
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([401, 'authentication_required']);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R99: is no credential for the doors of other proxies', async ({ sessions, gateway }) => {
    for (const form of ASKING_FORMS) {
      const subject = { target: PAGE, headers: [['Cookie', sessions[scheme].cookie]] as HeaderLine[] };
      const closed = await ask(subject, { port: gateway.port, application: 'closed', form });
      expect([form, closed.status]).toEqual([form, 401]);
      const open = await ask(subject, { port: gateway.port, application: 'open', form });
      expect([form, open.status, open.header('x-scopegate-code')]).toEqual([form, 200, 'passed']);
      expect(open.header('x-forwarded-user')).toBe('');
    }
  });

  it('R99, R116: never goes upstream with an upgrade', async ({ sessions, gateway }) => {
    const switching = await startUpgradeUpstream();
    const session = sessions[scheme];
    try {
      const key = await gateway.createApplication({
        kind: 'generic',
        anonymous: 'allow',
        upstream: switching.url,
        mount: { pathPrefix: `/live-${scheme}` },
      });
      const client = await openUpgrade({
        port: gateway.port,
        path: `/live-${scheme}/socket`,
        headers: [cookiesWith(session)],
      });
      expect([key, client.status]).toEqual([key, 101]);
      const end = await switching.waitForEnd(1);
      expect(end.headerValues('cookie')).toEqual([OTHERS]);
      expect(end.headerValues('x-forwarded-user')).toEqual([]);
      client.socket.destroy();
    } finally {
      await switching.stop();
    }
  });
});

describe("an application at a path of the console's own address", () => {
  const warningsOf = async (server: ScopegateFixture, user?: TestUser): Promise<readonly string[]> => {
    const { api } = await logIn(server.managementUrl, user ?? { username: 'admin', password: server.adminPassword });
    const { body } = await api.get<{ warnings: readonly { readonly code: string }[] }>('/session');
    return body.warnings.map(({ code }) => code);
  };

  it('R99: is named in a warning to administrators', async ({ gateway, applications: _applications }) => {
    expect(await warningsOf(gateway)).toEqual(['console_shares_origin']);
    expect(await warningsOf(gateway, await gateway.createUser())).toEqual([]);
  });

  it('R99: is not, if the console has a port of its own, which the other port does not answer for', async ({
    upstream,
  }) => {
    const two = await startScopegateFixture({ management: true });
    try {
      await two.createApplication({ kind: 'generic', mount: { pathPrefix: '/app' }, upstream: upstream.url });
      expect(await warningsOf(two)).toEqual([]);
      const { cookie } = await logIn(two.managementUrl, { username: 'admin', password: two.adminPassword });
      for (const target of ['/console/', '/api/v1/me', '/api/v1/session']) {
        const answer = await request({ port: two.port, target, headers: [['Cookie', cookie]] });
        expect([target, answer.status]).toEqual([target, 404]);
      }
    } finally {
      await two.stop();
    }
  });
});

it('R99: an application sets and removes no session of the browser, and other cookies it does', async ({
  send,
  upstream,
  applications: _applications,
}) => {
  const planted = [
    `scopegate=sgb_${'a'.repeat(43)}; Path=/`,
    'scopegate=; Path=/; Max-Age=0',
    '__Host-scopegate=x; Path=/; Secure',
    'SCOPEGATE=x',
  ];
  const lines = [...planted, 'theirs=1; Path=/'].map((value): HeaderLine => ['Set-Cookie', value]);
  upstream.respondWith(() => ({ status: 200, headers: lines, body: '' }));
  const answer = await send(`/open${PAGE}`, []);
  expect(answer.headerValues('set-cookie')).toEqual(['theirs=1; Path=/open']);
});

it('R99: a made-up or an old value never goes upstream either', async ({
  send,
  upstream,
  applications: _applications,
}) => {
  for (const cookie of ['scopegate=', 'scopegate=x', '__Host-scopegate=old', `other=sgb_${'a'.repeat(43)}`]) {
    await send(`/open${PAGE}`, [['Cookie', `${cookie}; a=1`]]);
    expect(upstream.lastRequest?.headerValues('cookie'), cookie).toEqual(['a=1']);
  }
});
