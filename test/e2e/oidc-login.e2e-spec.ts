import { beforeEach, describe, expect, it } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { GroupEntity } from '../../src/directory/group.entity.js';
import { isBrowserAvailable, startBrowser } from '../support/browser.js';
import { startForeignSite } from '../support/foreign-site.server.js';
import {
  eventOf,
  expectRefused,
  LOGIN_COOKIE,
  logIn,
  logInAtProvider,
  OIDC_PATH,
  shareOidcProvider,
} from '../support/oidc-test.js';
import { createWebClient, type WebAnswer, type WebClient } from '../support/web.client.js';

const shared = await shareOidcProvider({ SCOPEGATE_OIDC_GROUPS_CLAIM: 'groups' });
const { server, publicUrl, provider } = shared;
const BEGIN = publicUrl + OIDC_PATH;
const SESSION = `${publicUrl}/api/v1/session`;

/** An account at the provider for a user here. @returns the user's name */
async function addAccount(
  account: string,
  claims: Readonly<Record<string, unknown>> = {},
  user: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { username } = await server.createUser(user);
  provider.accounts.set(account, { preferred_username: username, ...claims });
  return username;
}

async function groupsOf(username: string): Promise<readonly string[]> {
  return (await server.admin.get<{ readonly groups: readonly string[] }>(`/users/${username}`)).body.groups;
}

/** Who the browser is logged in as. */
async function sessionOf(web: WebClient): Promise<Record<string, unknown> & { readonly status: number }> {
  const { status, text } = await web.get(SESSION);
  return { ...(JSON.parse(text) as Record<string, unknown>), status };
}

function expectLoggedIn(answer: WebAnswer, place = '/console'): void {
  expect(answer.location).toBe(publicUrl + place);
  expect(answer.status).toBe(302);
}

describe('a login at the provider', () => {
  it('R96: is offered to the login page, with the name of the provider', async () => {
    const methods = await server.as(null).get('/session/methods');
    const { host } = new URL(provider.issuer);
    expect(methods.body).toEqual({ password: true, oidc: true, oidcLabel: host });
  });

  it('R96: begins with code, PKCE, state and nonce, and a cookie for the callback alone', async () => {
    const answer = await createWebClient().get(`${BEGIN}?returnTo=%2Fconsole%2Ftokens`);
    expect(answer.status).toBe(302);
    const url = new URL(answer.location ?? '');
    expect(url.origin + url.pathname).toBe(`${provider.issuer}/auth`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'scopegate',
      redirect_uri: `${BEGIN}/callback`,
      response_type: 'code',
      scope: 'openid profile groups',
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    });
    expect(answer.setCookies).toEqual([
      expect.stringMatching(
        /^scopegate-login=v2\.\d+\.[\w-]+; Path=\/api\/v1\/session\/oidc\/callback; Max-Age=600; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    // Neither can be read, nor is one in the other.
    const cookie = answer.setCookies.join('');
    for (const name of ['state', 'nonce']) expect(cookie).not.toContain(url.searchParams.get(name));
  });

  it('R96, R44: leads to the console with a session of the user, compared without case', async () => {
    const username = await addAccount('upper');
    provider.accounts.set('upper', { preferred_username: username.toUpperCase() });
    const { web, answer } = await logIn(`${BEGIN}?returnTo=/console/tokens?tab=1`, 'upper');
    expectLoggedIn(answer, '/console/tokens?tab=1');
    expect(answer.setCookies).toEqual([
      expect.stringMatching(/^scopegate-login=; .*Max-Age=0/),
      expect.stringMatching(/^scopegate=[^;]+; Path=\/; HttpOnly; SameSite=Strict$/),
    ]);
    expect(await sessionOf(web)).toMatchObject({ status: 200, username });
    const event = await eventOf(server, answer);
    expect(event).toMatchObject({
      type: 'login.succeeded',
      outcome: 'allowed',
      actor: username,
      path: `${OIDC_PATH}/callback`,
      detail: { login: 'oidc' },
    });
  });

  it('R99: ends the session before, although the page of the provider leads back without its cookie', async () => {
    await addAccount('before');
    const next = await addAccount('after');
    const { web } = await logIn(BEGIN, 'before');
    const before = `scopegate=${web.cookie(publicUrl, 'scopegate')}`;
    const status = async (cookie: string): Promise<number> =>
      (await fetch(SESSION, { headers: { Cookie: cookie } })).status;
    expect(await status(before)).toBe(200);
    web.forget(provider.issuer);
    const { location } = await logInAtProvider(web, BEGIN, 'after');
    const answer = await fetch(location ?? '', {
      redirect: 'manual',
      headers: { Cookie: `${LOGIN_COOKIE}=${web.cookie(publicUrl, LOGIN_COOKIE)}` },
    });
    const opened = answer.headers.getSetCookie().find((cookie) => cookie.startsWith('scopegate=')) ?? '';
    const session = await fetch(SESSION, { headers: { Cookie: opened.split(';', 1)[0] ?? '' } });
    expect([session.status, await session.json()]).toEqual([200, expect.objectContaining({ username: next })]);
    expect(await status(before)).toBe(401);
  });

  it('R96: every login has its own state, and a second one replaces the first', async () => {
    await addAccount('twice');
    const web = createWebClient();
    const first = await logInAtProvider(web, BEGIN, 'twice');
    const second = await web.follow(await web.get(BEGIN), (url) => url.includes('/callback'));
    await expectRefused(shared, await web.get(first.location ?? ''), 'oidc_login_lost', 'state');
    expectLoggedIn(await web.get(second.location ?? ''));
  });

  it.each([
    'https://evil.example/',
    '//evil.example/console',
    '/console/../api/v1/me',
    '/\\evil.example',
    '/',
    '/console%0d%0aSet-Cookie:a=b',
  ])('R96: is refused where it would lead to %s', async (returnTo) => {
    const answer = await createWebClient().get(`${BEGIN}?returnTo=${encodeURIComponent(returnTo)}`);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'validation_failed' });
    expect(answer.location).toBeNull();
    expect(answer.setCookies).toEqual([]);
  });

  it('R96: a name that nobody has here, and that of an inactive user, have the same answer, and nobody is made', async () => {
    const inactive = await addAccount('inactive', {}, { active: false });
    provider.accounts.set('stranger', { preferred_username: 'stranger', email: 'admin@example.com' });
    const users = (await server.admin.get('/users?limit=200')).body;
    for (const [account, reason] of [
      ['inactive', 'inactive'],
      ['stranger', 'unknown'],
    ] as const) {
      const { web, answer } = await logIn(BEGIN, account);
      await expectRefused(shared, answer, 'oidc_user_refused', reason);
      expect(await eventOf(server, answer)).toMatchObject({ actor: account === 'inactive' ? inactive : 'stranger' });
      expect((await sessionOf(web)).status).toBe(401);
    }
    expect((await server.admin.get('/users?limit=200')).body).toEqual(users);
  });

  it('R96: one that the user cancels leads back to the login page', async () => {
    const web = createWebClient();
    const page = await web.follow(await web.get(BEGIN));
    const { location } = await web.follow(await web.post(page.url, { abort: '1' }), (url) => url.includes('/callback'));
    await expectRefused(shared, await web.get(location ?? ''), 'oidc_login_denied', 'access_denied');
  });

  it('R96: one that is used again is refused, with its cookie, too', async () => {
    await addAccount('again');
    const web = createWebClient();
    const { location } = await logInAtProvider(web, BEGIN, 'again');
    const cookie = web.cookie(publicUrl, LOGIN_COOKIE) ?? '';
    expectLoggedIn(await web.get(location ?? ''));
    const thief = createWebClient();
    thief.setCookie(publicUrl, LOGIN_COOKIE, cookie, `${OIDC_PATH}/callback`);
    // This provider redeems a code once.
    await expectRefused(shared, await thief.get(location ?? ''), 'oidc_login_lost', 'invalid_grant');
  });
});

describe('the groups of the claim', () => {
  beforeEach(() => server.patchSettings({ throttling: { maxFailures: 0 } }));

  it('R96: are the groups of the user from then on, as an event of the provider', async () => {
    const [one, two, three] = [await server.createGroup(), await server.createGroup(), await server.createGroup()];
    const username = await addAccount('grouped', { groups: [two, three, 'nowhere', two] }, { groups: [one, two] });
    const { answer } = await logIn(BEGIN, 'grouped');
    expectLoggedIn(answer);
    expect(await groupsOf(username)).toEqual([two, three].sort());
    const [event] = await server.events({ type: 'user.changed' });
    expect(event).toMatchObject({
      actor: 'oidc',
      clientIp: '127.0.0.1',
      detail: { subject: username, changes: { groups: { before: [one, two].sort(), after: [two, three].sort() } } },
    });

    provider.accounts.set('grouped', { preferred_username: username });
    expectLoggedIn((await logIn(BEGIN, 'grouped')).answer);
    expect(await groupsOf(username)).toEqual([]);

    const count = (await server.events({ type: 'user.changed' })).length;
    expectLoggedIn((await logIn(BEGIN, 'grouped')).answer);
    expect(await server.events({ type: 'user.changed' })).toHaveLength(count);
  });

  it('R96: leave alone the groups that come from a directory', async () => {
    const [own, other, local] = [await server.createGroup(), await server.createGroup(), await server.createGroup()];
    const username = await addAccount('listed', { groups: [other, local] }, { groups: [own] });
    await server
      .provider(UnitOfWork)
      .run(({ manager }) => manager.update(GroupEntity, [own, other], { directory: 'company' }));
    expectLoggedIn((await logIn(BEGIN, 'listed')).answer);
    expect(await groupsOf(username)).toEqual([local, own].sort());
  });

  it('R96: make an administrator, and end it; the last one stays', async () => {
    const username = await addAccount('chief', { groups: ['administrators'] });
    const { web, answer } = await logIn(BEGIN, 'chief');
    expectLoggedIn(answer);
    expect((await web.get(`${publicUrl}/api/v1/users`)).status).toBe(200);

    provider.accounts.set('chief', { preferred_username: username, groups: [] });
    expectLoggedIn((await logIn(BEGIN, 'chief')).answer);
    expect((await web.get(`${publicUrl}/api/v1/users`)).status).toBe(403);

    provider.accounts.set('last', { preferred_username: 'admin', groups: [] });
    expectLoggedIn((await logIn(BEGIN, 'last')).answer);
    expect(await groupsOf('admin')).toEqual(['administrators']);
  });
});

describe('a step-up at the provider', () => {
  it('R96, R99: asks for a new login of the same user, and keeps the session', async () => {
    const username = await addAccount('careful');
    const { web } = await logIn(BEGIN, 'careful');
    const before = web.cookie(publicUrl, 'scopegate');
    const { location } = await web.get(`${BEGIN}?stepUp=true&returnTo=/console/settings`);
    const query = new URL(location ?? '').searchParams;
    expect([query.get('prompt'), query.get('max_age')]).toEqual(['login', '0']);

    const { answer } = await logIn(`${BEGIN}?stepUp=true&returnTo=/console/settings`, 'careful', web);
    expectLoggedIn(answer, '/console/settings');
    expect(web.cookie(publicUrl, 'scopegate')).toBe(before);
    expect(await sessionOf(web)).toMatchObject({ status: 200, username });
  });

  it('R96: of another user confirms nothing', async () => {
    const username = await addAccount('first');
    await addAccount('second');
    const { web } = await logIn(BEGIN, 'first');
    web.forget(provider.issuer);
    const { answer } = await logIn(`${BEGIN}?stepUp=true`, 'second', web);
    await expectRefused(shared, answer, 'oidc_step_up_refused', 'user');
    expect(await sessionOf(web)).toMatchObject({ status: 200, username });
  });

  it('R96: needs a session', async () => {
    const answer = await createWebClient().get(`${BEGIN}?stepUp=true`);
    expect(answer.location).toBe(`${publicUrl}/console/login?problem=oidc_login_lost`);
    expect(answer.setCookies).toEqual([]);
  });
});

describe('the end of a session', () => {
  it('R96, R99: is a logout here, and the session names the address of the logout at the provider', async () => {
    await addAccount('leaving');
    const { web } = await logIn(BEGIN, 'leaving');
    const { logoutUrl } = await sessionOf(web);
    const url = new URL(String(logoutUrl));
    expect(url.origin + url.pathname).toBe(`${provider.issuer}/session/end`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'scopegate',
      post_logout_redirect_uri: `${publicUrl}/console/login`,
    });
    const cookie = web.cookie(publicUrl, 'scopegate') ?? '';
    const ended = await fetch(SESSION, {
      method: 'DELETE',
      headers: { Cookie: `scopegate=${cookie}`, Origin: publicUrl },
    });
    expect(ended.status).toBe(204);
    expect((await sessionOf(web)).status).toBe(401);
    // The provider takes the address, and asks.
    expect((await web.get(url.href)).status).toBe(200);
  });
});

describe.skipIf(!isBrowserAvailable())('in Chromium', () => {
  it('R96, R99: the session is there after the provider has led back, although its cookie is strict', async () => {
    const username = await addAccount('human');
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(BEGIN);
      await page.fill('input[name=login]', 'human');
      await page.click('button');
      await page.waitForURL(`${publicUrl}/console**`);
      const session = await page.evaluate(async () => {
        const answer = await fetch('/api/v1/session');
        return (await answer.json()) as { readonly username?: string };
      });
      expect(session.username).toBe(username);
      const cookies = await browser.context.cookies(publicUrl);
      expect(cookies.filter(({ name }) => name === 'scopegate')).toMatchObject([
        { httpOnly: true, sameSite: 'Strict', path: '/' },
      ]);
    } finally {
      await browser.stop();
    }
  });

  it('R96, R99: a page of another origin brings nobody into another account, and ends no session', async () => {
    const username = await addAccount('victim');
    await addAccount('attacker');
    const { location } = await logInAtProvider(createWebClient(), BEGIN, 'attacker');
    const foreign = await startForeignSite();
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(BEGIN);
      await page.fill('input[name=login]', 'victim');
      await page.click('button');
      await page.waitForURL(`${publicUrl}/console**`);
      const who = (): Promise<unknown> =>
        page.evaluate<unknown>(
          "fetch('/api/v1/session').then((answer) => answer.json()).then((body) => body.username)",
        );

      const other = await browser.newPage();
      await other.goto(`http://127.0.0.1:${foreign.port}/`);
      // The answer of the provider to the attacker's own login, as a picture and as a link.
      await other.evaluate(`new Promise((resolve) => {
        const image = new Image();
        image.onerror = image.onload = resolve;
        image.src = ${JSON.stringify(location)};
      })`);
      expect(await who()).toBe(username);
      await other.evaluate(`location.href = ${JSON.stringify(location)}`);
      await other.waitForURL(`${publicUrl}/console/login?problem=oidc_login_lost`);
      expect(await who()).toBe(username);

      // A login that the page begins ends in the account that the user has at the provider.
      await other.goto(`http://127.0.0.1:${foreign.port}/`);
      await other.evaluate(`location.href = ${JSON.stringify(BEGIN)}`);
      await other.waitForURL((url) => url.origin !== `http://127.0.0.1:${foreign.port}`);
      expect(await who()).toBe(username);
    } finally {
      await browser.stop();
      await foreign.stop();
    }
  });
});
