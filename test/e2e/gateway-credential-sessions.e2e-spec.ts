import { describe, expect } from 'vitest';
import type { ProblemBody } from '../support/api.client.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { startJiraStandIn, type JiraStandIn, type JiraStandInOptions } from '../support/jira-stand-in.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer } from '../support/scopegate.fixture.js';

const SESSION = '/rest/auth/1/session';
const MYSELF = '/rest/api/2/myself';

type Depositor = {
  readonly username: string;
  readonly jira: JiraStandIn;
  /** The personal access token of the user in Jira, which is deposited. */
  readonly accessToken: string;
  readonly token: string;
  readonly state: () => Promise<string | undefined>;
  readonly send: (method: string, target: string, ...headers: readonly HeaderLine[]) => Promise<RawAnswer>;
  /** The lines of a login in Jira's way. */
  readonly login: HeaderLine;
};

const it = gatewayTest.extend(
  'depositor',
  ({ gateway }, { onCleanup }) =>
    async (version: JiraStandInOptions['version']): Promise<Depositor> => {
      const user = await gateway.createUser();
      const jira = await startJiraStandIn({ version, users: { [user.username]: 'the password that Jira has' } });
      onCleanup(() => jira.stop());
      const key = `jira-of-${user.username}`;
      await gateway.createApplication({
        key,
        version,
        mount: { pathPrefix: `/${key}` },
        upstream: jira.url,
        identity: { mode: 'credential', perUser: true },
      });
      const accessToken = jira.createAccessToken(user.username);
      const own = gateway.as({ user: user.username, password: user.password });
      const deposit = { type: 'bearer', secret: accessToken };
      expect(await own.put(`/me/credentials/${key}`, deposit)).toMatchObject({ status: 200 });
      jira.clear();
      const { secret: token } = await gateway.createToken({ owner: user.username, scope: 'read-write' });
      return {
        username: user.username,
        jira,
        accessToken,
        token,
        login: basic(user.username, token),
        state: async () => {
          const { body } = await own.get<{ items: readonly { readonly state: string }[] }>('/me/credentials');
          return body.items[0]?.state;
        },
        send: (method, target, ...headers) =>
          request({ port: gateway.port, method, target: `/${key}${target}`, headers: [['Host', 'a'], ...headers] }),
      };
    },
);

function cookieOf(answer: RawAnswer): HeaderLine {
  return ['Cookie', (answer.header('set-cookie') ?? '').split(';')[0] ?? ''];
}

describe.each(['9.12.0', '11.0.0'] as const)('a session in front of Jira %s', (version) => {
  it('R77: is the own one of the gateway, and Jira is only asked who the user is', async ({ depositor }) => {
    const { jira, login, accessToken, send } = await depositor(version);
    const opened = await send('POST', SESSION, login);
    expect(opened.status).toBe(200);
    expect(opened.json()).toEqual({
      session: { name: 'JSESSIONID', value: expect.stringMatching(/^sgs_/) },
      loginInfo: { failedLoginCount: 0, loginCount: 1 },
    });
    expect(jira.requests.map(({ method, target, user }) => [method, target, user])).toEqual([
      ['GET', `/jira${MYSELF}`, expect.any(String)],
    ]);
    expect(jira.requests[0]?.headers.authorization).toBe(`Bearer ${accessToken}`);
    jira.clear();
    const issue = await send('POST', '/rest/api/2/issue', cookieOf(opened), ['Content-Type', 'application/json']);
    expect(issue.status).not.toBe(401);
    const myself = await send('GET', MYSELF, cookieOf(opened));
    expect(myself.status).toBe(200);
    expect(jira.requests.every(({ headers }) => headers.authorization === `Bearer ${accessToken}`)).toBe(true);
    expect(jira.requests.every(({ headers }) => headers.cookie === undefined)).toBe(true);
    expect((await send('GET', SESSION, cookieOf(opened))).status).toBe(200);
    expect((await send('DELETE', SESSION, cookieOf(opened))).status).toBe(204);
    expect((await send('GET', MYSELF, cookieOf(opened))).status).toBe(401);
    expect(jira.requests.filter(({ target }) => target.includes('/auth/'))).toEqual([]);
    expect(jira.failedLogins.size).toBe(0);
  });

  it('R70, R77: is not opened with a deposit that Jira refuses, which is then not tried again', async ({
    depositor,
  }) => {
    const { jira, login, accessToken, send, state } = await depositor(version);
    jira.revokeAccessToken(accessToken);
    for (let time = 0; time < 3; time += 1) {
      const refused = await send('POST', SESSION, login);
      expect([refused.status, refused.json<ProblemBody>().code]).toEqual([502, 'upstream_credential_rejected']);
      expect(refused.header('set-cookie')).toBeUndefined();
    }
    expect(jira.requests).toHaveLength(1);
    expect(await state()).toBe('rejected');
  });

  it('R70: a CAPTCHA that Jira demands is met once', async ({ depositor }) => {
    const { jira, username, token, send, state } = await depositor(version);
    jira.demandCaptcha(username);
    for (let time = 0; time < 3; time += 1) {
      const answer = await send('GET', MYSELF, bearer(token));
      expect(answer.status).toBe(502);
      expect(answer.raw.toString('latin1')).not.toMatch(/captcha_challenge|login-url|www-authenticate/i);
    }
    expect(jira.requests).toHaveLength(1);
    expect(await state()).toBe('rejected');
  });

  it('R70: a token that Jira forgets makes no anonymous request', async ({ depositor }) => {
    const { jira, accessToken, token, send, state } = await depositor(version);
    jira.takeUnknownTokensForAnonymous(true);
    jira.revokeAccessToken(accessToken);
    for (let time = 0; time < 2; time += 1) {
      expect((await send('GET', '/rest/api/2/serverInfo', bearer(token))).status).toBe(502);
    }
    expect(jira.requests).toHaveLength(1);
    expect(await state()).toBe('rejected');
  });
});

describe('a session of an application with signed assertions', () => {
  it('R77: sends Jira one question with an assertion, and no login', async ({ gateway, upstream }) => {
    await gateway.createApplication({
      key: 'signed',
      mount: { pathPrefix: '/signed' },
      upstream: upstream.url,
      identity: { mode: 'jwt', audience: 'jira' },
    });
    upstream.respondWith(() => ({ body: JSON.stringify({ name: 'admin', loginInfo: { loginCount: 7 } }) }));
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const opened = await request({
      port: gateway.port,
      method: 'POST',
      target: `/signed${SESSION}`,
      headers: [['Host', 'a'], basic('admin', secret)],
    });
    expect(opened.json()).toMatchObject({ loginInfo: { failedLoginCount: 0, loginCount: 7 } });
    expect(upstream.requests.map(({ method, target }) => [method, target])).toEqual([['GET', MYSELF]]);
    expect(upstream.lastRequest?.header('x-scopegate-assertion')).toMatch(/^ey/);
    expect(upstream.lastRequest?.raw.toString('latin1')).not.toContain('sg_');
  });

  it('R77: is opened although the application does not answer', async ({ gateway, upstream }) => {
    await gateway.createApplication({
      key: 'silent',
      mount: { pathPrefix: '/silent' },
      upstream: upstream.url,
      timeoutMs: 1_000,
      identity: { mode: 'jwt', audience: 'jira' },
    });
    upstream.respondWith(() => ({ destroy: true }));
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const opened = await request({
      port: gateway.port,
      method: 'POST',
      target: `/silent${SESSION}`,
      headers: [['Host', 'a'], basic('admin', secret)],
    });
    expect(opened.json()).toMatchObject({ loginInfo: { failedLoginCount: 0, loginCount: 1 } });
  });
});
