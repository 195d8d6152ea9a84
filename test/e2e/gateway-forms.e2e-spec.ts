import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, sendRaw, type RawAnswer, type SendOptions } from '../support/raw-client.js';
import { bearer, type TestToken } from '../support/scopegate.fixture.js';

const REST = '/rest/api/2/issue';
const HELD = '/rest/held';
const FORM: HeaderLine = ['Content-Type', 'application/x-www-form-urlencoded'];
const COOKIE: HeaderLine = ['Cookie', 'seraph.rememberme.cookie=1'];

/** More than is looked through (R43). */
const LARGE = `summary=${'a'.repeat(100_000)}`;

let token: TestToken;
/** Ends the answers that are held, and with them what takes the connections. */
let ends: (() => void)[] = [];

const { gateway, upstream } = await shareGateway();
await gateway.patchSettings({ throttling: { maxFailures: 0 } });
await gateway.createApplication({
  key: 'jira',
  mount: { host: 'jira.test' },
  upstream: upstream.url,
  // A share is one connection: while an answer is held, the next request of the same holder waits.
  connections: 4,
  timeoutMs: 60_000,
});
await gateway.createUser({ username: 'alice' });

beforeEach(async () => {
  token = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  upstream.respondWith(({ target }) =>
    target === HELD ? new Promise((resolve) => ends.push(() => resolve({ body: 'held' }))) : { body: 'ok' },
  );
});

afterEach(async () => {
  for (const end of ends) end();
  ends = [];
  await gateway.patchSettings({ passwords: { enabled: true } });
});

function post(headers: readonly HeaderLine[], body?: string, options: SendOptions = {}): Promise<RawAnswer> {
  const length: HeaderLine[] = body === undefined ? [] : [['Content-Length', String(Buffer.byteLength(body))]];
  return request(
    {
      port: gateway.port,
      method: 'POST',
      target: REST,
      headers: [['Host', 'jira.test'], FORM, ...headers, ...length],
      ...(body === undefined ? {} : { body }),
    },
    { closeWaitMs: 0, ...options },
  );
}

function codeOf(answer: RawAnswer): string {
  return `${answer.status} ${answer.json<{ code: string }>().code}`;
}

describe('a form with Expect: 100-continue', () => {
  function sendForm(headers: readonly HeaderLine[], form: string): Promise<RawAnswer> {
    const lines: HeaderLine[] = [...headers, ['Expect', '100-continue'], ['Content-Length', String(form.length)]];
    return post(lines, undefined, { afterContinue: form });
  }

  it('R109: is asked for once, looked through, and goes on as it came', async () => {
    for (const form of ['summary=x&token=none', LARGE]) {
      upstream.clear();
      const answer = await sendForm([bearer(token.secret)], form);
      expect(answer.interim.map(({ status }) => status)).toEqual([100]);
      expect(answer.status).toBe(200);
      expect(upstream.requests.map(({ body }) => body.toString())).toEqual([form]);
    }
  });

  it('R109: a token in it is misplaced, and reaches no upstream', async () => {
    const answer = await sendForm([COOKIE], `summary=x&access_token=${token.secret}`);
    expect(codeOf(answer)).toBe('401 credential_misplaced');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R43, R109: is not asked for where the head alone refuses', async () => {
    const wrong = await sendForm([bearer(`${token.secret}x`)], 'summary=x');
    expect([wrong.interim, codeOf(wrong)]).toEqual([[], '401 credential_invalid']);
    await gateway.patchSettings({ passwords: { enabled: false } });
    const large = await sendForm([COOKIE], LARGE);
    expect([large.interim, codeOf(large)]).toEqual([[], '413 too_large']);
    expect(upstream.bytesReceived).toBe(0);
  });
});

describe('a form that waits for a connection', () => {
  /** Sends a form while the one connection of its holder is taken, does something meanwhile, and frees the connection. */
  async function whileWaiting(credential: HeaderLine, form: string, change: () => Promise<void>): Promise<RawAnswer> {
    const held = request({ port: gateway.port, target: HELD, headers: [['Host', 'jira.test'], credential] });
    while (ends.length === 0) await pause(10);
    const waiting = post([credential], form);
    // Beyond half a second it is judged again (R64).
    await pause(1_200);
    expect(upstream.requests).toHaveLength(1);
    await change();
    for (const end of ends) end();
    expect((await held).status).toBe(200);
    return waiting;
  }

  it.each([
    ['a small form with a token', 'summary=x&description=y', true],
    ['a large form with a token', LARGE, true],
    ['a small form with a cookie', 'summary=x&description=y', false],
    ['a large form with a cookie', LARGE, false],
  ])('R109, R112: %s goes on byte for byte after it has been judged again', async (_name, form, hasToken) => {
    const credential = hasToken ? bearer(token.secret) : COOKIE;
    const answer = await whileWaiting(credential, form, () => Promise.resolve());
    expect(answer.status).toBe(200);
    expect(upstream.requests.map(({ body }) => body.toString())).toEqual(['', form]);
  });

  it('R109, R112: a large form whose token is revoked meanwhile reaches no upstream', async () => {
    const answer = await whileWaiting(bearer(token.secret), LARGE, () => gateway.revokeToken(token.id));
    expect(codeOf(answer)).toBe('401 token_revoked');
    expect(upstream.requests).toHaveLength(1);
  });

  it.each([
    ['with a password', 'os_username=bob&os_password=hunter2', '401 password_disabled'],
    ['that is large', LARGE, '413 too_large'],
  ])('R43, R112: a form %s is refused where passwords are switched off meanwhile', async (_name, form, expected) => {
    const answer = await whileWaiting(COOKIE, form, () => gateway.patchSettings({ passwords: { enabled: false } }));
    expect(codeOf(answer)).toBe(expected);
    expect(upstream.requests).toHaveLength(1);
  });
});

describe('a form beside a session of the gateway', () => {
  it('R11, R43: a password in the form could log in another user, and is a 400 in both modes', async () => {
    const headers: HeaderLine[] = [['Host', 'jira.test'], bearer(token.secret)];
    const target = '/rest/auth/1/session';
    const login = await request({ port: gateway.port, method: 'POST', target, headers }, { closeWaitMs: 0 });
    const session = login.json<{ session: { name: string; value: string } }>().session;
    const cookie: HeaderLine = ['Cookie', `${session.name}=${session.value}`];
    upstream.clear();
    expect((await post([cookie], 'summary=x')).status).toBe(200);
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
    upstream.clear();
    for (const enabled of [true, false]) {
      await gateway.patchSettings({ passwords: { enabled } });
      const answer = await post([cookie], 'os_username=bob&os_password=hunter2');
      expect(codeOf(answer)).toBe('400 credential_ambiguous');
    }
    expect(upstream.bytesReceived).toBe(0);
  });
});

describe('a form without a credential in the head, where one is asked for', () => {
  const DENIED: HeaderLine[] = [['Host', 'denied.test'], FORM];

  beforeAll(() =>
    gateway.createApplication({
      kind: 'generic',
      key: 'denied',
      mount: { host: 'denied.test' },
      upstream: upstream.url,
    }),
  );

  function sendTo(form: string, isChunked = false): Promise<RawAnswer> {
    const framing = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${form.length}`;
    const body = isChunked ? `${form.length.toString(16)}\r\n${form}\r\n0\r\n\r\n` : form;
    const head = DENIED.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return sendRaw(gateway.port, Buffer.from(`POST /x HTTP/1.1\r\n${head}${framing}\r\n\r\n${body}`), {
      closeWaitMs: 0,
    });
  }

  it.each(['access_token', 'private_token', 'api_key', 'token', 'os_username', 'os_password'])(
    'R109: a token in the field %s is refused with the place where it belongs',
    async (field) => {
      for (const isChunked of [false, true]) {
        const answer = await sendTo(`a=b&${field}=${token.secret}`, isChunked);
        expect(codeOf(answer)).toBe('401 credential_misplaced');
        expect(answer.text()).not.toContain(token.secret);
      }
      expect(upstream.bytesReceived).toBe(0);
    },
  );

  it('R109: any other form is asked for a credential, and reaches no upstream either', async () => {
    for (const form of ['a=b', 'token=none', 'os_username=bob&os_password=hunter2', `comment=${token.secret}`]) {
      expect(codeOf(await sendTo(form))).toBe('401 authentication_required');
    }
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R112: one that announces more than is looked through is not read', async () => {
    const head = DENIED.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const text = `POST /x HTTP/1.1\r\n${head}Content-Length: 65537\r\n\r\na=`;
    expect(codeOf(await sendRaw(gateway.port, Buffer.from(text), { closeWaitMs: 0 }))).toBe(
      '401 authentication_required',
    );
    expect(upstream.bytesReceived).toBe(0);
  });
});
