import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isBrowserAvailable, startBrowser, type TestBrowser } from '../support/browser.js';
import { ageProofs } from '../support/browser-session.client.js';
import { expectAccessible, takeScreenshot } from '../support/console.browser.js';
import { shareOidcProvider } from '../support/oidc-test.js';

describe.runIf(isBrowserAvailable())('a user of an identity provider in the console', async () => {
  const { server, publicUrl, provider } = await shareOidcProvider();
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.stop());

  /** Opens a page of the console, and logs in at the provider. */
  const visitAs = async (account: string, path: string): Promise<Page> => {
    await browser.context.clearCookies();
    const page = await browser.newPage();
    await page.goto(`${publicUrl}/console${path}`);
    await page.getByRole('link', { name: `Log in with ${new URL(provider.issuer).host}` }).click();
    await page.fill('input[name=login]', account);
    await page.click('button');
    return page;
  };

  it('R96: logs in by the name of the provider, and the page opens with its filter', async () => {
    const { username } = await server.createUser();
    provider.accounts.set('reader', { preferred_username: username });
    const page = await visitAs('reader', '/requests?outcome=denied&last=7d');
    await page.getByRole('heading', { name: 'My requests', level: 1 }).waitFor();
    expect(await page.getByLabel('Outcome').inputValue()).toBe('denied');
    expect(await page.getByLabel('Time', { exact: true }).inputValue()).toBe('7d');
  });

  it('R99, R96: a session that ends in the middle of a form loses nothing', async () => {
    const { username } = await server.createUser();
    provider.accounts.set('typist', { preferred_username: username });
    const page = await visitAs('typist', '/tokens/new');
    await page.getByLabel('Description').fill('typed before the end');
    await page.getByLabel('Read only').check();
    await browser.context.clearCookies({ name: 'scopegate' });
    await page.getByRole('button', { name: 'Create the token' }).click();
    const dialog = page.getByRole('dialog', { name: 'Log in again' });
    await dialog.waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'login-again-oidc');
    const opening = page.waitForEvent('popup');
    await dialog.getByRole('link', { name: /^Log in at .* \(new tab\)$/ }).click();
    const tab = await opening;
    // The provider still knows who it is.
    await tab.getByText('Close this tab').waitFor();
    await tab.close();
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('dialog', { name: 'Your new token' }).waitFor();
    const { items } = (
      await server.admin.get<{ readonly items: readonly { readonly description: string }[] }>(
        `/tokens?owner=${username}`,
      )
    ).body;
    expect(items.map(({ description }) => description)).toEqual(['typed before the end']);
  });

  it('R99, R96: a step-up at the provider is made in a tab of its own, and the change is saved', async () => {
    provider.accounts.set('boss', { preferred_username: 'admin' });
    const page = await visitAs('boss', '/settings');
    await page.getByLabel('Window (seconds)').waitFor();
    await ageProofs(server, 16);
    await page.getByLabel('Window (seconds)').fill('83');
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    const opening = page.waitForEvent('popup');
    await dialog.getByRole('link', { name: /^Log in at/ }).click();
    const tab = await opening;
    await tab.fill('input[name=login]', 'boss');
    await tab.click('button');
    await tab.getByText('Close this tab').waitFor();
    await tab.close();
    await dialog.getByRole('button', { name: 'Continue' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').waitFor();
    const { throttling } = (await server.admin.get<{ readonly throttling: object }>('/settings')).body;
    expect(throttling).toMatchObject({ windowSeconds: 83 });
  });

  it('R96: a step-up that the provider refuses is said in the new tab', async () => {
    const page = await browser.newPage();
    await page.goto(`${publicUrl}/console/login?problem=oidc_step_up_refused`);
    await page.getByRole('heading', { name: 'You are still logged in as before' }).waitFor();
    expect(await page.getByRole('alert').innerText()).toContain('not');
  });
});
