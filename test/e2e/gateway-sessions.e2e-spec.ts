import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { EntityManager } from 'typeorm';
import { describe, expect, it, vi } from 'vitest';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { TokenSessionEntity } from '../../src/tokens/token-session.entity.js';
import { shareGateway } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type TestToken } from '../support/scopegate.fixture.js';
import type { UpstreamAnswer } from '../support/upstream-answer.writer.js';

const SESSION = '/rest/auth/1/session';
const REST = '/rest/api/2/myself';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The upstream's own session: it must reach no client of a token, in any way. */
const UPSTREAM_SESSION = randomBytes(16).toString('hex').toUpperCase();

const NAMES = ['1', '1.0', 'latest'].flatMap((version) =>
  ['', '/', '.json'].map((ending) => `/rest/auth/${version}/session${ending}`),
);

const { gateway, upstream } = await shareGateway({ upstream: { respond: answerAsJira } });
await gateway.patchSettings({ throttling: { maxFailures: 0 } });
await gateway.createApplication({ key: 'jira', mount: { host: 'jira.test' }, upstream: upstream.url });
await gateway.createApplication({ key: 'below', mount: { pathPrefix: '/jira' }, upstream: upstream.url });
await gateway.createApplication({ key: 'second', mount: { host: 'second.test' }, upstream: upstream.url });
await gateway.createUser({ username: 'alice' });
await gateway.createUser({ username: 'bob' });
const readOnly = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
const readWrite = await gateway.createToken({ owner: 'alice', scope: 'read-write' });

/** As a Jira does: a session with every answer, in whatever line it can stand in. */
function answerAsJira(): UpstreamAnswer {
  return {
    status: 200,
    headers: [
      ['Content-Type', 'application/json'],
      ['Set-Cookie', `JSESSIONID=${UPSTREAM_SESSION}; Path=/; HttpOnly`],
      ['Set-Cookie', 'BIGipServerpool=1677787402.36895.0000; Path=/'],
      ['Location', `/secure/x;jsessionid=${UPSTREAM_SESSION}?a=1`],
      ['Content-Location', `http://jira.test/x%3Bjsessionid%3D${UPSTREAM_SESSION}`],
      ['Link', `</next;JSESSIONID=${UPSTREAM_SESSION}>; rel="next"`],
      ['Refresh', `5; url=/y;sid=${UPSTREAM_SESSION}`],
    ],
    body: '{"name":"alice"}',
  };
}

interface Sending {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly headers?: readonly HeaderLine[];
  readonly body?: string | Buffer;
}

function send({ host = 'jira.test', target = REST, headers = [], ...content }: Sending): Promise<RawAnswer> {
  return request({ port: gateway.port, target, headers: [['Host', host], ...headers], ...content }, { closeWaitMs: 0 });
}

function logIn(token: { readonly secret: string }, more: Sending = {}): Promise<RawAnswer> {
  return send({ method: 'POST', target: SESSION, headers: [bearer(token.secret)], ...more });
}

/** Logs in and gives the session. */
async function sessionOf(token: { readonly secret: string }): Promise<string> {
  const answer = await logIn(token);
  expect(answer.status).toBe(200);
  return answer.json<{ session: { value: string } }>().session.value;
}

function cookie(session: string): HeaderLine {
  return ['Cookie', `JSESSIONID=${session}`];
}

/** The status, with the code of a refusal. The upstream must have received nothing of a refused request. */
function outcome(answer: RawAnswer): string {
  if (answer.status < 400) return String(answer.status);
  expect(upstream.bytesReceived).toBe(0);
  return `${answer.status} ${answer.json<{ code: string }>().code}`;
}

function digits(length: number): string {
  return [...randomBytes(length)].map((byte) => BASE62[byte % 62]).join('');
}

/** A session that the gateway did not create, with a right checksum: any client can compute one. */
function madeUpSession(id = digits(12)): string {
  const body = `sgs_${id}_${digits(40)}`;
  let rest = crc32(body);
  let checksum = '';
  for (let digit = 0; digit < 6; digit += 1) {
    checksum = (BASE62[rest % 62] ?? '') + checksum;
    rest = Math.floor(rest / 62);
  }
  return `${body}_${checksum}`;
}

describe('a login with a token', () => {
  it.each(NAMES)(
    'R04, R11: at %s is answered by the gateway, in Jira’s shape, and nothing goes upstream',
    async (target) => {
      const body = JSON.stringify({ username: 'alice', password: readOnly.secret });
      for (const sending of [{ body, headers: [['Content-Type', 'application/json'] as const] }, {}] as Sending[]) {
        const answer = await logIn(readOnly, { target, ...sending });
        expect(answer.status).toBe(200);
        const { session, loginInfo } = answer.json<{
          session: { name: string; value: string };
          loginInfo: { loginCount: number; failedLoginCount: number };
        }>();
        expect(session).toEqual({
          name: 'JSESSIONID',
          value: expect.stringMatching(/^sgs_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}$/),
        });
        expect(loginInfo).toEqual({ loginCount: expect.any(Number), failedLoginCount: expect.any(Number) });
        expect(answer.headerValues('set-cookie')).toEqual([
          `JSESSIONID=${session.value}; Path=/; HttpOnly; SameSite=Strict`,
        ]);
        expect(answer.header('cache-control')).toBe('no-store');
        expect(answer.header('content-type')).toMatch(/^application\/json/);
      }
      expect(upstream.bytesReceived).toBe(0);
    },
  );

  it('R11: the cookie is for the path of the mount, and for https where a trusted proxy says so', async () => {
    const target = `/jira${SESSION}`;
    const overHttp = await logIn(readOnly, { host: 'any.test', target });
    expect(overHttp.header('set-cookie')).toMatch(/; Path=\/jira; HttpOnly; SameSite=Strict$/);
    const headers = [bearer(readOnly.secret), ['X-Forwarded-Proto', 'https'] as const];
    expect((await logIn(readOnly, { host: 'any.test', target, headers })).header('set-cookie')).not.toContain('Secure');
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const overHttps = await logIn(readOnly, { host: 'any.test', target, headers });
    expect(overHttps.header('set-cookie')).toMatch(/; Secure$/);
    await gateway.patchSettings({ reverseProxy: { enabled: false, trustedProxies: [] } });
  });

  it('R04: every login has a session of its own, and the name in the body is held against the owner', async () => {
    const sessions = new Set([await sessionOf(readOnly), await sessionOf(readOnly), await sessionOf(readWrite)]);
    expect(sessions.size).toBe(3);
    const login = (username: string): Promise<RawAnswer> =>
      send({ method: 'POST', target: SESSION, body: JSON.stringify({ username, password: readOnly.secret }) });
    expect((await login('ALICE')).status).toBe(200);
    expect(outcome(await login('bob'))).toBe('401 credential_invalid');
  });

  it('R04: in chunks, or behind 100 Continue, is read all the same', async () => {
    const body = JSON.stringify({ username: 'alice', password: readOnly.secret });
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const headers: readonly HeaderLine[] = [['Transfer-Encoding', 'chunked']];
    expect((await send({ method: 'POST', target: SESSION, headers, body: chunked })).status).toBe(200);
    const lines: HeaderLine[] = [
      ['Host', 'jira.test'],
      ['Expect', '100-continue'],
      ['Content-Length', String(body.length)],
    ];
    const answer = await request(
      { port: gateway.port, method: 'POST', target: SESSION, headers: lines },
      { afterContinue: body },
    );
    expect(answer.interim.map(({ status }) => status)).toEqual([100]);
    expect(answer.status).toBe(200);
  });

  it('R04: two different credentials are a 400', async () => {
    const post = async (headers: readonly HeaderLine[], body: object | string): Promise<string> =>
      outcome(await send({ method: 'POST', target: SESSION, headers, body: typeof body === 'string' ? body : JSON.stringify(body) })); // prettier-ignore
    const inBody = { username: 'alice', password: readWrite.secret };
    const twice = `{"username":"alice","password":"x","password":${JSON.stringify(readWrite.secret)}}`;
    for (const [headers, body] of [
      [[bearer(readOnly.secret)], inBody],
      [[basic('alice', 'a password')], inBody],
      [[bearer(readOnly.secret)], { username: 'alice', password: 'a password' }],
      [[bearer('native')], inBody],
      [[], twice],
    ] as const) {
      expect(await post(headers, body), JSON.stringify(headers)).toBe('400 credential_ambiguous');
    }
  });

  it('R36: a token or a session in a body that cannot be read is not passed on as a password', async () => {
    const session = await sessionOf(readWrite);
    for (const secret of [readWrite.secret, session]) {
      const text = JSON.stringify({ username: 'alice', password: secret });
      for (const body of [
        `username=alice&password=${secret}`,
        `\ufeff${text}`,
        Buffer.from(text, 'utf16le'),
        `${text} trailing`,
        JSON.stringify({ username: 'alice', password: [secret] }),
        JSON.stringify({ username: 'alice', PASSWORD: secret }),
        JSON.stringify({ username: secret, password: 'x' }),
      ]) {
        expect(outcome(await send({ method: 'POST', target: SESSION, body }))).toBe('401 credential_misplaced');
      }
    }
    const body = JSON.stringify({ username: 'alice', password: session });
    expect(outcome(await send({ method: 'POST', target: SESSION, body }))).toBe('401 credential_invalid');
  });

  it('R42: a password goes on as it came, and the session that the upstream gives for it is free', async () => {
    const body = '{ "username" : "alice",  "password":"a password" }';
    const answer = await send({ method: 'POST', target: SESSION, body });
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe(body);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBeUndefined();
    expect(answer.header('set-cookie')).toContain(UPSTREAM_SESSION);
    for (const headers of [[cookie(UPSTREAM_SESSION)], [['Cookie', `JSESSIONID="${UPSTREAM_SESSION}`]]] as const) {
      expect(outcome(await send({ method: 'POST', headers, body: '{}' }))).toBe('200');
      expect(upstream.lastRequest?.header('cookie')).toBe(headers[0][1]);
    }
  });

  it('R06: under any other name of the endpoint no session of the upstream is made with a token', async () => {
    for (const target of [
      '/rest/auth/2/session',
      '/rest/auth/1/session.xml',
      '/rest/auth/1.1/session/',
      '/rest/auth/1/session/.json',
    ]) {
      expect(outcome(await logIn(readOnly, { target })), target).toBe('403 scope_insufficient');
      expect(outcome(await logIn(readWrite, { target })), target).toBe('401 token_not_accepted');
      const headers = [bearer(readWrite.secret), ['X-HTTP-Method-Override', 'POST'] as const];
      expect(outcome(await send({ target, headers })), target).toBe('401 token_not_accepted');
    }
  });

  it('R04: the endpoint has no other methods for a token, and no way upstream', async () => {
    for (const method of ['PUT', 'PATCH', 'PROPFIND']) {
      const headers = [bearer(readWrite.secret), ['X-HTTP-Method-Override', 'POST'] as const];
      expect(outcome(await send({ method, target: SESSION, headers })), method).toBe('405 method_not_allowed');
    }
    const options = await send({ method: 'OPTIONS', target: SESSION, headers: [bearer(readOnly.secret)] });
    expect([options.status, options.header('allow')]).toEqual([200, 'GET, HEAD, POST, DELETE, OPTIONS']);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R04: a body that is too large is a 413 and goes nowhere', async () => {
    const answer = await send({ method: 'POST', target: SESSION, body: Buffer.alloc(70_000, 'x') });
    expect(outcome(answer)).toBe('413 too_large');
  });
});

describe('a session of the gateway', () => {
  it('R11: is a token request: it reads with the identity and without a cookie, and writes only where its token may', async () => {
    const session = await sessionOf(readOnly);
    const other: HeaderLine = ['Cookie', 'SERVERID=node1; theme=dark'];
    expect(outcome(await send({ headers: [other, cookie(session)] }))).toBe('200');
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
    expect(upstream.lastRequest?.header('cookie')).toBeUndefined();
    expect(upstream.lastRequest?.header('authorization')).toBeUndefined();
    upstream.clear();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      expect(outcome(await send({ method, headers: [cookie(session)] })), method).toBe('403 scope_insufficient');
    }
    const writing = await sessionOf(readWrite);
    expect(outcome(await send({ method: 'POST', headers: [cookie(writing)], body: '{}' }))).toBe('200');
    const events = await gateway.events({ application: 'jira', tokenId: readOnly.id, code: 'scope_insufficient' });
    expect(events[0]).toMatchObject({ credential: 'cookie', owner: 'alice', type: 'permission.denied' });
  });

  it('R11: is the same token’s at every mount, and never free', async () => {
    const session = await sessionOf(readOnly);
    for (const [host, target] of [
      ['second.test', REST],
      ['any.test', `/jira${REST}`],
    ] as const) {
      expect(outcome(await send({ host, target, headers: [cookie(session)] }))).toBe('200');
      upstream.clear();
      expect(outcome(await send({ host, target, method: 'DELETE', headers: [cookie(session)] }))).toBe('403 scope_insufficient'); // prettier-ignore
    }
  });

  it.each<[string, (session: string) => readonly HeaderLine[]]>([
    ['another name', (session) => [['Cookie', `x=${session}`]]],
    ['quotes', (session) => [['Cookie', `JSESSIONID="${session}"`]]],
    ['an unclosed quote', (session) => [['Cookie', `JSESSIONID="${session}`]]],
    ['blanks', (session) => [['Cookie', `  JSESSIONID =\t ${session}  ;`]]],
    ['an encoded character', (session) => [['Cookie', `JSESSIONID=%73${session.slice(1)}`]]],
    ['many cookies around it', (session) => [['Cookie', `a=1; b="2"; JSESSIONID=${session}; ${'c=3; '.repeat(300)}`]]],
    ['a second line', (session) => [['Cookie', 'a=1'], ['cookie', `JSESSIONID=${session}`]]], // prettier-ignore
    ['a session of the upstream before it', (session) => [['Cookie', `JSESSIONID=${UPSTREAM_SESSION}; JSESSIONID=${session}`]]], // prettier-ignore
    ['commas', (session) => [['Cookie', `a=1,JSESSIONID=${session},b=2`]]],
    ['a version', (session) => [['Cookie', `$Version=1; JSESSIONID="${session}"; $Path=/`]]],
    ['a nomination as hop-by-hop', (session) => [cookie(session), ['Connection', 'Cookie']]],
    ['an empty Authorization line', (session) => [cookie(session), ['Authorization', ' ']]],
  ])('R11: counts in spite of %s, and never goes upstream', async (_name, disguise) => {
    const headers = disguise(await sessionOf(readOnly));
    expect(outcome(await send({ method: 'DELETE', headers }))).toBe('403 scope_insufficient');
    expect(outcome(await send({ headers }))).toBe('200');
    expect(upstream.lastRequest?.header('cookie')).toBeUndefined();
    expect(upstream.lastRequest?.raw.toString('latin1')).not.toMatch(/sgs_|%73gs/);
  });

  it.each<[string, HeaderLine]>([
    ['a password', basic('bob', 'a password')],
    ['another scheme', ['Authorization', 'Negotiate YIIabc']],
    ['a native token', bearer('native')],
  ])('R11: beside %s the line counts, the session stays here and the other cookies go on', async (_name, line) => {
    const session = await sessionOf(readOnly);
    const headers: HeaderLine[] = [['Cookie', `a=1; JSESSIONID="${session}"; b="2%20"`], line];
    expect(outcome(await send({ method: 'POST', headers, body: '{}' }))).toBe('200');
    expect(upstream.lastRequest?.headerValues('authorization')).toEqual([line[1]]);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBeUndefined();
    expect(upstream.lastRequest?.headerValues('cookie')).toEqual(['a=1; b="2%20"']);
    await send({ method: 'POST', headers: [cookie(session), line], body: '{}' });
    expect(upstream.lastRequest?.header('cookie')).toBeUndefined();
  });

  it('R11: as a token, a password or a second session it is refused', async () => {
    const [one, two] = [await sessionOf(readOnly), await sessionOf(readWrite)];
    expect(outcome(await send({ headers: [bearer(one)] }))).toBe('401 credential_invalid');
    expect(outcome(await send({ headers: [basic('alice', one)] }))).toBe('401 credential_invalid');
    expect(outcome(await send({ headers: [['Cookie', `a=${one}; b=${two}`]] }))).toBe('400 credential_ambiguous');
    expect(outcome(await send({ headers: [cookie(one), cookie(two)] }))).toBe('400 credential_ambiguous');
    const target = `${REST}?os_username=bob&os_password=hunter2`;
    expect(outcome(await send({ target, headers: [cookie(two)] }))).toBe('400 credential_ambiguous');
    const management = await gateway.as(null).get('/me', { headers: { Cookie: `JSESSIONID=${two}` } });
    expect(management.status).toBe(401);
  });

  it('R11, R51: made-up and malformed ones are refused, and cost no database read', async () => {
    const real = await sessionOf(readOnly);
    const values = ['sgs_', 'sgs_x', real.slice(0, -1), `${real}0`, madeUpSession(real.slice(4, 16))];
    for (let count = 0; count < 50; count += 1) values.push(madeUpSession());
    const find = vi.spyOn(EntityManager.prototype, 'findOneBy');
    const readTables = (): unknown[] => find.mock.calls.map(([entity]) => entity);
    for (const value of values) {
      expect(outcome(await send({ headers: [cookie(value)] })), value).toBe('401 credential_invalid');
    }
    expect(readTables()).not.toContain(TokenSessionEntity);
    expect(readTables()).not.toContain(TokenEntity);
    // A real one is read once.
    for (let time = 0; time < 2; time += 1) expect(outcome(await send({ headers: [cookie(real)] }))).toBe('200');
    expect(readTables().filter((entity) => entity === TokenSessionEntity)).toHaveLength(1);
    find.mockRestore();
  });

  it('R11: shows its user, ends itself, and is over then', async () => {
    const [session, other] = [await sessionOf(readOnly), await sessionOf(readOnly)];
    const shown = await send({ target: SESSION, headers: [cookie(session)] });
    expect(shown.json()).toEqual({
      self: 'http://jira.test/rest/api/latest/user?username=alice',
      name: 'alice',
      loginInfo: { failedLoginCount: 0, loginCount: 1 },
    });
    expect((await send({ target: SESSION, headers: [bearer(readOnly.secret)] })).json()).toMatchObject({ name: 'alice' }); // prettier-ignore
    const head = await send({ method: 'HEAD', target: SESSION, headers: [cookie(session)] });
    expect([head.status, head.body.length]).toEqual([200, 0]);
    const again = await send({ method: 'POST', target: SESSION, headers: [cookie(session)] });
    expect(again.json()).toMatchObject({ session: { value: session } });
    const ended = await send({ method: 'DELETE', target: SESSION, headers: [cookie(session)] });
    expect([ended.status, ended.header('set-cookie')]).toEqual([
      204,
      'JSESSIONID=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    ]);
    for (const target of [SESSION, REST]) {
      expect(outcome(await send({ target, headers: [cookie(session)] }))).toBe('401 credential_invalid');
    }
    expect(upstream.bytesReceived).toBe(0);
    expect(outcome(await send({ headers: [cookie(other)] }))).toBe('200');
    expect(outcome(await logIn(readOnly, { headers: [cookie(session), bearer(readOnly.secret)] }))).toBe('200');
  });

  it('R06, R11: a read-only token in the header ends nothing; a read-write one ends what is its own', async () => {
    const [ofReader, ofWriter] = [await sessionOf(readOnly), await sessionOf(readWrite)];
    const end = (session: string, token: TestToken): Promise<RawAnswer> =>
      send({ method: 'DELETE', target: SESSION, headers: [cookie(session), bearer(token.secret)] });
    expect(outcome(await end(ofReader, readOnly))).toBe('403 scope_insufficient');
    expect(outcome(await end(ofReader, readWrite))).toBe('204');
    expect(outcome(await send({ headers: [cookie(ofReader)] }))).toBe('200');
    expect(outcome(await end(ofWriter, readWrite))).toBe('204');
    upstream.clear();
    expect(outcome(await send({ headers: [cookie(ofWriter)] }))).toBe('401 credential_invalid');
  });

  it('R11: an old session does not keep its client from logging in anew', async () => {
    const body = JSON.stringify({ username: 'alice', password: readOnly.secret });
    for (const old of ['sgs_nothing', madeUpSession(), await sessionOf(readWrite)]) {
      const answer = await send({ method: 'POST', target: SESSION, headers: [cookie(old)], body });
      expect(answer.status).toBe(200);
      expect(answer.json<{ session: { value: string } }>().session.value).not.toBe(old);
    }
  });

  it('R11, R25, R26: follows its token, on the very next request', async () => {
    const token = await gateway.createToken({ owner: 'bob', scope: 'read-only' });
    const session = await sessionOf(token);
    const now = async (): Promise<string> => {
      upstream.clear();
      return outcome(await send({ headers: [cookie(session)] }));
    };
    expect(await now()).toBe('200');
    await gateway.admin.patch('/permissions', { useTokens: { everyone: false, groups: [] } });
    expect(await now()).toBe('403 use_not_permitted');
    await gateway.admin.patch('/permissions', { useTokens: { everyone: true, groups: [] } });
    expect(await now()).toBe('200');
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.1'] } });
    expect(await now()).toBe('401 ip_not_allowed');
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });
    await gateway.admin.patch('/users/bob', { active: false });
    expect(await now()).toBe('401 credential_invalid');
    await gateway.admin.patch('/users/bob', { active: true });
    expect(await now()).toBe('200');
    await gateway.revokeToken(token.id);
    expect(await now()).toBe('401 token_revoked');
  });

  it('R11: a rotated token takes its sessions with it', async () => {
    const token = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const session = await sessionOf(token);
    const { body } = await gateway.admin.post<{ secret: string }>(`/tokens/${token.id}/rotate`, {});
    expect(outcome(await send({ headers: [cookie(session)] }))).toBe('401 token_revoked');
    expect(await sessionOf({ secret: body.secret })).not.toBe(session);
  });

  it('R61: stands in no event, no list and no answer but that of its login', async () => {
    const session = await sessionOf(readOnly);
    await send({ headers: [cookie(session), ['User-Agent', `x ${session}`]] });
    await send({ target: `/rest/${session}`, headers: [bearer(readOnly.secret)] });
    await send({ headers: [bearer(session)] });
    const refused = await send({ headers: [['Cookie', `a=${session}x`]] });
    const explained = await gateway.admin.post('/explain', {
      application: 'jira',
      method: 'GET',
      path: REST,
      peer: '127.0.0.1',
      headers: [['Cookie', `JSESSIONID=${session}`]],
    });
    expect(explained.body).toMatchObject({ decision: 'allow' });
    const text =
      JSON.stringify([await gateway.events({}), explained.body]) +
      refused.raw.toString('latin1') +
      JSON.stringify((await gateway.admin.get('/tokens')).body);
    expect(text).not.toContain(session.slice(17, 57));
  });
});

describe('the answers to a token', () => {
  it.each<[string, () => Promise<readonly HeaderLine[]>]>([
    ['a token', () => Promise.resolve([bearer(readOnly.secret)])],
    ['a session', async () => [cookie(await sessionOf(readOnly))]],
  ])('R11: to %s hold no session of the upstream in any line', async (_name, credential) => {
    const answer = await send({ headers: await credential() });
    expect(answer.status).toBe(200);
    expect(answer.raw.toString('latin1')).not.toContain(UPSTREAM_SESSION);
    expect(answer.headerValues('set-cookie')).toEqual([]);
    expect(answer.header('location')).toBe('/secure/x?a=1');
    expect(answer.header('content-location')).toBe('http://jira.test/x');
    expect(answer.header('link')).toBe('</next>; rel="next"');
    expect(answer.header('refresh')).toBe('5; url=/y');
  });

  it('R42: all others come back as the upstream sent them', async () => {
    for (const headers of [[], [basic('bob', 'a password')], [cookie(UPSTREAM_SESSION)]] as const) {
      const answer = await send({ headers });
      expect(answer.headerValues('set-cookie')).toHaveLength(2);
      for (const name of ['location', 'content-location', 'link', 'refresh']) {
        expect(answer.header(name)).toContain(UPSTREAM_SESSION);
      }
    }
  });
});
