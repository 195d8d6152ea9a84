import { createHash } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import { startLyingProvider, type Lie } from '../support/lying-provider.js';
import { eventOf, expectRefused, LOGIN_COOKIE, OIDC_PATH, shareOidcServer } from '../support/oidc-test.js';
import { OIDC_CLIENT } from '../support/oidc.provider.js';
import { createWebClient, type WebAnswer, type WebClient } from '../support/web.client.js';

const provider = await startLyingProvider();
afterAll(() => provider.stop());
const shared = await shareOidcServer(() => Promise.resolve(provider.issuer), {
  SCOPEGATE_OIDC_GROUPS_CLAIM: 'groups',
});
const { server, publicUrl } = shared;
await server.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
const user = await server.createUser();

const BEGIN = publicUrl + OIDC_PATH;
const CALLBACK = `${BEGIN}/callback`;

type Begun = { readonly web: WebClient; readonly state: string; readonly nonce: string; readonly challenge: string };

let browsers = 0;

/** Each has an address of its own, so that no failure is counted together with those of other tests. */
function newBrowser(): WebClient {
  browsers += 1;
  return createWebClient({ 'X-Forwarded-For': `10.1.${browsers >> 8}.${browsers & 255}` });
}

async function begin(web = newBrowser(), address = BEGIN): Promise<Begun> {
  const { location } = await web.get(address);
  const query = new URL(location ?? '').searchParams;
  const of = (name: string): string => query.get(name) ?? '';
  return { web, state: of('state'), nonce: of('nonce'), challenge: of('code_challenge') };
}

/** The honest answer of the provider, but for what is given; null leaves a parameter out. */
function callback({ state }: Begun, more: Readonly<Record<string, string | null>> = {}): string {
  const all = { code: 'a-code', state, iss: provider.issuer, ...more };
  const given = Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null);
  return `${CALLBACK}?${new URLSearchParams(given).toString()}`;
}

/** What the provider says of the user, but for what is given. */
function tell({ nonce }: Begun, { claims, ...lie }: Lie = {}): void {
  provider.lie = { ...lie, claims: { preferred_username: user.username, nonce, ...claims } };
}

const expectRefusal = (answer: WebAnswer, code: string, reason: string): Promise<void> =>
  expectRefused(shared, answer, code, reason);

function expectLoggedIn(answer: WebAnswer): void {
  expect(answer.location).toBe(`${publicUrl}/console`);
  expect(answer.setCookies.join('\n')).toMatch(/^scopegate=[^;]+;.*HttpOnly.*SameSite=Strict/m);
}

beforeEach(() => {
  provider.lie = {};
  provider.redeemed.length = 0;
});

describe('the answer of an honest provider', () => {
  it('R96: logs in, with PKCE and the secret of the client', async () => {
    const begun = await begin();
    tell(begun);
    expectLoggedIn(await begun.web.get(callback(begun)));
    const [{ form, authorization } = { form: new URLSearchParams(), authorization: '' }] = provider.redeemed;
    const verifier = form.get('code_verifier') ?? '';
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(begun.challenge);
    expect(form.get('redirect_uri')).toBe(CALLBACK);
    expect(form.has('client_secret')).toBe(false);
    const [id, secret] = Buffer.from((authorization ?? '').replace('Basic ', ''), 'base64')
      .toString()
      .split(':');
    // RFC 6749 2.3.1: as in a form.
    expect(new URLSearchParams(`id=${id}&secret=${secret}`).get('secret')).toBe(OIDC_CLIENT.secret);
  });
});

describe('a lie of the provider, or of whoever speaks for it', () => {
  it.each<[string, Lie, string]>([
    ['is for another client', { claims: { aud: 'another-client' } }, 'jwt_claim_comparison_failed: aud'],
    [
      'is for another client, too',
      { claims: { aud: [OIDC_CLIENT.id, 'another'], azp: 'another' } },
      'jwt_claim_comparison_failed: azp',
    ],
    ['comes from another issuer', { claims: { iss: 'https://other.example' } }, 'jwt_claim_comparison_failed: iss'],
    ['belongs to another login', { claims: { nonce: 'another' } }, 'jwt_claim_comparison_failed: nonce'],
    ['belongs to no login', { claims: { nonce: null } }, 'invalid_response'],
    ['has expired', { claims: { exp: 1_700_000_000 } }, 'jwt_timestamp_check_failed: exp'],
    ['never expires', { claims: { exp: null } }, 'invalid_response'],
    ['is about nobody', { claims: { sub: null } }, 'invalid_response'],
    ['is signed by another key', { signature: 'other-key' }, 'invalid_response'],
    ['is not signed', { signature: 'none' }, 'unsupported_operation'],
    ['is signed with the secret of the client', { signature: 'client-secret' }, 'unsupported_operation'],
    ['has a broken signature', { signature: 'broken' }, 'invalid_response'],
  ])('R96: an ID token that %s logs nobody in', async (_name, lie, reason) => {
    const begun = await begin();
    tell(begun, lie);
    await expectRefusal(await begun.web.get(callback(begun)), 'oidc_answer_invalid', reason);
  });

  it.each<[string, NonNullable<Lie['token']>, string, string]>([
    [
      'no ID token',
      { status: 200, body: '{"access_token":"a","token_type":"Bearer"}' },
      'oidc_answer_invalid',
      'invalid_response',
    ],
    ['no JSON', { status: 200, body: '<p>', type: 'text/html' }, 'oidc_unavailable', 'response_is_not_json'],
    ['a failure', { status: 500, body: 'no' }, 'oidc_unavailable', 'response_is_not_conform'],
    ['an expired code', { status: 400, body: '{"error":"invalid_grant"}' }, 'oidc_login_lost', 'invalid_grant'],
    ['a wrong secret', { status: 400, body: '{"error":"invalid_client"}' }, 'oidc_unavailable', 'invalid_client'],
    ['a text as its error', { status: 400, body: '{"error":"<b>x</b>"}' }, 'oidc_answer_invalid', 'error'],
    ['two megabytes', { status: 200, body: `{"a":"${'x'.repeat(2_000_000)}"}` }, 'oidc_unavailable', 'connection'],
  ])('R96: a token endpoint that answers with %s logs nobody in', async (_name, token, code, reason) => {
    const begun = await begin();
    tell(begun, { token });
    await expectRefusal(await begun.web.get(callback(begun)), code, reason);
  });

  it('R96: names and groups in another form are refused', async () => {
    const nameless = await begin();
    tell(nameless, { claims: { preferred_username: [user.username], email: `${user.username}@example.com` } });
    await expectRefusal(await nameless.web.get(callback(nameless)), 'oidc_user_refused', 'claim');
    const odd = await begin();
    tell(odd, { claims: { groups: { administrators: true } } });
    await expectRefusal(await odd.web.get(callback(odd)), 'oidc_answer_invalid', 'groups');
  });
});

describe('an answer that belongs to no login of this browser', () => {
  it('R96: a foreign state logs nobody in, asks nobody, and does not end the login that is under way', async () => {
    const victim = await begin();
    const attacker = await begin();
    tell(attacker);
    await expectRefusal(await victim.web.get(callback(attacker)), 'oidc_login_lost', 'state');
    expect(provider.redeemed).toEqual([]);
    tell(victim);
    expectLoggedIn(await victim.web.get(callback(victim)));
  });

  it('R96: a browser without the cookie is not logged in by the link of an attacker', async () => {
    const attacker = await begin();
    tell(attacker);
    await expectRefusal(await newBrowser().get(callback(attacker)), 'oidc_login_lost', 'no_cookie');
    expect(provider.redeemed).toEqual([]);
  });

  it.each<[string, string | null]>([
    ['of no login', 'v2.1.AAAA'],
    ['that is no sealed value', '{"state":"x"}'],
    ['that is empty', ''],
    ['that is long', 'x'.repeat(4_000)],
  ])('R96: a cookie %s counts as none', async (_name, value) => {
    const begun = await begin();
    const cookie = begun.web.cookie(publicUrl, LOGIN_COOKIE) ?? '';
    for (const forged of [value ?? '', `${cookie.slice(0, -2)}AA`]) {
      begun.web.setCookie(publicUrl, LOGIN_COOKIE, forged, `${OIDC_PATH}/callback`);
      await expectRefusal(await begun.web.get(callback(begun)), 'oidc_login_lost', 'cookie');
    }
    expect(provider.redeemed).toEqual([]);
  });

  it('R96: a second cookie of the same name, as a neighbouring host can set it, is refused', async () => {
    const begun = await begin();
    const attacker = await begin();
    tell(begun);
    begun.web.setCookie(publicUrl, LOGIN_COOKIE, attacker.web.cookie(publicUrl, LOGIN_COOKIE) ?? '', '/api');
    await expectRefusal(await begun.web.get(callback(begun)), 'oidc_login_lost', 'cookies');
  });

  it('R96: two states, a missing one, two codes and two issuers are refused', async () => {
    for (const [more, code, reason] of [
      ['&state=other', 'oidc_login_lost', 'state'],
      ['&code=other', 'oidc_answer_invalid', 'invalid_response'],
      ['&iss=https%3A%2F%2Fother.example', 'oidc_answer_invalid', 'invalid_response'],
    ] as const) {
      const begun = await begin();
      tell(begun);
      await expectRefusal(await begun.web.get(callback(begun) + more), code, reason);
    }
    const begun = await begin();
    await expectRefusal(await begun.web.get(callback(begun, { state: null })), 'oidc_login_lost', 'state');
  });

  it('R96: an answer of another issuer, or of none, is a mix-up (RFC 9207)', async () => {
    for (const iss of ['https://other.example', `${provider.issuer}/`, '', null]) {
      const begun = await begin();
      tell(begun);
      await expectRefusal(await begun.web.get(callback(begun, { iss })), 'oidc_answer_invalid', 'invalid_response');
    }
    expect(provider.redeemed).toEqual([]);
  });

  it('R96: tokens in the address are refused', async () => {
    const begun = await begin();
    tell(begun);
    const answer = await begun.web.get(callback(begun, { id_token: 'a.b.c' }));
    await expectRefusal(answer, 'oidc_answer_invalid', 'unsupported_operation');
  });

  it.each([
    ['access_denied', 'oidc_login_denied', 'access_denied'],
    ['login_required', 'oidc_login_denied', 'login_required'],
    ['temporarily_unavailable', 'oidc_unavailable', 'temporarily_unavailable'],
    ['invalid_scope', 'oidc_answer_invalid', 'invalid_scope'],
    ['<script>alert(1)</script>', 'oidc_answer_invalid', 'error'],
  ])('R96: the error %s is told by a code of ours', async (error, code, reason) => {
    const begun = await begin();
    const answer = await begun.web.get(callback(begun, { code: null, error, error_description: 'Call 0900 12345' }));
    await expectRefusal(answer, code, reason);
    const { location, setCookies, text } = answer;
    expect(JSON.stringify({ location, setCookies, text })).not.toMatch(/0900 12345|%3Cscript|<script/);
    expect(JSON.stringify(await eventOf(server, answer))).not.toMatch(/0900 12345|script>/);
  });
});

describe('a login that is too old', () => {
  it('R96: is refused after ten minutes, and nobody is asked', async () => {
    const begun = await begin();
    tell(begun);
    const later = vi.spyOn(server.provider(Clock), 'nowMs').mockReturnValue(Date.now() + 600_000);
    const answer = await begun.web.get(callback(begun));
    later.mockRestore();
    await expectRefusal(answer, 'oidc_login_lost', 'expired');
    expect(provider.redeemed).toEqual([]);
  });

  it('R96: confirms no step-up: the user must have logged in since it began', async () => {
    const first = await begin();
    tell(first);
    expectLoggedIn(await first.web.get(callback(first)));
    const stepUp = `${BEGIN}?stepUp=true`;
    const now = Math.floor(Date.now() / 1_000);
    const stale = await begin(first.web, stepUp);
    tell(stale, { claims: { auth_time: now - 120 } });
    const answer = await stale.web.get(callback(stale));
    await expectRefusal(answer, 'oidc_step_up_refused', 'jwt_timestamp_check_failed: auth_time');
    const silent = await begin(first.web, stepUp);
    tell(silent);
    await expectRefusal(await silent.web.get(callback(silent)), 'oidc_answer_invalid', 'invalid_response');
    const fresh = await begin(first.web, stepUp);
    tell(fresh, { claims: { auth_time: Math.floor(Date.now() / 1_000) } });
    expect((await fresh.web.get(callback(fresh))).location).toBe(`${publicUrl}/console`);
  });
});

describe('a login that is used twice', () => {
  it('R96: is refused, although this provider takes its code again', async () => {
    const begun = await begin();
    const cookie = begun.web.cookie(publicUrl, LOGIN_COOKIE) ?? '';
    tell(begun);
    const first = await begun.web.get(callback(begun));
    expectLoggedIn(first);
    expect(begun.web.cookie(publicUrl, LOGIN_COOKIE)).toBeUndefined();
    await expectRefusal(await begun.web.get(callback(begun)), 'oidc_login_lost', 'no_cookie');

    const thief = newBrowser();
    thief.setCookie(publicUrl, LOGIN_COOKIE, cookie, `${OIDC_PATH}/callback`);
    await expectRefusal(await thief.get(callback(begun)), 'oidc_login_lost', 'replayed');
    expect(provider.redeemed).toHaveLength(2);
  });

  it('R96: logs in once, if both come at the same time', async () => {
    const begun = await begin();
    const cookie = begun.web.cookie(publicUrl, LOGIN_COOKIE) ?? '';
    tell(begun);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => {
        const web = newBrowser();
        web.setCookie(publicUrl, LOGIN_COOKIE, cookie, `${OIDC_PATH}/callback`);
        return web.get(callback(begun));
      }),
    );
    const places = answers.map(({ location }) => location?.slice(publicUrl.length)).sort();
    expect(places).toEqual(['/console', ...Array<string>(3).fill('/console/login?problem=oidc_login_lost')]);
  });

  it('R96: is not used up by a program that only looks whether the page is there', async () => {
    const begun = await begin();
    tell(begun);
    const cookie = begun.web.cookie(publicUrl, LOGIN_COOKIE) ?? '';
    const headers = { Cookie: `${LOGIN_COOKIE}=${cookie}` };
    const head = await fetch(callback(begun), { method: 'HEAD', redirect: 'manual', headers });
    expect(head.status).toBe(405);
    expect(provider.redeemed).toEqual([]);
    expectLoggedIn(await begun.web.get(callback(begun)));
  });
});

describe('many failures', () => {
  it('R96, R51: of one address are refused before the provider is asked, and foreign links keep nobody out', async () => {
    await server.patchSettings({ throttling: { maxFailures: 1, windowSeconds: 3_600 } });
    const link = `${CALLBACK}?code=a&state=b`;
    const web = newBrowser();
    for (let count = 0; count < 5; count += 1) expect((await web.get(link)).location).toContain('oidc_login_lost');
    await expectRefusal(await web.get(link), 'too_many_failures', 'throttle');
    const right = await begin(web);
    tell(right);
    expectLoggedIn(await web.get(callback(right)));

    for (let count = 0; count < 5; count += 1) {
      const begun = await begin(web);
      tell(begun, { claims: { nonce: 'another' } });
      expect((await web.get(callback(begun))).location).toContain('oidc_answer_invalid');
    }
    const late = await begin(web);
    tell(late);
    provider.redeemed.length = 0;
    await expectRefusal(await web.get(callback(late)), 'too_many_failures', 'throttle');
    expect(provider.redeemed).toEqual([]);
    // Another address has failed in nothing, and passwords are counted apart.
    const elsewhere = await begin();
    tell(elsewhere);
    expectLoggedIn(await elsewhere.web.get(callback(elsewhere)));
    const headers = { 'X-Forwarded-For': `10.1.${(browsers - 1) >> 8}.${(browsers - 1) & 255}` };
    const login = server.as({ user: user.username, password: user.password });
    expect((await login.get('/me', { headers })).status).toBe(200);
  });
});
