import { describe, expect } from 'vitest';
import type { ApiClient, ProblemBody } from '../support/api.client.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer, type SendOptions } from '../support/raw-client.js';
import type { RecordedRequest, RecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, type ScopegateFixture } from '../support/scopegate.fixture.js';
import { acceptUpgrade, openUpgrade, startUpgradeUpstream, type UpgradeEnd } from '../support/upgraded.client.js';
import type { UpstreamAnswer } from '../support/upstream-answer.writer.js';

const WHO_AM_I = '/rest/api/2/myself';
const ISSUE = '/rest/api/2/issue/A-1';
const PER_USER = { mode: 'credential', perUser: true };

/** A user with a deposit in Jira and a token, and what the user may ask. */
type Depositor = {
  readonly username: string;
  /** The Authorization line that goes upstream. */
  readonly line: string;
  readonly own: ApiClient;
  readonly token: string;
  send(sending?: Sending, options?: SendOptions): Promise<RawAnswer>;
  /** Stores another credential. */
  renew(): Promise<string>;
  state(): Promise<string | null>;
};

type Sending = {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: string | Buffer;
};

/** As Jira: the accounts by the Authorization lines that it accepts, and one answer for everything else. */
class Jira {
  readonly accounts = new Map<string, string>();
  answer: (request: RecordedRequest) => UpstreamAnswer | Promise<UpstreamAnswer> = () => ({
    body: '{"upstream":"ok"}',
  });

  readonly respond = (asked: RecordedRequest): UpstreamAnswer | Promise<UpstreamAnswer> => {
    const account = this.accounts.get(asked.header('authorization') ?? '');
    if (asked.target !== WHO_AM_I) return this.answer(asked);
    return account === undefined ? { status: 401, body: '{}' } : { body: JSON.stringify({ name: account }) };
  };
}

function expectRefusal(answer: RawAnswer, status: number, code: string): void {
  expect(answer.json<ProblemBody>()).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
}

let made = 0;

async function createDepositor(gateway: ScopegateFixture, jira: Jira, application = 'jira'): Promise<Depositor> {
  const user = await gateway.createUser();
  const own = gateway.as({ user: user.username, password: user.password });
  const { secret: token } = await gateway.createToken({ owner: user.username, scope: 'read-write' });
  const path = `/me/credentials/${application}`;
  const store = async (): Promise<string> => {
    const secret = `an-access-token-of-jira-${(made += 1)}`;
    jira.accounts.set(`Bearer ${secret}`, user.username);
    expect(await own.put(path, { type: 'bearer', secret })).toMatchObject({ status: 200, body: { state: 'working' } });
    return `Bearer ${secret}`;
  };
  return {
    username: user.username,
    line: await store(),
    own,
    token,
    send: ({ target = ISSUE, headers = [], ...sending } = {}, options = {}) =>
      request(
        {
          port: gateway.port,
          target: `/${application}${target}`,
          headers: [['Host', 'a'], bearer(token), ...headers],
          ...sending,
        },
        options,
      ),
    renew: store,
    state: async () => {
      const { body } = await own.get<{ items: readonly { readonly application: string; readonly state: string }[] }>(
        '/me/credentials',
      );
      return body.items.find((item) => item.application === application)?.state ?? null;
    },
  };
}

const it = gatewayTest
  .extend('jira', ({ upstream }) => {
    const jira = new Jira();
    upstream.respondWith(jira.respond);
    return jira;
  })
  .extend('application', { scope: 'file' }, ({ gateway, upstream }) =>
    gateway.createApplication({
      key: 'jira',
      mount: { pathPrefix: '/jira' },
      upstream: upstream.url,
      identity: PER_USER,
    }),
  )
  .extend('alice', async ({ gateway, upstream, jira, application: _application }) => {
    const alice = await createDepositor(gateway, jira);
    upstream.clear();
    upstream.respondWith(jira.respond);
    return alice;
  });

function linesReceived(upstream: RecordingUpstream): readonly string[] {
  return upstream.requests.flatMap((asked) => asked.headerValues('authorization'));
}

describe('a token request of an application with credentials of its users', () => {
  it('R68: goes upstream with the credential of the owner in place of every other one', async ({ upstream, alice }) => {
    const headers: readonly HeaderLine[] = [
      ['Cookie', 'JSESSIONID=of-the-client; sgs_x=1'],
      ['X-Forwarded-User', 'admin'],
    ];
    expect((await alice.send({ headers })).status).toBe(200);
    expect(upstream.requests).toHaveLength(1);
    const [asked] = upstream.requests;
    expect(asked?.headerValues('authorization')).toEqual([alice.line]);
    expect([asked?.header('cookie'), asked?.header('x-forwarded-user')]).toEqual([undefined, undefined]);
    expect(asked?.raw.toString('latin1')).not.toMatch(/sg_|sgs_|of-the-client/);
  });

  it('R68: has the new credential at once after it was renewed', async ({ upstream, alice }) => {
    await alice.send();
    const renewed = await alice.renew();
    await alice.send();
    expect(linesReceived(upstream)).toEqual([alice.line, renewed, renewed]);
  });

  it('R68: never has the credential of another user, whatever runs beside it', async ({
    gateway,
    upstream,
    jira,
    alice,
  }) => {
    const bob = await createDepositor(gateway, jira);
    upstream.clear();
    upstream.respondWith(jira.respond);
    const sent = Array.from({ length: 100 }, (_, index) => {
      const user = index % 2 === 0 ? alice : bob;
      return user.send({ target: `${ISSUE}?of=${user.username}` });
    });
    expect(new Set((await Promise.all(sent)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(upstream.requests).toHaveLength(100);
    for (const asked of upstream.requests) {
      const { line } = asked.target.endsWith(`=${bob.username}`) ? bob : alice;
      expect(asked.headerValues('authorization')).toEqual([line]);
    }
  });

  it('R70: without a deposit is refused, and nothing goes upstream', async ({
    gateway,
    upstream,
    application: _application,
  }) => {
    const { username } = await gateway.createUser();
    const { secret } = await gateway.createToken({ owner: username, scope: 'read-only' });
    const headers: readonly HeaderLine[] = [['Host', 'a'], bearer(secret), ['X-Forwarded-User', 'admin']];
    const answer = await request({ port: gateway.port, target: `/jira${ISSUE}`, headers });
    expectRefusal(answer, 403, 'upstream_credential_missing');
    expect(answer.json<{ detail: string }>().detail).toContain('PUT /api/v1/me/credentials/jira');
    expect(upstream.bytesReceived).toBe(0);
    expect(await gateway.events({ user: username, application: 'jira' })).toMatchObject([
      { type: 'permission.denied', code: 'upstream_credential_missing', status: 403 },
    ]);
  });

  it('R70: a 401 that names the user is a missing permission, and passes', async ({ upstream, jira, alice }) => {
    jira.answer = () => ({ status: 401, headers: [['X-AUSERNAME', alice.username]], body: 'not permitted' });
    const answer = await alice.send({ method: 'POST' });
    expect([answer.status, answer.body.toString()]).toEqual([401, 'not permitted']);
    expect(await alice.state()).toBe('working');
    jira.answer = () => ({ status: 401, body: '' });
    expectRefusal(await alice.send(), 502, 'upstream_credential_rejected');
    expect(await alice.state()).toBe('rejected');
    expect(upstream.requests).toHaveLength(2);
  });

  it('R117: kept cookies end with the deposit that has opened their session', async ({
    gateway,
    upstream,
    jira,
    application: _application,
  }) => {
    await gateway.createApplication({
      key: 'kept',
      mount: { pathPrefix: '/kept' },
      upstream: upstream.url,
      identity: PER_USER,
      cookies: 'keep',
    });
    const dora = await createDepositor(gateway, jira, 'kept');
    jira.answer = () => ({ headers: [['Set-Cookie', 'crumbs=1; Path=/']], body: '{}' });
    upstream.clear();
    upstream.respondWith(jira.respond);
    const cookies = (): readonly (string | undefined)[] =>
      upstream.requests.filter(({ target }) => target !== WHO_AM_I).map((asked) => asked.header('cookie'));
    await dora.send();
    await dora.send();
    expect(cookies()).toEqual([undefined, 'crumbs=1']);
    await dora.renew();
    await dora.send();
    expect(cookies()).toEqual([undefined, 'crumbs=1', undefined]);
  });

  it('R70: after its deposit was removed is refused', async ({ upstream, alice }) => {
    await alice.send();
    expect((await alice.own.delete('/me/credentials/jira')).status).toBe(204);
    expectRefusal(await alice.send(), 403, 'upstream_credential_missing');
    expect(upstream.requests).toHaveLength(1);
  });

  it('R68: a password of the application itself needs no deposit, and passes as before', async ({
    gateway,
    upstream,
    application: _application,
  }) => {
    const login = basic('carol', 'her password of Jira');
    const answer = await request({ port: gateway.port, target: `/jira${ISSUE}`, headers: [['Host', 'a'], login] });
    expect(answer.status).toBe(200);
    expect(linesReceived(upstream)).toEqual([login[1]]);
  });
});

const CAPTCHA: readonly HeaderLine[] = [
  ['X-Authentication-Denied-Reason', 'CAPTCHA_CHALLENGE; login-url=http://jira.test/login.jsp'],
  ['WWW-Authenticate', 'OAuth realm="jira"'],
];

describe('an upstream that refuses the deposit', () => {
  it.for<readonly [name: string, answer: UpstreamAnswer]>([
    ['the status 401', { status: 401, headers: [['WWW-Authenticate', 'Basic realm="jira"']], body: 'log in' }],
    ['a CAPTCHA', { status: 403, headers: CAPTCHA, body: '<html>log in' }],
    ['Seraph', { status: 200, headers: [['X-Seraph-LoginReason', 'AUTHENTICATED_FAILED']], body: 'log in' }],
    ['no user', { status: 200, headers: [['X-AUSERNAME', 'anonymous']], body: 'log in' }],
    ['its login page', { status: 302, headers: [['Location', '/login.jsp?os_destination=%2F']], body: 'log in' }],
  ])('R70: by %s gets it once, and the script gets 502', async ([, refusal], { gateway, upstream, jira, alice }) => {
    jira.answer = () => refusal;
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await alice.send({ method, ...(method === 'POST' ? { body: '{}' } : {}) });
      expect(answer.status).toBe(502);
      if (method !== 'HEAD') expectRefusal(answer, 502, 'upstream_credential_rejected');
      expect(answer.raw.toString('latin1')).not.toMatch(/www-authenticate|denied-reason|seraph|login\.jsp|log in/i);
    }
    expect(upstream.requests).toHaveLength(1);
    expect(await alice.state()).toBe('rejected');
    const found = await gateway.events({ user: alice.username, application: 'jira', outcome: 'failed' });
    expect(found).toHaveLength(3);
    for (const event of found) {
      expect(event).toMatchObject({ type: 'upstream.failed', code: 'upstream_credential_rejected', status: 502 });
    }
    // Only the first, the last of this list, was refused by the upstream (R55).
    expect(found).toMatchObject([false, false, true].map((upstreamRefused) => ({ upstreamRefused })));
    jira.answer = () => ({ body: '{}' });
    expect((await alice.own.post('/me/credentials/jira/check')).status).toBe(200);
    expect((await alice.send()).status).toBe(200);
  });

  it('R70: in the answer to HEAD gets it once', async ({ upstream, jira, alice }) => {
    jira.answer = () => ({ status: 401, headers: [['Content-Length', '10']] });
    for (const method of ['HEAD', 'GET']) expect((await alice.send({ method })).status).toBe(502);
    expect(upstream.requests).toHaveLength(1);
  });

  it('R70: with a missing permission alone does not refuse it', async ({ upstream, jira, alice }) => {
    jira.answer = () => ({ status: 403, headers: [['X-AUSERNAME', alice.username]], body: 'not yours' });
    for (let time = 0; time < 2; time += 1) {
      const answer = await alice.send();
      expect([answer.status, answer.text()]).toEqual([403, 'not yours']);
    }
    jira.answer = () => ({
      status: 302,
      headers: [
        ['X-AUSERNAME', alice.username],
        ['Location', '/login.jsp?permissionViolation=true'],
      ],
    });
    expect((await alice.send()).status).toBe(302);
    expect(upstream.requests).toHaveLength(3);
    expect(await alice.state()).toBe('working');
  });

  it('R70: too late does not concern a newer deposit', async ({ upstream, jira, alice }) => {
    let refuse = (): void => undefined;
    const refused = new Promise<UpstreamAnswer>((resolve) => (refuse = () => resolve({ status: 401, body: '' })));
    jira.answer = () => refused;
    const sent = alice.send();
    await upstream.waitForRequests(1);
    const renewed = await alice.renew();
    refuse();
    expectRefusal(await sent, 502, 'upstream_credential_rejected');
    jira.answer = () => ({ body: '{}' });
    expect((await alice.send()).status).toBe(200);
    expect(linesReceived(upstream).at(-1)).toBe(renewed);
    expect(await alice.state()).toBe('working');
  });

  it('R70: sees no more than the requests that were under way', async ({ upstream, jira, alice }) => {
    const waiting: (() => void)[] = [];
    jira.answer = () =>
      new Promise<UpstreamAnswer>((resolve) => waiting.push(() => resolve({ status: 401, body: '' })));
    const sent = Array.from({ length: 5 }, () => alice.send());
    await upstream.waitForRequests(5);
    for (const refuse of waiting) refuse();
    for (const answer of await Promise.all(sent)) expect(answer.status).toBe(502);
    expect((await alice.send()).status).toBe(502);
    expect(upstream.requests).toHaveLength(5);
  });
});

const EVENT_STREAM =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n:\n\r\n';

function answerWith(end: UpgradeEnd, status: string, body = ''): void {
  end.socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}

const streamTest = it
  .extend('streams', { scope: 'file' }, async ({ gateway: _gateway }, { onCleanup }) => {
    const upstream = await startUpgradeUpstream();
    onCleanup(() => upstream.stop());
    return upstream;
  })
  .extend('streamed', { scope: 'file' }, ({ gateway, streams }) =>
    gateway.createApplication({
      key: 'streamed',
      mount: { pathPrefix: '/streamed' },
      upstream: streams.url,
      identity: PER_USER,
      tokenPaths: [{ path: '/live/**' }],
    }),
  )
  .extend('answers', ({ streams, jira }) => {
    const answers = { of: (end: UpgradeEnd): unknown => end.socket.write(EVENT_STREAM) };
    streams.clear();
    streams.onHead((end) => {
      const account = jira.accounts.get(end.headerValues('authorization')[0] ?? '');
      if (!end.requestLine.includes(WHO_AM_I)) answers.of(end);
      else answerWith(end, '200 OK', JSON.stringify({ name: account }));
    });
    return answers;
  })
  .extend('bob', ({ gateway, jira, streamed, answers: _answers }) => createDepositor(gateway, jira, streamed));

describe('a stream on a deposit', () => {
  streamTest('R70: a refused upload ends, and its client gets 502', async ({ streams, answers, bob }) => {
    answers.of = (end) => end.socket.write('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    const before = streams.ends.length;
    const headers: readonly HeaderLine[] = [['Content-Length', '50000000']];
    const answer = await bob.send({ method: 'POST', headers, body: Buffer.alloc(1_000_000) });
    expectRefusal(answer, 502, 'upstream_credential_rejected');
    await (await streams.waitForEnd(before + 1)).waitForEnd();
    expect(await bob.state()).toBe('rejected');
  });

  streamTest.for<readonly [name: string, head: string]>([
    ['refuses an upgrade', 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'],
    ['upgrades without a user', acceptUpgrade('websocket', 'X-AUSERNAME: anonymous')],
  ])('R70: an upstream that %s', async ([, head], { gateway, streams, answers, bob }) => {
    answers.of = (end) => end.socket.write(head);
    const before = streams.ends.length;
    const headers = [bearer(bob.token)];
    const client = await openUpgrade({ port: gateway.port, path: '/streamed/rest/live', headers });
    expect(client.status).toBe(502);
    await client.waitFor('upstream_credential_rejected');
    await (await streams.waitForEnd(before + 1)).waitForEnd();
    client.socket.destroy();
    expect(await bob.state()).toBe('rejected');
  });

  streamTest.for<readonly [name: string, change: (bob: Depositor) => Promise<unknown>]>([
    ['is renewed', (bob) => bob.renew()],
    ['is removed', (bob) => bob.own.delete('/me/credentials/streamed')],
  ])(
    'R116: ends when the deposit %s, and those of others go on',
    async ([, change], { gateway, jira, answers, bob }) => {
      answers.of = (end) =>
        end.socket.write(end.headerValues('upgrade').length > 0 ? acceptUpgrade('websocket') : EVENT_STREAM);
      const other = await createDepositor(gateway, jira, 'streamed');
      const open = ({ token }: Depositor, protocol: string) =>
        openUpgrade({ port: gateway.port, path: '/streamed/rest/live', headers: [bearer(token)], protocol });
      const opened = [await open(bob, ''), await open(bob, 'websocket')];
      const others = [await open(other, ''), await open(other, 'websocket')];
      expect([...opened, ...others].map(({ status }) => status)).toEqual([200, 101, 200, 101]);
      await change(bob);
      for (const client of opened) await client.waitForEnd();
      expect(others.map(({ hasEnded }) => hasEnded)).toEqual([false, false]);
      for (const { socket } of [...opened, ...others]) socket.destroy();
    },
  );

  streamTest('R116: ends when the upstream refuses the deposit meanwhile', async ({ gateway, answers, bob }) => {
    const headers = [bearer(bob.token)];
    const opened = await openUpgrade({ port: gateway.port, path: '/streamed/rest/live', headers, protocol: '' });
    expect(opened.status).toBe(200);
    answers.of = (end) => answerWith(end, '401 Unauthorized');
    expect((await bob.send()).status).toBe(502);
    await opened.waitForEnd();
    opened.socket.destroy();
  });

  streamTest('R116: goes on when its owner has the same deposit checked', async ({ gateway, jira, bob }) => {
    const headers = [bearer(bob.token)];
    const opened = await openUpgrade({ port: gateway.port, path: '/streamed/rest/live', headers, protocol: '' });
    expect(await bob.own.post('/me/credentials/streamed/check')).toMatchObject({ status: 200 });
    // A second stream shows that the checker has looked since.
    const other = await createDepositor(gateway, jira, 'streamed');
    const ended = await openUpgrade({
      port: gateway.port,
      path: '/streamed/rest/live',
      headers: [bearer(other.token)],
      protocol: '',
    });
    await other.renew();
    await ended.waitForEnd();
    expect(opened.hasEnded).toBe(false);
    for (const { socket } of [opened, ended]) socket.destroy();
  });
});
