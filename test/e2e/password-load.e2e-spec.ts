import { describe, expect, it } from 'vitest';
import { PasswordHasher } from '../../src/directory/password.hasher.js';
import { shareGateway } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

/** As many addresses as once made the right password of an administrator a 503. */
const ATTACKERS = 120;

const { gateway, upstream } = await shareGateway();
const hasher = gateway.provider(PasswordHasher);
await gateway.createApplication({ key: 'jira', upstream: upstream.url, mount: { pathPrefix: '/jira' } });
await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });

function logIn(address: string, username: string, password: string): Promise<RawAnswer> {
  const headers = [['X-Forwarded-For', address] as const, basic(username, password)];
  return request({ port: gateway.port, target: '/api/v1/me', headers }, { timeoutMs: 60_000 });
}

describe('many password checks at once', () => {
  it('R51: a wrong password from each of many addresses makes no right one a 503, nor holds up a proxied request', async () => {
    const carol = await gateway.createUser({ groups: ['administrators'] });
    const colleague = await gateway.createUser();
    expect((await logIn('203.0.113.1', colleague.username, colleague.password)).status).toBe(200);
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    let answered = 0;
    const guesses = Array.from({ length: ATTACKERS }, async (_, index) => {
      const answer = await logIn(`198.51.100.${index + 1}`, `name-${index % 7}`, `guess ${index}`);
      answered += 1;
      return answer.status;
    });
    await expect.poll(() => hasher.waiting).toBeGreaterThan(ATTACKERS / 2);
    const right = logIn('203.0.113.1', carol.username, carol.password);
    for (let time = 0; time < 5; time += 1) {
      const target = '/jira/rest/api/2/myself';
      expect((await request({ port: gateway.port, target, headers: [bearer(secret)] })).status).toBe(200);
      expect(hasher.running).toBeLessThanOrEqual(2);
    }
    // The proxied requests were answered while passwords waited.
    expect(hasher.waiting).toBeGreaterThan(0);
    expect(answered).toBeLessThan(ATTACKERS);
    expect((await right).status).toBe(200);
    expect(answered).toBeLessThan(ATTACKERS);
    // On a slow machine some of them have waited for long enough.
    for (const status of await Promise.all(guesses)) expect([401, 503]).toContain(status);
    expect({ running: hasher.running, waiting: hasher.waiting }).toEqual({ running: 0, waiting: 0 });
  }, 90_000);

  it('R51: one address, and one /64, has its turn like any other, however much it asks', async () => {
    const dave = await gateway.createUser();
    const order: string[] = [];
    const flood = Array.from({ length: 30 }, async (_, index) => {
      const answer = await logIn(`2001:db8::${index.toString(16)}`, `made-up-${index}`, 'guess');
      order.push('flood');
      return answer.status;
    });
    await expect.poll(() => hasher.waiting).toBeGreaterThan(20);
    const right = await logIn('203.0.113.2', dave.username, dave.password);
    order.push('right');
    expect(right.status).toBe(200);
    await Promise.all(flood);
    expect(order.indexOf('right')).toBeLessThan(15);
  }, 90_000);
});
