import { afterAll, expect } from 'vitest';
import { freePort } from './free-port.js';
import { shareServer } from './gateway-test.js';
import { OIDC_CLIENT, startOidcProvider, type OidcProvider, type OidcProviderOptions } from './oidc.provider.js';
import type { ScopegateFixture, TestEvent } from './scopegate.fixture.js';
import { createWebClient, type WebAnswer, type WebClient } from './web.client.js';

export const OIDC_PATH = '/api/v1/session/oidc';

/** Without https. */
export const LOGIN_COOKIE = 'scopegate-login';

export type OidcServer = { readonly server: ScopegateFixture; readonly publicUrl: string };

export function oidcEnvironment(publicUrl: string, issuer: string): Readonly<Record<string, string>> {
  return {
    PORT: new URL(publicUrl).port,
    SCOPEGATE_PUBLIC_URL: publicUrl,
    SCOPEGATE_OIDC_ISSUER: issuer,
    SCOPEGATE_OIDC_CLIENT_ID: OIDC_CLIENT.id,
    SCOPEGATE_OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
  };
}

/** A gateway whose people log in at a provider, until the tests of the file end. */
export async function shareOidcServer(
  providerAt: (publicUrl: string) => Promise<string>,
  env: Readonly<Record<string, string>> = {},
): Promise<OidcServer> {
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  const issuer = await providerAt(publicUrl);
  const server = await shareServer({ env: { ...oidcEnvironment(publicUrl, issuer), ...env } });
  return { server, publicUrl };
}

/** The same with the real provider. */
export async function shareOidcProvider(
  env: Readonly<Record<string, string>> = {},
  options: Omit<OidcProviderOptions, 'publicUrl'> = {},
): Promise<OidcServer & { readonly provider: OidcProvider }> {
  let provider: OidcProvider | undefined;
  afterAll(() => provider?.stop());
  const shared = await shareOidcServer(async (publicUrl) => {
    provider = await startOidcProvider({ publicUrl, ...options });
    return provider.issuer;
  }, env);
  if (provider === undefined) throw new Error('The provider has not started.');
  return { ...shared, provider };
}

/** Types the name of an account into the provider's page. @returns the redirection to the callback, not yet followed */
export async function logInAtProvider(web: WebClient, begin: string, account: string): Promise<WebAnswer> {
  const page = await web.follow(await web.get(begin));
  expect(page.text).toContain('name="login"');
  return web.follow(await web.post(page.url, { login: account }), isCallback);
}

/** The whole login. @returns the answer of the callback, and the browser */
export async function logIn(
  begin: string,
  account: string,
  web = createWebClient(),
): Promise<{ readonly web: WebClient; readonly answer: WebAnswer; readonly callback: string }> {
  const { location } = await logInAtProvider(web, begin, account);
  const callback = location ?? '';
  return { web, callback, answer: await web.get(callback) };
}

export function isCallback(url: string): boolean {
  return new URL(url).pathname === `${OIDC_PATH}/callback`;
}

/** The event of a request, by the id in its answer. */
export async function eventOf(server: ScopegateFixture, { headers }: WebAnswer): Promise<TestEvent | undefined> {
  const requestId = headers.get('x-request-id');
  const events = await server.events({});
  return events.find((event) => event.requestId === requestId && event.outcome !== 'changed');
}

/** Nobody is logged in, the browser learns a code of our own, and the audit log the reason. */
export async function expectRefused(
  { server, publicUrl }: OidcServer,
  answer: WebAnswer,
  code: string,
  reason: string,
): Promise<void> {
  expect(answer.location).toBe(`${publicUrl}/console/login?problem=${code}`);
  expect(answer.status).toBe(302);
  expect(answer.setCookies.filter((cookie) => !cookie.startsWith(`${LOGIN_COOKIE}=;`))).toEqual([]);
  const event = await eventOf(server, answer);
  expect(event).toMatchObject({ type: 'login.failed', outcome: 'failed', code, detail: { login: 'oidc', reason } });
}
