import { describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import {
  expectAccessible,
  expectNoSideScroll,
  logIn,
  shareConsole,
  takeScreenshot,
} from '../support/console.browser.js';

describe.runIf(isBrowserAvailable())('logging in at the console', async () => {
  const { server, admin, visit, visitAs } = await shareConsole();

  it.each(['light', 'dark'] as const)(
    'R105: the login page is accessible, wide and narrow, %s',
    async (colorScheme) => {
      for (const width of [1280, 360]) {
        const page = await visit('/', { width, colorScheme });
        await page.getByRole('heading', { name: 'Log in to Scopegate' }).waitFor();
        await expectAccessible(page);
        await expectNoSideScroll(page);
        await takeScreenshot(page, `login-${colorScheme}-${width}`);
      }
    },
  );

  it('R99: with a password by keyboard alone, and the page that was asked for opens', async () => {
    const page = await visit('/tokens?from=bookmark');
    await page.getByLabel('User name').focus();
    await page.keyboard.type(admin.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(admin.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'My tokens' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/tokens');
  });

  it('R99: a wrong password is said in words, and nothing of it is in the address', async () => {
    // Plain http as in a company: there, browsers do not say that a script asks.
    const page = await visit('/', { url: `http://gate.test:${server.managementPort}` });
    await page.getByLabel('User name').fill('admin');
    await page.getByLabel('Password').fill('not the password');
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Log in' }).click();
    const answer = await answered;
    // Else the browser would open a dialog of its own.
    expect([answer.status(), await answer.headerValue('www-authenticate')]).toEqual([401, null]);
    await page.getByRole('alert').waitFor();
    expect(await page.getByRole('alert').innerText()).toMatch(/password/i);
    expect(page.url()).not.toContain('not%20the');
    await expectAccessible(page);
  });

  it('R99: the log-out ends the session, and the page of before shows nothing any more', async () => {
    const page = await visitAs(admin, '/tokens');
    await page.getByRole('link', { name: 'My requests' }).click();
    await page.getByRole('heading', { name: 'My requests', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to Scopegate' }).waitFor();
    await page.goBack();
    await page.reload();
    await page.getByRole('heading', { name: 'Log in to Scopegate' }).waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
  });

  it('R105: an administrator finds the pages of the administration, and others do not', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/settings');
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
    await expectAccessible(page);
    expect(await page.getByText('Administration').count()).toBe(0);
  });

  it('R105: the menu of a narrow screen opens and closes, and leads somewhere', async () => {
    const page = await visitAs(admin, '/', { width: 360 });
    const menu = page.getByRole('button', { name: 'Menu' });
    await page.getByRole('link', { name: 'My tokens' }).waitFor({ state: 'hidden' });
    await menu.click();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await page.getByRole('link', { name: 'My tokens' }).click();
    await page.getByRole('link', { name: 'My tokens' }).waitFor({ state: 'hidden' });
  });

  it('R99: another person who logs in in another tab is whom the first tab shows, and nobody else', async () => {
    const user = await server.createUser({ displayName: 'Second Person' });
    await server.createToken({ scope: 'read-only', owner: 'admin', description: 'only for admin' });
    const page = await visitAs(admin, '/tokens');
    await page.getByText('only for admin').waitFor();
    await page.evaluate(
      (login) =>
        fetch('/api/v1/session', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(login),
        }).then((answer) => answer.status),
      user,
    );
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");
    await page.getByText('Second Person').waitFor();
    expect(await page.getByText('only for admin').count()).toBe(0);
    expect(await page.getByText('Administration').count()).toBe(0);
  });

  it('R99: the page of a session that has ended stays, and the log-out of it works', async () => {
    const page = await visitAs(admin, '/tokens/new');
    await page.getByLabel('Description').fill('half typed');
    await page.context().clearCookies();
    const asked = page.waitForResponse('**/api/v1/session');
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))");
    expect((await asked).status()).toBe(401);
    expect(await page.getByLabel('Description').inputValue()).toBe('half typed');
    await page.getByRole('button', { name: 'Log out' }).click();
    await page.getByRole('heading', { name: 'Log in to Scopegate' }).waitFor();
  });

  it('R99: without the cookie, the page that is open asks for the login', async () => {
    const page = await visitAs(admin, '/tokens');
    await page.context().clearCookies();
    await page.reload();
    await logIn(page, admin);
    await page.getByRole('heading', { name: 'My tokens' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/tokens');
  });
});
