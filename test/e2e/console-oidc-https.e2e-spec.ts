import type { Cookie, Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { certificateMaker } from '../support/certificates.js';
import { expectAccessible, shareConsole, takeScreenshot, type ConsoleFixture } from '../support/console.browser.js';
import { freePort } from '../support/free-port.js';
import { isNginxAvailable, startUpgradingNginx } from '../support/nginx.upstream.js';
import { oidcEnvironment } from '../support/oidc-test.js';
import { startOidcProvider, type OidcProvider } from '../support/oidc.provider.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

interface SecureConsole extends ConsoleFixture {
  readonly publicUrl: string;
  readonly provider: OidcProvider;
}

/** A gateway behind an nginx with https, whose people log in at the real provider. */
async function shareSecureConsole(): Promise<SecureConsole> {
  const port = await freePort();
  const folder = createTemporaryFolder('console-tls');
  const certificate = certificateMaker(folder.path).certificate(null, 'IP:127.0.0.1');
  const nginx = await startUpgradingNginx(port, certificate);
  const publicUrl = `https://127.0.0.1:${nginx.port}`;
  const provider = await startOidcProvider({ publicUrl });
  afterAll(async () => {
    await provider.stop();
    await nginx.stop();
    await folder.remove();
  });
  const env = { ...oidcEnvironment(publicUrl, provider.issuer), PORT: String(port) };
  return { ...(await shareConsole({ env })), publicUrl, provider };
}

describe.runIf(isBrowserAvailable() && isNginxAvailable())('a login at the provider, in the console', async () => {
  const { server, visit, publicUrl, provider } = await shareSecureConsole();
  const atProvider = `Log in with ${new URL(provider.issuer).host}`;
  const visitSecurely = (path: string): Promise<Page> => visit(path, { url: publicUrl, otherOrigin: provider.issuer });
  const addAdministrator = async (account: string): Promise<string> => {
    const { username } = await server.createUser({ groups: ['administrators'] });
    provider.accounts.set(account, { preferred_username: username });
    return username;
  };
  const cookieOf = async (page: Page, name: string): Promise<Cookie | undefined> =>
    (await page.context().cookies()).find((cookie) => cookie.name === name);
  const logInAtProvider = async (page: Page, account: string): Promise<void> => {
    await page.locator('input[name=login]').fill(account);
    await page.getByRole('button', { name: 'Log in' }).click();
  };
  const logIn = async (page: Page, account: string): Promise<void> => {
    await page.getByRole('link', { name: atProvider }).click();
    await logInAtProvider(page, account);
    await page.locator('#navigation').waitFor({ state: 'attached' });
  };
  it('R96, R99: over https, the cookies of login and session are those that only this host can set', async () => {
    await addAdministrator('secure');
    const page = await visitSecurely('/requests');
    await page.getByRole('link', { name: atProvider }).click();
    await page.locator('input[name=login]').waitFor();
    expect(await cookieOf(page, '__Secure-scopegate-login')).toMatchObject({
      secure: true,
      httpOnly: true,
      sameSite: 'Lax',
      path: '/api/v1/session/oidc/callback',
    });
    await logInAtProvider(page, 'secure');
    await page.getByRole('heading', { name: 'My requests', level: 1 }).waitFor();
    expect(await cookieOf(page, '__Host-scopegate')).toMatchObject({
      secure: true,
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      domain: '127.0.0.1',
    });
    const names = (await page.context().cookies(publicUrl)).map(({ name }) => name);
    expect(names.filter((name) => name.includes('scopegate'))).toEqual(['__Host-scopegate']);
    expect(await page.evaluate<string>('document.cookie')).toBe('');
  });

  it('R96, R99: after the log-out here, the way to the log-out at the provider is shown', async () => {
    await addAdministrator('leaving');
    const page = await visitSecurely('/tokens');
    await logIn(page, 'leaving');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByText('You are logged out of Scopegate').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'oidc-logged-out');
    expect(await cookieOf(page, '__Host-scopegate')).toBeUndefined();
    // The provider asks, and leads back.
    await page.getByRole('link', { name: 'log out there, too' }).click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.waitForURL(`${publicUrl}/console/login`);
    // A new login asks who it is.
    await page.getByRole('link', { name: atProvider }).click();
    await page.locator('input[name=login]').waitFor();
  });
});
