import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ProblemBody } from '../support/api.client.js';
import { shareGateway } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type TestUser } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

type Header = readonly [string, string];

const MAX_FAILURES = 3;
const ADDRESS_LIMIT = MAX_FAILURES * 5;
/** In Scopegate's format, and unknown. */
const WRONG_TOKEN = 'sg_not-a-token';

let alice: TestUser;
let addresses = 0;

const { gateway, upstream } = await shareGateway();
await gateway.createApplication({ key: 'jira', upstream: upstream.url, mount: { pathPrefix: '/jira' } });
await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });

beforeEach(async () => {
  await gateway.patchSettings({ throttling: { maxFailures: MAX_FAILURES, windowSeconds: 60 } });
  alice = await gateway.createUser();
});

/** The header of a client with a new address. */
function newAddress(): Header {
  addresses += 1;
  return ['X-Forwarded-For', `203.0.113.${addresses}`];
}

function proxied(address: Header, ...headers: readonly Header[]): Promise<RawAnswer> {
  return request({ port: gateway.port, target: '/jira/rest/api/2/myself', headers: [address, ...headers] });
}

function managed(address: Header, ...headers: readonly Header[]): Promise<RawAnswer> {
  return request({ port: gateway.port, target: '/api/v1/me', headers: [address, ...headers] });
}

const codeOf = (answer: RawAnswer): string => answer.json<ProblemBody>().code;

/** Sends the same request so many times; answers the codes, one after the other. */
async function codes(times: number, send: () => Promise<RawAnswer>): Promise<readonly string[]> {
  const answers: string[] = [];
  for (let time = 0; time < times; time += 1) answers.push(codeOf(await send()));
  return answers;
}

const repeated = (times: number, code: string): readonly string[] => Array.from({ length: times }, () => code);

describe('failed credentials at the gateway', () => {
  it('R51: beyond the limit of a pair of address and user name the failure is a 429, and nothing goes upstream', async () => {
    const address = newAddress();
    const wrong = basic(alice.username, WRONG_TOKEN);
    expect(await codes(MAX_FAILURES, () => proxied(address, wrong))).toEqual(
      repeated(MAX_FAILURES, 'credential_invalid'),
    );
    const answer = await proxied(address, wrong);
    expect(answer.status).toBe(429);
    expect(answer.header('content-type')).toBe('application/problem+json');
    expect(answer.header('retry-after')).toMatch(/^([1-9]|[1-5]\d|60)$/);
    expect(answer.header('www-authenticate')).toBeUndefined();
    expect(answer.json<ProblemBody>()).toMatchObject({ status: 429, code: 'too_many_failures' });
    expect(codeOf(await proxied(newAddress(), wrong))).toBe('credential_invalid');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R51: a valid token is never a 429, and its success does not reset the count', async () => {
    const address = newAddress();
    const { secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    const send = (): Promise<RawAnswer> => proxied(address, basic(alice.username, WRONG_TOKEN));
    await codes(ADDRESS_LIMIT + 1, send);
    expect((await proxied(address, basic(alice.username, secret))).status).toBe(200);
    expect((await proxied(address, bearer(secret))).status).toBe(200);
    expect((await managed(address, bearer(secret))).status).toBe(200);
    expect(codeOf(await send())).toBe('too_many_failures');
  });

  it('R51: beyond five times the limit every failure of an address is a 429, whatever the name', async () => {
    const address = newAddress();
    let name = 0;
    const send = (): Promise<RawAnswer> => proxied(address, basic(`nobody-${(name += 1)}`, WRONG_TOKEN));
    expect(await codes(ADDRESS_LIMIT, send)).toEqual(repeated(ADDRESS_LIMIT, 'credential_invalid'));
    expect(codeOf(await send())).toBe('too_many_failures');
    expect(codeOf(await proxied(address, bearer(WRONG_TOKEN)))).toBe('too_many_failures');
  });

  it('R51: a revoked token sent as Bearer counts for its owner, whose secret it was', async () => {
    const address = newAddress();
    const { id, secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    await gateway.revokeToken(id);
    expect(await codes(MAX_FAILURES + 1, () => proxied(address, bearer(secret)))).toEqual([
      ...repeated(MAX_FAILURES, 'token_revoked'),
      'too_many_failures',
    ]);
    // Its own count: the owner logs in all the same, and a guess is still counted as the first one.
    expect((await managed(address, basic(alice.username, alice.password))).status).toBe(200);
    expect(codeOf(await proxied(address, basic(alice.username.toUpperCase(), WRONG_TOKEN)))).toBe('credential_invalid');
  });

  it('R51: an expired token counts as well', async () => {
    const address = newAddress();
    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    const { secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only', expiresAt });
    await until(() => Date.now() > Date.parse(expiresAt));
    expect(await codes(MAX_FAILURES + 1, () => proxied(address, basic(alice.username, secret)))).toEqual([
      ...repeated(MAX_FAILURES, 'token_expired'),
      'too_many_failures',
    ]);
  });

  it('R51: an unknown secret sent as Bearer counts for no user', async () => {
    const address = newAddress();
    const { id, secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    await gateway.revokeToken(id);
    await codes(MAX_FAILURES, () => proxied(address, bearer(WRONG_TOKEN)));
    expect(codeOf(await proxied(address, bearer(WRONG_TOKEN)))).toBe('too_many_failures');
    expect(codeOf(await proxied(address, bearer(secret)))).toBe('token_revoked');
  });

  it('R51: a credential whose form is wrong counts', async () => {
    const address = newAddress();
    const send = (): Promise<RawAnswer> => proxied(address, ['Authorization', 'Basic ???']);
    expect(await codes(MAX_FAILURES + 1, send)).toEqual([
      ...repeated(MAX_FAILURES, 'credential_invalid'),
      'too_many_failures',
    ]);
  });

  it('R51: a login with a wrong token in its body counts for the name in it', async () => {
    const address = newAddress();
    const send = (): Promise<RawAnswer> =>
      request({
        port: gateway.port,
        method: 'POST',
        target: '/jira/rest/auth/1/session',
        headers: [address, ['Content-Type', 'application/json']],
        body: JSON.stringify({ username: alice.username, password: WRONG_TOKEN }),
      });
    expect(await codes(MAX_FAILURES + 1, send)).toEqual([
      ...repeated(MAX_FAILURES, 'credential_invalid'),
      'too_many_failures',
    ]);
    expect(codeOf(await proxied(address, basic(alice.username, WRONG_TOKEN)))).toBe('too_many_failures');
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R11, R51: a session that has ended does not count as a guess, and blocks no login from its address', async () => {
    const address = newAddress();
    const { secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    const session = (method: string, ...lines: (readonly [string, string])[]): Promise<RawAnswer> =>
      request({ port: gateway.port, method, target: '/jira/rest/auth/1/session', headers: [address, ...lines] });
    const login = await session('POST', ['Authorization', `Bearer ${secret}`]);
    const cookie = ['Cookie', `JSESSIONID=${login.json<{ session: { value: string } }>().session.value}`] as const;
    expect((await session('DELETE', cookie)).status).toBe(204);
    // A forgotten job goes on with it, until its address has failed as often as an address may.
    const answers = await codes(MAX_FAILURES * 5 + 1, () => session('GET', cookie));
    expect(answers.slice(0, MAX_FAILURES)).toEqual(repeated(MAX_FAILURES, 'credential_invalid'));
    expect(answers.at(-1)).toBe('too_many_failures');
    const headers = [address, basic(alice.username, alice.password)];
    expect((await request({ port: gateway.port, target: '/api/v1/me', headers })).status).toBe(200);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R11, R51: made-up sessions count as other invalid credentials do, and beside a valid token they do not', async () => {
    const address = newAddress();
    const madeUp = ['Cookie', 'JSESSIONID=sgs_made_up'] as const;
    const send = (...lines: (readonly [string, string])[]): Promise<RawAnswer> =>
      request({ port: gateway.port, target: '/jira/rest/api/2/myself', headers: [address, madeUp, ...lines] });
    expect(await codes(MAX_FAILURES + 1, () => send())).toEqual([
      ...repeated(MAX_FAILURES, 'credential_invalid'),
      'too_many_failures',
    ]);
    expect(upstream.bytesReceived).toBe(0);
    const { secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    expect((await send(['Authorization', `Bearer ${secret}`])).status).toBe(200);
  });

  it('R51: passwords that the upstream judges are neither counted nor refused', async () => {
    const address = newAddress();
    upstream.respondWith(() => ({ status: 401, body: 'wrong' }));
    for (let time = 0; time < ADDRESS_LIMIT + 1; time += 1) {
      expect((await proxied(address, basic(alice.username, 'a wrong password'))).text()).toBe('wrong');
    }
    expect(upstream.requests).toHaveLength(ADDRESS_LIMIT + 1);
    expect(codeOf(await proxied(address, basic(alice.username, WRONG_TOKEN)))).toBe('credential_invalid');
  });

  it('R51: what is refused for another reason than the credential is not counted', async () => {
    const address = newAddress();
    const { secret } = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    const write = (): Promise<RawAnswer> =>
      request({
        port: gateway.port,
        method: 'POST',
        target: '/jira/rest/api/2/issue',
        headers: [address, bearer(secret)],
      });
    expect(await codes(MAX_FAILURES + 1, write)).toEqual(repeated(MAX_FAILURES + 1, 'scope_insufficient'));
    expect(codeOf(await proxied(address, basic(alice.username, WRONG_TOKEN)))).toBe('credential_invalid');
  });

  it('R51: after Retry-After the count begins anew', async () => {
    await gateway.patchSettings({ throttling: { windowSeconds: 5 } });
    const address = newAddress();
    const send = (): Promise<RawAnswer> => proxied(address, basic(alice.username, WRONG_TOKEN));
    await codes(MAX_FAILURES, send);
    const refused = await send();
    expect(refused.status).toBe(429);
    await delay(Number(refused.header('retry-after')) * 1000);
    expect(codeOf(await send())).toBe('credential_invalid');
  });

  it('R51: with maxFailures 0 nothing is throttled', async () => {
    await gateway.patchSettings({ throttling: { maxFailures: 0 } });
    const address = newAddress();
    const send = (): Promise<RawAnswer> => proxied(address, basic(alice.username, WRONG_TOKEN));
    expect(await codes(ADDRESS_LIMIT + 1, send)).toEqual(repeated(ADDRESS_LIMIT + 1, 'credential_invalid'));
    for (let time = 0; time <= MAX_FAILURES; time += 1) {
      expect((await managed(address, basic(alice.username, 'a wrong password'))).status).toBe(401);
    }
  });

  it('R56: the audit tells a throttled failure from the others', async () => {
    const address = newAddress();
    await codes(MAX_FAILURES + 1, () => proxied(address, basic(alice.username, WRONG_TOKEN)));
    const events = await gateway.events({ clientIp: address[1] });
    expect(events.map(({ code }) => code)).toEqual(['too_many_failures', ...repeated(MAX_FAILURES, 'token_malformed')]);
    expect(events[0]).toMatchObject({
      type: 'authentication.failed',
      outcome: 'failed',
      status: 429,
      actor: alice.username,
      credential: 'basic-token',
      application: 'jira',
    });
  });
});

describe('wrong passwords at the management API', () => {
  const wrong = (name: string): Header => basic(name, 'a wrong password');

  it('R51: after too many even the right one is a 429, from this address alone', async () => {
    const address = newAddress();
    expect(await codes(MAX_FAILURES, () => managed(address, wrong(alice.username)))).toEqual(
      repeated(MAX_FAILURES, 'credential_invalid'),
    );
    const refused = await managed(address, basic(alice.username, alice.password));
    expect(refused.status).toBe(429);
    expect(refused.header('retry-after')).toMatch(/^\d+$/);
    expect(codeOf(refused)).toBe('too_many_failures');
    expect((await managed(newAddress(), basic(alice.username, alice.password))).status).toBe(200);
  });

  it('R51: another user of that address is let in', async () => {
    const address = newAddress();
    const bob = await gateway.createUser();
    await codes(MAX_FAILURES + 1, () => managed(address, wrong(alice.username)));
    expect((await managed(address, basic(bob.username, bob.password))).status).toBe(200);
  });

  it('R51: they count together with failed tokens', async () => {
    const address = newAddress();
    await codes(MAX_FAILURES, () => managed(address, wrong(alice.username)));
    expect(codeOf(await proxied(address, basic(alice.username, WRONG_TOKEN)))).toBe('too_many_failures');
  });

  it('R51: of a burst of guesses no more are looked at than the limit says', async () => {
    const address = newAddress();
    const guesses = Array.from({ length: 20 }, (_, index) =>
      managed(address, basic(alice.username, `guess number ${index}`)),
    );
    const answers = await Promise.all(guesses);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(MAX_FAILURES);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20 - MAX_FAILURES);
    expect((await managed(address, basic(alice.username, alice.password))).status).toBe(429);
  });

  it('R56: the audit calls it a failed login that was throttled', async () => {
    const address = newAddress();
    await codes(MAX_FAILURES, () => managed(address, wrong(alice.username)));
    await managed(address, basic(alice.username, alice.password));
    const events = await gateway.events({ clientIp: address[1] });
    expect(events.map(({ type, code }) => `${type} ${code}`)).toEqual([
      'login.failed too_many_failures',
      ...repeated(MAX_FAILURES, 'login.failed password_wrong'),
    ]);
  });
});
