import { createHash, randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request } from '../support/raw-client.js';
import { startRecordingUpstream, type Respond } from '../support/recording-upstream.js';
import { bearer } from '../support/scopegate.fixture.js';

const CRUMB = '/crumbIssuer/api/json';
const BUILD = '/job/site/build';

/** As Jenkins does: a crumb counts only with the session that it was made for. */
function jenkins(): Respond {
  const sessions = new Set<string>();
  const crumbOf = (session: string): string => createHash('sha256').update(session).digest('hex');
  return (received) => {
    const presented = /JSESSIONID\.1a=([^;]+)/.exec(received.header('cookie') ?? '')?.[1] ?? '';
    const isKnown = sessions.has(presented);
    if (received.method === 'POST') {
      return { status: isKnown && received.header('jenkins-crumb') === crumbOf(presented) ? 201 : 403, headers: [] };
    }
    const session = isKnown ? presented : randomUUID();
    sessions.add(session);
    const headers: HeaderLine[] = isKnown ? [] : [['Set-Cookie', `JSESSIONID.1a=${session}; Path=/; HttpOnly`]];
    return { status: 200, headers, body: JSON.stringify({ crumb: crumbOf(session) }) };
  };
}

const it = gatewayTest
  .extend('applications', { scope: 'file' }, async ({ gateway, upstream }) => {
    const application = { kind: 'generic', anonymous: 'allow', upstream: upstream.url } as const;
    for (const key of ['keeping', 'second']) {
      await gateway.createApplication({ ...application, key, mount: { pathPrefix: `/${key}` }, cookies: 'keep' });
    }
    await gateway.createApplication({ ...application, key: 'dropping', mount: { pathPrefix: '/dropping' } });
    await gateway.createUser({ username: 'alice' });
  })
  .extend(
    'newToken',
    ({ gateway, applications: _applications }) =>
      () =>
        gateway.createToken({ owner: 'alice', scope: 'read-write' }),
  )
  .extend(
    'send',
    ({ gateway }) =>
      (secret: string | null, target: string, method = 'GET', headers: readonly HeaderLine[] = []) =>
        request({
          port: gateway.port,
          target,
          method,
          headers: [['Host', 'jenkins.test'], ...(secret === null ? [] : [bearer(secret)]), ...headers],
        }),
  )
  /** Fetches a crumb, as the clients of Jenkins do, and starts a build with it. */
  .extend('build', ({ send }) => async (secret: string, application: string) => {
    const issued = await send(secret, `/${application}${CRUMB}`);
    expect(issued.status).toBe(200);
    expect(issued.headerValues('set-cookie')).toEqual([]);
    const { crumb } = issued.json<{ crumb: string }>();
    return (await send(secret, `/${application}${BUILD}`, 'POST', [['Jenkins-Crumb', crumb]])).status;
  });

describe('cookies that the gateway keeps', () => {
  it('R117: carry a crumb that is bound to a session', async ({ upstream, newToken, build }) => {
    upstream.respondWith(jenkins());
    const { secret } = await newToken();
    expect(await build(secret, 'dropping')).toBe(403);
    expect(await build(secret, 'keeping')).toBe(201);
  });

  it('R117: are those of one token and one application', async ({ upstream, newToken, send }) => {
    upstream.respondWith(() => ({ status: 200, headers: [['Set-Cookie', 'a=1; Path=/']] }));
    const [first, second] = [await newToken(), await newToken()];
    await send(first.secret, '/keeping/x');
    const cookiesOf = async (secret: string | null, target: string): Promise<readonly string[] | undefined> => {
      await send(secret, target);
      return upstream.lastRequest?.headerValues('cookie');
    };
    expect(await cookiesOf(second.secret, '/keeping/x')).toEqual([]);
    expect(await cookiesOf(first.secret, '/second/x')).toEqual([]);
    expect(await cookiesOf(null, '/keeping/x')).toEqual([]);
    expect(await cookiesOf(first.secret, '/keeping/x')).toEqual(['a=1']);
    expect(await cookiesOf(first.secret, '/second/x')).toEqual(['a=1']);
  });

  it('R117: are the only ones that go upstream, and none comes back', async ({ upstream, newToken, send }) => {
    const secret = randomUUID();
    upstream.respondWith(() => ({
      status: 200,
      headers: [
        ['Set-Cookie', `a=${secret}; Path=/`],
        ['set-cookie2', `b=${secret}`],
      ],
    }));
    const token = await newToken();
    await send(token.secret, '/keeping/x');
    const answer = await send(token.secret, '/keeping/x', 'GET', [['Cookie', 'a=mine; c=mine']]);
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual([`a=${secret}`]);
    expect(answer.raw.toString('latin1')).not.toContain(secret);
  });

  it('R117: of a person go to that person, as before', async ({ upstream, send, applications: _applications }) => {
    upstream.respondWith(() => ({ status: 200, headers: [['Set-Cookie', 'a=1; Path=/']] }));
    const answer = await send(null, '/keeping/x', 'GET', [['Cookie', 'b=2']]);
    expect(answer.headerValues('set-cookie')).toEqual(['a=1; Path=/keeping']);
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual(['b=2']);
  });

  it('R117: follow their path, and Secure by the scheme of the client', async ({
    upstream,
    newToken,
    send,
    gateway,
  }) => {
    upstream.respondWith(() => ({
      status: 200,
      headers: [
        ['Set-Cookie', 'a=1; Path=/x'],
        ['Set-Cookie', 'b=2; Path=/; Secure'],
      ],
    }));
    const { secret } = await newToken();
    await send(secret, '/keeping/x');
    upstream.respondWith(() => ({ status: 200, headers: [] }));
    await send(secret, '/keeping/x/y');
    expect(upstream.lastRequest?.header('cookie')).toBe('a=1');
    await send(secret, '/keeping/z');
    expect(upstream.lastRequest?.header('cookie')).toBeUndefined();
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    await send(secret, '/keeping/z', 'GET', [['X-Forwarded-Proto', 'https']]);
    expect(upstream.lastRequest?.header('cookie')).toBe('b=2');
    await gateway.patchSettings({ reverseProxy: { enabled: false } });
  });

  it('R117: of a session are those of its token', async ({ gateway, upstream, newToken, send }) => {
    const application = { key: 'jira', mount: { pathPrefix: '/jira' }, upstream: upstream.url, cookies: 'keep' };
    await gateway.createApplication(application);
    upstream.respondWith(() => ({ status: 200, headers: [['Set-Cookie', 'a=1; Path=/']] }));
    const { secret } = await newToken();
    const login = await send(secret, '/jira/rest/auth/1/session', 'POST');
    const session = login.json<{ session: { name: string; value: string } }>().session;
    const asSession: HeaderLine = ['Cookie', `${session.name}=${session.value}`];
    await send(null, '/jira/rest/api/2/myself', 'GET', [asSession]);
    await send(secret, '/jira/rest/api/2/myself');
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual(['a=1']);
    await send(null, '/jira/rest/api/2/myself', 'GET', [asSession]);
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual(['a=1']);
  });

  it('R117: are forgotten when the application or its upstream changes', async ({
    gateway,
    upstream,
    newToken,
    send,
  }) => {
    upstream.respondWith(() => ({ status: 200, headers: [['Set-Cookie', 'a=1; Path=/']] }));
    const { secret } = await newToken();
    await send(secret, '/second/x');
    await gateway.admin.patch('/applications/second', { name: 'Another name' });
    await send(secret, '/second/x');
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual([]);

    const other = await startRecordingUpstream();
    await gateway.admin.patch('/applications/second', { upstream: other.url });
    await send(secret, '/second/x');
    expect(other.lastRequest?.headerValues('cookie')).toEqual([]);
    await gateway.admin.patch('/applications/second', { upstream: upstream.url });
    await send(secret, '/second/x');
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual([]);
    await other.stop();
  });

  it('R117: do not go to an upstream that took the place of the one that is still answering', async ({
    gateway,
    upstream,
    newToken,
    send,
  }) => {
    let answer = (): void => undefined;
    const isAnswered = new Promise<void>((resolve) => (answer = resolve));
    upstream.respondWith(async () => {
      await isAnswered;
      return { status: 200, headers: [['Set-Cookie', 'a=1; Path=/']] };
    });
    const { secret } = await newToken();
    const late = send(secret, '/second/x');
    await upstream.waitForRequests(1);
    const other = await startRecordingUpstream();
    await gateway.admin.patch('/applications/second', { upstream: other.url });
    answer();
    expect((await late).status).toBe(200);
    await send(secret, '/second/x');
    expect(other.lastRequest?.headerValues('cookie')).toEqual([]);
    await gateway.admin.patch('/applications/second', { upstream: upstream.url });
    await other.stop();
  });

  it('R61: are in no event', async ({ gateway, upstream, newToken, send }) => {
    const secret = randomUUID();
    upstream.respondWith(() => ({ status: 403, headers: [['Set-Cookie', `a=${secret}; Path=/`]] }));
    const token = await newToken();
    await send(token.secret, '/keeping/x');
    upstream.respondWith(() => ({ raw: 'nonsense\r\n\r\n', close: true, status: 200, headers: [] }));
    expect((await send(token.secret, '/keeping/x')).status).toBe(502);
    expect(upstream.lastRequest?.header('cookie')).toBe(`a=${secret}`);
    const events = await gateway.events({ tokenId: token.id });
    expect(events).toHaveLength(3);
    expect(JSON.stringify(events)).not.toContain(secret);
  });
});
