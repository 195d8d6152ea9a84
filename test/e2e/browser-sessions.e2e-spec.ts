import { afterEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import { BrowserSessionEntity } from '../../src/sessions/browser-session.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import type { ApiAnswer, ProblemBody } from '../support/api.client.js';
import { expectProblem } from '../support/expect-problem.js';
import { logIn, OWN_PAGE, sessionOf } from '../support/browser-session.client.js';
import { shareServer } from '../support/gateway-test.js';

const server = await shareServer();
const url = server.managementUrl;
const admin = { username: 'admin', password: server.adminPassword };

const storedSessions = (): Promise<BrowserSessionEntity[]> =>
  server.provider(UnitOfWork).read((manager) => manager.find(BrowserSessionEntity));

/** The code of a refusal, which must not make the browser open its dialog. */
function refusalOf(answer: ApiAnswer<unknown>): string {
  expect(answer.headers.get('www-authenticate')).toBeNull();
  return `${answer.status} ${(answer.body as ProblemBody).code}`;
}

describe('a login with a browser', () => {
  it('R99: gives a strict cookie, which is a credential of the management API', async () => {
    const user = await server.createUser({ displayName: 'Anna Example' });
    const answer = await server.as(null).post<Record<string, unknown>>('/session', user, { headers: OWN_PAGE });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe('/api/v1/session');
    expect(answer.body).toMatchObject({
      username: user.username,
      displayName: 'Anna Example',
      administrator: false,
      method: 'password',
    });
    const [cookie = '', ...others] = answer.headers.getSetCookie();
    expect(others).toEqual([]);
    expect(cookie).toMatch(/^scopegate=sgb_[0-9A-Za-z]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
    const { api } = sessionOf(url, cookie.split(';', 1)[0] ?? '');
    const me = await api.get<{ username: string }>('/me');
    expect([me.status, me.body.username]).toEqual([200, user.username]);
    const { idleEndsAt: _, ...lasting } = answer.body;
    expect((await api.get('/session')).body).toMatchObject(lasting);
  });

  it('R99: stores a digest alone, and writes the value nowhere', async () => {
    const session = await logIn(url, await server.createUser());
    const rows = await storedSessions();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(session.value);
    expect(JSON.stringify(rows)).not.toContain(session.value.slice(4));
    await session.api.get(`/tokens?q=${session.value}`);
    const events = JSON.stringify(await server.events({}));
    expect(events).toContain('session.opened');
    expect(events).not.toContain(session.value.slice(4));
  });

  it('R55, R99: a page that asks without a cookie fails no authentication; a wrong cookie does', async () => {
    const asked = await server.as(null).get('/session', { headers: OWN_PAGE });
    const wrong = await sessionOf(url, `scopegate=sgb_${'0'.repeat(43)}`).api.get('/session');
    expect([refusalOf(asked), refusalOf(wrong)]).toEqual(['401 authentication_required', '401 session_expired']);
    const ids = [asked, wrong].map((answer) => answer.headers.get('x-request-id'));
    const recorded = (await server.events({})).filter(({ requestId }) => ids.includes(requestId));
    expect(recorded.map(({ code }) => code)).toEqual(['session_expired']);
  });

  it('R99: gives a new value each time, and the one before no longer counts', async () => {
    const user = await server.createUser();
    const first = await logIn(url, user);
    const second = await logIn(url, user, { Cookie: first.cookie });
    expect(second.value).not.toBe(first.value);
    expect(refusalOf(await first.api.get('/me'))).toBe('401 session_expired');
    expect((await second.api.get('/me')).status).toBe(200);
  });

  it('R99: does not take over a value that somebody put into the browser', async () => {
    const planted = `scopegate=sgb_${'a'.repeat(43)}`;
    const session = await logIn(url, await server.createUser(), { Cookie: planted });
    expect(session.cookie).not.toBe(planted);
    expect(refusalOf(await sessionOf(url, planted).api.get('/me'))).toBe('401 session_expired');
  });

  it('R51, R99: a wrong password, an unknown user and a token get one answer without a challenge', async () => {
    const user = await server.createUser();
    const page = server.as(null);
    for (const body of [
      { username: user.username, password: 'not the password' },
      { username: 'nobody-has-this-name', password: 'not the password' },
    ]) {
      expect(refusalOf(await page.post('/session', body, { headers: OWN_PAGE }))).toBe('401 credential_invalid');
    }
    const { secret } = await server.createToken({ scope: 'read-write', owner: user.username });
    const withToken = { username: user.username, password: secret };
    expect(refusalOf(await page.post('/session', withToken, { headers: OWN_PAGE }))).toBe('401 credential_misplaced');
  });

  it('R55, R99: is an event, as a failed one is', async () => {
    const user = await server.createUser();
    await server.as(null).post('/session', { ...user, password: 'not the password' }, { headers: OWN_PAGE });
    const session = await logIn(url, user);
    await session.api.get('/me');
    await session.api.delete('/session');
    const events = await server.events({ user: user.username });
    expect(events.map(({ type, credential, code }) => [type, credential, code]).reverse()).toEqual([
      ['login.failed', 'password', 'password_wrong'],
      ['session.opened', 'password', null],
      ['login.succeeded', 'password', null],
      ['authentication.succeeded', 'cookie', null],
      ['session.ended', 'cookie', null],
      ['authentication.succeeded', 'cookie', null],
    ]);
    expect(await server.events({ user: user.username, credential: 'cookie' })).toHaveLength(3);
  });

  it('R99: says how one can log in, to anybody', async () => {
    const answer = await server.as(null).get('/session/methods');
    expect([answer.status, answer.body]).toEqual([200, { password: true, oidc: false, oidcLabel: null }]);
  });
});

describe('the cookie as a credential', () => {
  it('R99: an administrator administers with it', async () => {
    const { api } = await logIn(url, admin);
    expect((await api.get('/settings')).status).toBe(200);
    expect((await api.post('/groups', { name: 'made-with-a-session' })).status).toBe(201);
    const { api: ofUser } = await logIn(url, await server.createUser());
    expect(refusalOf(await ofUser.get('/settings'))).toBe('403 administrator_required');
  });

  it('R99: an Authorization line beside it counts', async () => {
    const { api } = await logIn(url, admin);
    const { secret } = await server.createToken({ scope: 'read-only' });
    const answer = await api.as({ bearer: secret }).post('/groups', { name: 'never-made' });
    expect([answer.status, (answer.body as ProblemBody).code]).toEqual([403, 'scope_insufficient']);
  });

  it('R99: two values are ambiguous, and a made-up or foreign one is no session', async () => {
    const one = await logIn(url, admin);
    const other = await logIn(url, admin);
    const page = (cookie: string): Promise<ApiAnswer<unknown>> => sessionOf(url, cookie).api.get('/me');
    const both = await page(`${one.cookie}; ${other.cookie}`);
    expect([both.status, (both.body as ProblemBody).code]).toEqual([400, 'credential_ambiguous']);
    expect((await page(`${one.cookie}; ${one.cookie}`)).status).toBe(200);
    for (const value of ['', 'sgb_', `sgb_${'x'.repeat(43)}`, `${one.value}x`, `"${one.value}"`, one.value.slice(4)]) {
      expect(refusalOf(await page(`scopegate=${value}`)), value).toBe('401 session_expired');
    }
    const ofHttps = await page(`__Host-scopegate=${one.value}`);
    expect([ofHttps.status, (ofHttps.body as ProblemBody).code]).toEqual([401, 'authentication_required']);
  });

  it('R99: ends with the logout, and the browser forgets it', async () => {
    const { api } = await logIn(url, admin);
    const answer = await api.delete('/session');
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()).toEqual(['scopegate=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0']);
    expect(refusalOf(await api.get('/me'))).toBe('401 session_expired');
    expect(refusalOf(await api.get('/session'))).toBe('401 session_expired');
  });

  it('R99: without a session, its routes have nothing to show, whatever else authenticates', async () => {
    for (const api of [server.as(null), server.admin]) {
      expectProblem(await api.get('/session'), 401, 'authentication_required');
      expectProblem(await api.delete('/session'), 401, 'authentication_required');
    }
  });

  it('R66, R99: a program with a cookie or a wrong password is told how to authenticate, and a page is not', async () => {
    const wrong = { username: 'admin', password: 'a wrong one' };
    const ended = { headers: { Cookie: `scopegate=sgb_${'0'.repeat(43)}` } };
    expectProblem(await server.as(null).get('/me', ended), 401, 'session_expired');
    expectProblem(await server.as(null).post('/session', wrong), 401, 'credential_invalid');
    // By plain http, browsers do not say that a script asks: the console does.
    const page = { 'X-Requested-With': 'XMLHttpRequest' };
    expect(refusalOf(await server.as(null).get('/me', { headers: { ...page, ...ended.headers } }))).toBe(
      '401 session_expired',
    );
    expect(refusalOf(await server.as(null).post('/session', wrong, { headers: page }))).toBe('401 credential_invalid');
    const opened = await server
      .as(null)
      .get('/audit-events/export', { headers: { ...ended.headers, Accept: 'text/html' } });
    expect(refusalOf(opened)).toBe('401 session_expired');
  });
});

describe('a request of another site', () => {
  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['another host of the site', { 'Sec-Fetch-Site': 'same-site' }],
    ['the address bar', { 'Sec-Fetch-Site': 'none' }],
    ['two pages at once', { 'Sec-Fetch-Site': 'same-origin, cross-site' }],
    ['another origin', { Origin: 'https://evil.example' }],
    ['a frame without an origin', { Origin: 'null' }],
    ['another port', { Origin: `http://127.0.0.1:${server.managementPort + 1}` }],
    ['the same host by https', { Origin: `https://127.0.0.1:${server.managementPort}` }],
  ])('R99: changes nothing with the cookie: %s', async (_name, lines) => {
    const { cookie } = await logIn(url, admin);
    const foreign = sessionOf(url, cookie).api;
    const plain = { ...without(OWN_PAGE), ...lines, Cookie: cookie };
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await fetch(`${url}/api/v1/groups`, {
        method: 'POST',
        headers: { ...plain, 'Content-Type': type },
        body: '{"name":"made-by-another-site"}',
      });
      expect([answer.status, ((await answer.json()) as ProblemBody).code]).toEqual([403, 'cross_origin_refused']);
    }
    const login = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      headers: { ...plain, 'Content-Type': 'text/plain' },
      body: JSON.stringify(admin),
    });
    expect([login.status, ((await login.json()) as ProblemBody).code]).toEqual([403, 'cross_origin_refused']);
    expect(login.headers.getSetCookie()).toEqual([]);
    expect(
      (await foreign.get<{ items: { name: string }[] }>('/groups')).body.items.map(({ name }) => name),
    ).not.toContain('made-by-another-site');
    expect((await fetch(`${url}/api/v1/me`, { headers: plain })).status).toBe(200);
  });

  it.each([
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin, cross-site', 403],
    ['none', 201],
    ['same-origin', 201],
  ])('R99: changes nothing with a password that the browser has kept: %s is %i', async (site, status) => {
    const name = `of-${site.replace(', ', '-')}`;
    const made = await server.admin.post('/groups', { name }, { headers: { 'Sec-Fetch-Site': site } });
    expect([made.status, (made.body as ProblemBody).code]).toEqual([
      status,
      status === 403 ? 'cross_origin_refused' : undefined,
    ]);
    expect((await server.admin.get('/me', { headers: { 'Sec-Fetch-Site': site } })).status).toBe(200);
    const { secret } = await server.createToken({ scope: 'read-write' });
    const byToken = { credential: { bearer: secret }, headers: { 'Sec-Fetch-Site': site } };
    expect((await server.admin.post('/groups', { name: `${name}-by-token` }, byToken)).status).toBe(201);
  });

  it('R99: without lines of a browser, the cookie changes nothing; with our own Origin it does', async () => {
    const { cookie } = await logIn(url, admin);
    const send = (lines: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`${url}/api/v1/groups`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Cookie: cookie, ...lines },
        body: '{"name":"made-by-our-own-page"}',
      });
    expect((await send({})).status).toBe(403);
    expect((await send({ Origin: `http://127.0.0.1:${server.managementPort}` })).status).toBe(201);
  });

  it('R99: a program without lines of a browser may log in, with JSON alone', async () => {
    const answer = await server.as(null).post('/session', admin);
    expect(answer.status).toBe(201);
    const form = await fetch(`${url}/api/v1/session`, { method: 'POST', body: JSON.stringify(admin) });
    expect(form.status).toBe(415);
  });
});

describe('a change that needs a recent login', () => {
  const clock = server.provider(Clock);
  const later = (minutes: number): void => {
    vi.spyOn(clock, 'nowMs').mockImplementation(() => Date.now() + minutes * 60_000);
  };
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['PATCH', '/settings', {}],
    ['PATCH', '/permissions', {}],
    ['POST', '/groups', { name: 'made-after-a-step-up' }],
    ['DELETE', '/users/nobody-has-this-name', undefined],
    ['DELETE', '/applications/none', undefined],
  ] as const)('R99: waits for the password after 15 minutes: %s %s', async (method, path, body) => {
    const { api, cookie } = await logIn(url, admin);
    const send = async (): Promise<[number, string | undefined]> => {
      const call = api[method.toLowerCase() as 'patch'];
      const answer = method === 'DELETE' ? await api.delete(path) : await call(path, body);
      return [answer.status, (answer.body as ProblemBody | undefined)?.code];
    };
    later(14);
    expect((await send())[1]).not.toBe('step_up_required');
    later(16);
    expect(await send()).toEqual([403, 'step_up_required']);
    // Reading, and what is one's own, stay free; so do programs.
    expect((await api.get('/settings')).status).toBe(200);
    expect((await server.admin.patch('/settings', {})).status).toBe(200);
    const wrong = await api.post('/session/step-up', { password: 'not the password' });
    expect(refusalOf(wrong)).toBe('401 credential_invalid');
    expect(await send()).toEqual([403, 'step_up_required']);
    expect((await api.post('/session/step-up', { password: admin.password })).status).toBe(204);
    expect((await send())[1]).not.toBe('step_up_required');
    expect((await sessionOf(url, cookie).api.get('/session')).status).toBe(200);
    if (path === '/groups') await server.admin.delete('/groups/made-after-a-step-up');
  });

  it('R99: a session ends after 30 minutes without use, and after 12 hours in all', async () => {
    const { api } = await logIn(url, admin);
    later(29);
    expect((await api.get('/me')).status).toBe(200);
    later(58);
    expect((await api.get('/session')).status).toBe(200);
    later(60);
    expect(refusalOf(await api.get('/me'))).toBe('401 session_expired');
    vi.restoreAllMocks();
    const { api: used } = await logIn(url, admin);
    for (let minutes = 20; minutes < 720; minutes += 20) {
      later(minutes);
      expect((await used.get('/me')).status, `${minutes}`).toBe(200);
    }
    later(720);
    expect(refusalOf(await used.get('/me'))).toBe('401 session_expired');
  });
});

describe('what ends the sessions of a user', () => {
  it('R99: another password, its own and one of an administrator, the deactivation, and the deletion', async () => {
    const user = await server.createUser();
    const path = `/users/${user.username}`;
    const other = { username: user.username, password: 'another good password' };
    const steps = [
      () =>
        server
          .as({ user: user.username, password: user.password })
          .post('/me/password', { current: user.password, new: other.password }),
      () => server.admin.patch(path, { password: user.password }),
      () => server.admin.patch(path, { active: false }),
      () => server.admin.delete(path),
    ];
    let password = user.password;
    for (const [index, step] of steps.entries()) {
      const { api } = await logIn(url, { ...user, password });
      expect((await api.get('/me')).status).toBe(200);
      expect([200, 204]).toContain((await step()).status);
      expect(refusalOf(await api.get('/me')), `${index}`).toBe('401 session_expired');
      password = index === 0 ? other.password : user.password;
      if (index === 2) {
        expect((await server.admin.patch(path, { active: true })).status).toBe(200);
        expect(refusalOf(await api.get('/me'))).toBe('401 session_expired');
      }
    }
  });

  it('R99: not another name, and not the twentieth login, but the twenty-first', async () => {
    const user = await server.createUser();
    const first = await logIn(url, user);
    const renamed = { ...user, username: `${user.username}-renamed` };
    const rename = await server.admin.post(`/users/${user.username}/rename`, { username: renamed.username });
    expect(rename.status).toBe(200);
    for (let count = 2; count <= 20; count += 1) await logIn(url, renamed);
    expect((await first.api.get<{ username: string }>('/me')).body.username).toBe(renamed.username);
    await logIn(url, renamed);
    expect(refusalOf(await first.api.get('/me'))).toBe('401 session_expired');
  });
});

/** fetch sends an empty line, where a browser would send none. */
function without(lines: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(lines).filter(([name]) => name !== 'Sec-Fetch-Site'));
}
