import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HeaderLine } from '../support/http-message.reader.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordedRequest, type RecordingUpstream } from '../support/recording-upstream.js';
import {
  basic,
  bearer,
  startScopegateFixture,
  type ScopegateFixture,
  type TestToken,
} from '../support/scopegate.fixture.js';

const SESSION = '/rest/auth/1/session';
const REST = '/rest/api/2/myself';

let upstream: RecordingUpstream;
let gateway: ScopegateFixture;
let readOnly: TestToken;
let readWrite: TestToken;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  gateway = await startScopegateFixture();
  await gateway.patchSettings({ throttling: { maxFailures: 0 } });
  await gateway.createApplication({ key: 'jira', mount: { host: 'jira.test' }, upstream: upstream.url });
  await gateway.createApplication({ key: 'second', mount: { host: 'second.test' }, upstream: upstream.url });
  await gateway.createUser({ username: 'alice' });
  await gateway.createUser({ username: 'bob' });
  readOnly = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
  readWrite = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

beforeEach(reset);

function reset(): void {
  upstream.clear();
  upstream.respondWith(logIn);
}

/** As Jira does: a login sets a session of its own, and everything else says whose request it seems to be. */
function logIn({ method, target }: RecordedRequest): {
  readonly status: number;
  readonly headers: readonly HeaderLine[];
  readonly body: string;
} {
  if (method !== 'POST' || !target.startsWith('/rest/auth/')) {
    return { status: 200, headers: [['Content-Type', 'application/json']], body: '{"name":"alice"}' };
  }
  const id = randomBytes(16).toString('hex').toUpperCase();
  return {
    status: 200,
    headers: [
      ['Set-Cookie', `JSESSIONID=${id}; Path=/; HttpOnly`],
      ['Set-Cookie', `atlassian.xsrf.token=BXYZ-${id}_lin; Path=/`],
      ['Set-Cookie', 'SERVERID=node1; Path=/'],
    ],
    body: `{"session":{"name":"JSESSIONID","value":"${id}"}}`,
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

function bodyLogin(token: { readonly secret: string }, username = 'alice'): Promise<RawAnswer> {
  const body = JSON.stringify({ username, password: token.secret });
  return send({ method: 'POST', target: SESSION, headers: [['Content-Type', 'application/json']], body });
}

/** Logs in and answers the id of the session. */
async function sessionOf(token: TestToken, username = token.owner): Promise<string> {
  const answer = await bodyLogin(token, username);
  expect(answer.status).toBe(200);
  const id = /^JSESSIONID=([0-9A-F]+);/.exec(answer.headerValues('set-cookie')[0] ?? '')?.[1];
  if (id === undefined) throw new Error('The login set no session.');
  reset();
  return id;
}

function cookie(id: string): HeaderLine {
  return ['Cookie', `JSESSIONID=${id}`];
}

function outcome(answer: RawAnswer): string {
  if (answer.status === 200) {
    expect(upstream.requests.length).toBeGreaterThan(0);
    return '200';
  }
  expect(upstream.bytesReceived).toBe(0);
  return `${answer.status} ${answer.json<{ code: string }>().code}`;
}

describe('a login with a token', () => {
  it.each([
    ['in the body', () => ({ body: JSON.stringify({ username: 'alice', password: readOnly.secret }) })],
    ['in the body, in another spelling', () => ({ body: ` {"password":"\\u0073${readOnly.secret.slice(1)}" ,"username":"ALICE"} ` })], // prettier-ignore
    ['in the header', () => ({ headers: [bearer(readOnly.secret)] })],
    ['in the header, with its owner’s name', () => ({ headers: [basic('Alice', readOnly.secret)], body: '{}' })],
    [
      'in the header, a name in the body',
      () => ({ headers: [bearer(readOnly.secret)], body: '{"username":"mallory"}' }),
    ],
    [
      'in both',
      () => ({
        headers: [basic('alice', readOnly.secret)],
        body: JSON.stringify({ username: 'alice', password: readOnly.secret }),
      }),
    ],
  ] as const)('R04: %s tells the upstream who it is, and not the secret', async (_name, content) => {
    const { headers = [], ...rest } = content() as { headers?: readonly HeaderLine[]; body?: string };
    const answer = await send({
      method: 'POST',
      target: SESSION,
      headers: [['Content-Type', 'application/json; charset=utf-8'], ['Cookie', 'JSESSIONID=OLD'], ...headers],
      ...rest,
    });
    expect(answer.status).toBe(200);
    expect(answer.headerValues('set-cookie')).toHaveLength(3);
    const { lastRequest } = upstream;
    expect(lastRequest?.target).toBe(SESSION);
    expect(lastRequest?.body.toString()).toBe('{"username":"alice"}');
    expect(lastRequest?.headerValues('content-length')).toEqual(['20']);
    expect(lastRequest?.headerValues('content-type')).toEqual(['application/json']);
    expect(lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
    expect(lastRequest?.header('authorization')).toBeUndefined();
    expect(lastRequest?.header('cookie')).toBeUndefined();
    expect(lastRequest?.raw.toString('latin1')).not.toContain(readOnly.secret.slice(3));
  });

  it('R04: in chunks, or behind 100 Continue, is read all the same', async () => {
    const body = JSON.stringify({ username: 'alice', password: readOnly.secret });
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const headers: readonly HeaderLine[] = [['Transfer-Encoding', 'chunked']];
    expect((await send({ method: 'POST', target: SESSION, headers, body: chunked })).status).toBe(200);
    expect(upstream.lastRequest?.header('transfer-encoding')).toBeUndefined();
    expect(upstream.lastRequest?.body.toString()).toBe('{"username":"alice"}');
    const answer = await request(
      {
        port: gateway.port,
        method: 'POST',
        target: SESSION,
        headers: [
          ['Host', 'jira.test'],
          ['Expect', '100-continue'],
          ['Content-Length', String(body.length)],
        ],
      },
      { afterContinue: body },
    );
    expect(answer.interim.map(({ status }) => status)).toEqual([100]);
    expect(answer.status).toBe(200);
  });

  it('R04: leaves no line that speaks of the body that was', async () => {
    const headers: readonly HeaderLine[] = [
      bearer(readOnly.secret),
      ['Content-Encoding', 'gzip'],
      ['Content-MD5', 'x'],
      ['Content_Length', '5'],
    ];
    expect((await send({ method: 'POST', target: SESSION, headers })).status).toBe(200);
    for (const name of ['content-encoding', 'content-md5', 'content_length']) {
      expect(upstream.lastRequest?.header(name)).toBeUndefined();
    }
  });

  it('R04: two different credentials are a 400', async () => {
    const ambiguous = '400 credential_ambiguous';
    const post = async (headers: readonly HeaderLine[], body: object | string): Promise<string> =>
      outcome(
        await send({
          method: 'POST',
          target: SESSION,
          headers,
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      );
    const inBody = { username: 'alice', password: readWrite.secret };
    expect(await post([bearer(readOnly.secret)], inBody)).toBe(ambiguous);
    expect(await post([basic('alice', 'a password')], inBody)).toBe(ambiguous);
    expect(await post([bearer(readOnly.secret)], { username: 'alice', password: 'a password' })).toBe(ambiguous);
    expect(await post([bearer('native')], inBody)).toBe(ambiguous);
    const twice = `{"username":"alice","password":"x","password":${JSON.stringify(readWrite.secret)}}`;
    expect(await post([], twice)).toBe(ambiguous);
  });

  it('R36: a token in a body that cannot be read is not passed on as a password', async () => {
    const text = JSON.stringify({ username: 'alice', password: readWrite.secret });
    for (const body of [
      `username=alice&password=${readWrite.secret}`,
      `\ufeff${text}`,
      Buffer.from(text, 'utf16le'),
      `${text} trailing`,
      JSON.stringify({ username: 'alice', password: [readWrite.secret] }),
      JSON.stringify({ username: 'alice', PASSWORD: readWrite.secret }),
    ]) {
      expect(outcome(await send({ method: 'POST', target: SESSION, body }))).toBe('401 credential_invalid');
    }
    expect(outcome(await bodyLogin({ secret: `${readWrite.secret}x` }))).toBe('401 credential_invalid');
    expect(outcome(await bodyLogin(readWrite, 'bob'))).toBe('401 credential_invalid');
  });

  it('R42: a password goes on as it came, and its session is nobody’s token', async () => {
    const body = '{ "username" : "alice",  "password":"a password" }';
    const answer = await send({ method: 'POST', target: SESSION, body });
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.body.toString()).toBe(body);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBeUndefined();
    const id = /JSESSIONID=([0-9A-F]+)/.exec(answer.header('set-cookie') ?? '')?.[1] ?? '';
    expect((await send({ method: 'POST', headers: [cookie(id)], body: '{}' })).status).toBe(200);
  });

  it('R36: under another name of the endpoint, no token is taken from a body, and none in a header logs in', async () => {
    for (const target of ['/rest/auth/latest/session', '/rest/auth/1/session/', '/rest/auth/1/session.json']) {
      reset();
      const body = JSON.stringify({ username: 'alice', password: readWrite.secret });
      expect(outcome(await send({ method: 'POST', target, body })), target).toBe('401 token_not_accepted');
      const headers = [bearer(readWrite.secret)];
      expect(outcome(await send({ method: 'POST', target, headers, body }))).toBe('401 token_not_accepted');
      const allowed = await send({ method: 'POST', target, headers });
      expect(outcome(allowed)).toBe('200');
      expect(allowed.headerValues('set-cookie')).toEqual([]);
      reset();
      const readOnlyHeaders = [bearer(readOnly.secret)];
      const refused = await send({ method: 'POST', target, headers: readOnlyHeaders });
      expect(outcome(refused)).toBe('403 scope_insufficient');
    }
  });

  it('R04: a body that is too large is a 413 and goes nowhere', async () => {
    const answer = await send({ method: 'POST', target: SESSION, body: Buffer.alloc(70_000, 'x') });
    expect(outcome(answer)).toBe('413 too_large');
  });

  it('R61: the events of logins hold no secret, no session and no body', async () => {
    const id = await sessionOf(readOnly);
    await send({ headers: [cookie(id)] });
    const text = JSON.stringify(await gateway.events({ application: 'jira' }));
    expect(text).not.toContain(id);
    expect(text).not.toContain(readOnly.secret);
    expect(text).not.toContain('a password');
  });
});

describe('a session made with a token', () => {
  it('R11: reads, and is refused what the token is refused', async () => {
    const id = await sessionOf(readOnly);
    const read = await send({ headers: [cookie(id)] });
    expect(outcome(read)).toBe('200');
    expect(upstream.lastRequest?.header('cookie')).toBe(`JSESSIONID=${id}`);
    reset();
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
      expect(outcome(await send({ method, headers: [cookie(id)] })), method).toBe('403 scope_insufficient');
    }
    const override: HeaderLine = ['X-HTTP-Method-Override', 'DELETE'];
    expect(outcome(await send({ headers: [cookie(id), override] }))).toBe('403 scope_insufficient');
    expect(outcome(await send({ target: '/secure/Dashboard.jspa', headers: [cookie(id)] }))).toBe(
      '401 token_not_accepted',
    );
    for (const target of ['/rest/../secure/x', '/rest/api/2/myself;a=b', '/rest/%2e%2e/secure']) {
      expect(outcome(await send({ target, headers: [cookie(id)] })), target).toBe('400 path_ambiguous');
    }
    const events = await gateway.events({ application: 'jira', tokenId: readOnly.id, code: 'scope_insufficient' });
    expect(events[0]).toMatchObject({ credential: 'cookie', owner: 'alice', type: 'permission.denied' });
  });

  it('R11: writes where the token may write', async () => {
    const id = await sessionOf(readWrite);
    expect(outcome(await send({ method: 'POST', headers: [cookie(id)], body: '{}' }))).toBe('200');
  });

  it.each<[string, (id: string) => { readonly headers: readonly HeaderLine[]; readonly target?: string }]>([
    ['another name', (id) => ({ headers: [['Cookie', `x=${id}`]] })],
    ['the name in other letters', (id) => ({ headers: [['Cookie', `jsessionid=${id}`]] })],
    ['quotes', (id) => ({ headers: [['Cookie', `JSESSIONID="${id}"`]] })],
    ['blanks', (id) => ({ headers: [['Cookie', `  JSESSIONID =\t ${id}  ;`]] })],
    ['an encoded character', (id) => ({ headers: [['Cookie', `JSESSIONID=%${id.charCodeAt(0).toString(16)}${id.slice(1)}`]] })], // prettier-ignore
    ['other cookies around it', (id) => ({ headers: [['Cookie', `a=1; b="2"; JSESSIONID=${id}; ${'c=3; '.repeat(20)}`]] })], // prettier-ignore
    ['a second line', (id) => ({ headers: [['Cookie', 'a=1'], ['cookie', `JSESSIONID=${id}`]] })], // prettier-ignore
    ['another session before it', (id) => ({ headers: [['Cookie', `JSESSIONID=${'0'.repeat(32)}; JSESSIONID=${id}`]] })], // prettier-ignore
    ['another session behind it', (id) => ({ headers: [['Cookie', `JSESSIONID=${id}; JSESSIONID=${'0'.repeat(32)}`]] })], // prettier-ignore
    ['commas', (id) => ({ headers: [['Cookie', `a=1,JSESSIONID=${id},b=2`]] })],
    ['a version', (id) => ({ headers: [['Cookie', `$Version=1; JSESSIONID="${id}"; $Path=/`]] })],
    ['a password beside it', (id) => ({ headers: [cookie(id), basic('bob', 'a password')] })],
    ['an unknown scheme beside it', (id) => ({ headers: [cookie(id), ['Authorization', 'Negotiate x']] })],
    ['a native token beside it', (id) => ({ headers: [cookie(id), bearer('native')] })],
    ['a nomination as hop-by-hop', (id) => ({ headers: [cookie(id), ['Connection', 'Cookie']] })],
    ['a password in the query', (id) => ({ headers: [cookie(id)], target: `${REST}?os_username=b&os_password=c` })],
  ])('R11: is held to the token in spite of %s', async (_name, disguise) => {
    const id = await sessionOf(readOnly);
    const { headers, target = REST } = disguise(id);
    expect(outcome(await send({ method: 'DELETE', target, headers }))).toBe('403 scope_insufficient');
    expect(outcome(await send({ target, headers }))).toBe('200');
    expect(upstream.lastRequest?.header('authorization')).toBeUndefined();
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBeUndefined();
  });

  it.each([';jsessionid=', ';JSESSIONID=', ';v=1;jsessionid=', '/;jsessionid='])(
    'R11: is not to be had by the path parameter %s',
    async (parameter) => {
      const id = await sessionOf(readOnly);
      for (const method of ['GET', 'POST']) {
        expect(outcome(await send({ method, target: `${REST}${parameter}${id}` }))).toBe('400 path_ambiguous');
        expect(outcome(await send({ method, target: `${REST}${parameter}${id}/x` }))).toBe('400 path_ambiguous');
      }
      // A session that no token made is the upstream's own business.
      expect((await send({ target: `${REST}${parameter}${'0'.repeat(32)}` })).status).toBe(200);
    },
  );

  it('R11: every cookie of the login is bound, and so is every one that a bound request gets', async () => {
    const login = await bodyLogin(readOnly);
    const xsrf = /atlassian\.xsrf\.token=([^;]+)/.exec(login.headerValues('set-cookie').join())?.[1] ?? '';
    reset();
    const byXsrf: HeaderLine = ['Cookie', `atlassian.xsrf.token=${xsrf}`];
    expect(outcome(await send({ method: 'POST', headers: [byXsrf] }))).toBe('403 scope_insufficient');
    const renewed = randomBytes(16).toString('hex');
    upstream.respondWith(() => ({ headers: [['Set-Cookie', `JSESSIONID=${renewed}; Path=/`]], body: '{}' }));
    const answer = await send({ headers: [byXsrf] });
    expect(answer.headerValues('set-cookie')).toEqual([`JSESSIONID=${renewed}; Path=/`]);
    reset();
    expect(outcome(await send({ method: 'POST', headers: [cookie(renewed)] }))).toBe('403 scope_insufficient');
  });

  it('R11: what the load balancer sets for everybody holds nobody else to the token', async () => {
    await sessionOf(readOnly);
    await sessionOf(await gateway.createToken({ owner: 'bob', scope: 'read-only' }));
    const browser: HeaderLine = ['Cookie', `JSESSIONID=${randomBytes(16).toString('hex')}; SERVERID=node1`];
    expect(outcome(await send({ method: 'POST', headers: [browser], body: '{}' }))).toBe('200');
    reset();
    const id = await sessionOf(readOnly);
    const own: HeaderLine = ['Cookie', `SERVERID=node1; JSESSIONID=${id}`];
    expect(outcome(await send({ headers: [own] }))).toBe('200');
  });

  it('R11: a short id is bound as well', async () => {
    upstream.respondWith(() => ({ headers: [['Set-Cookie', 'JSESSIONID=abc123; Path=/']], body: '{}' }));
    await bodyLogin(readOnly);
    reset();
    for (const line of [
      'JSESSIONID=abc123',
      'jsessionid="abc123"',
      'a=1; JSESSIONID = %61bc123',
      'x=y,JSESSIONID=abc123',
    ]) {
      const answer = await send({ method: 'POST', headers: [['Cookie', line]] });
      expect(outcome(answer), line).toBe('403 scope_insufficient');
    }
  });

  it('R11: sessions of two tokens in one request are a 400', async () => {
    const [one, two] = [await sessionOf(readOnly), await sessionOf(readWrite)];
    const both: HeaderLine = ['Cookie', `JSESSIONID=${one}; other=${two}`];
    expect(outcome(await send({ headers: [both] }))).toBe('400 credential_ambiguous');
  });

  it('R11: more cookies than can be looked through are a 400, not a way around', async () => {
    const id = await sessionOf(readOnly);
    const many = Array.from({ length: 300 }, (_, index) => `c${index}=${index}`).join('; ');
    expect(outcome(await send({ method: 'POST', headers: [['Cookie', `${many}; JSESSIONID=${id}`]] }))).toBe(
      '400 credential_ambiguous',
    );
  });

  it('R11: ends with the token: revoked, expired, or its owner’s permission lost', async () => {
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const id = await sessionOf(revoked);
    expect(outcome(await send({ headers: [cookie(id)] }))).toBe('200');
    await gateway.revokeToken(revoked.id);
    reset();
    expect(outcome(await send({ headers: [cookie(id)] }))).toBe('401 token_revoked');

    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    const short = await sessionOf(await gateway.createToken({ owner: 'alice', scope: 'read-write', expiresAt }));
    expect(outcome(await send({ headers: [cookie(short)] }))).toBe('200');
    await new Promise((resolve) => setTimeout(resolve, Date.parse(expiresAt) - Date.now() + 5));
    reset();
    expect(outcome(await send({ headers: [cookie(short)] }))).toBe('401 token_expired');

    const kept = await sessionOf(readWrite);
    await gateway.patchPermissions({ useTokens: { everyone: false, groups: ['administrators'] } });
    expect(outcome(await send({ headers: [cookie(kept)] }))).toBe('403 use_not_permitted');
    await gateway.patchPermissions({ useTokens: { everyone: true, groups: [] } });
    expect(outcome(await send({ headers: [cookie(kept)] }))).toBe('200');
  });

  it('R11: is held to the address rules, of all tokens and of its own', async () => {
    const id = await sessionOf(readWrite);
    await gateway.patchSettings({ ipRestriction: { allowList: ['192.0.2.1'] } });
    expect(outcome(await send({ headers: [cookie(id)] }))).toBe('401 ip_not_allowed');
    // A browser's own session is no token's business.
    expect(outcome(await send({ headers: [cookie('f'.repeat(32))] }))).toBe('200');
    await gateway.patchSettings({ ipRestriction: { allowList: [] } });

    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const narrow = await gateway.createToken({ owner: 'alice', scope: 'read-write', allowList: ['198.51.100.7'] });
    const from = (address: string): HeaderLine => ['X-Forwarded-For', address];
    const login = await send({
      method: 'POST',
      target: SESSION,
      headers: [bearer(narrow.secret), from('198.51.100.7')],
    });
    const bound = /JSESSIONID=([0-9A-F]+)/.exec(login.header('set-cookie') ?? '')?.[1] ?? '';
    reset();
    expect(outcome(await send({ headers: [cookie(bound), from('198.51.100.8')] }))).toBe('401 ip_not_allowed');
    expect(outcome(await send({ headers: [cookie(bound), from('198.51.100.7')] }))).toBe('200');
    await gateway.patchSettings({ reverseProxy: { enabled: false, trustedProxies: [] } });
  });

  it('R11: a cookie of one application is none of another’s', async () => {
    const id = await sessionOf(readOnly);
    expect(outcome(await send({ method: 'POST', host: 'second.test', headers: [cookie(id)], body: '{}' }))).toBe('200');
  });

  it('R11: a token beside the session is judged alone, and the session stays behind', async () => {
    const id = await sessionOf(readOnly);
    const headers = [cookie(id), bearer(readWrite.secret)];
    expect(outcome(await send({ method: 'POST', headers, body: '{}' }))).toBe('200');
    expect(upstream.lastRequest?.header('cookie')).toBeUndefined();
  });
});
