import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { ageProofs } from '../support/browser-session.client.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { restoreRules, TEST_SETTINGS } from '../support/each-database.js';

type Settings = typeof TEST_SETTINGS;

const TRIED = 'The warnings show what your changes would do.';

describe.runIf(isBrowserAvailable())('the settings in the console', async () => {
  const { server, admin, visitAs } = await shareConsole();

  afterEach(() => restoreRules(server));

  const stored = async (): Promise<Settings> => (await server.admin.get<Settings>('/settings')).body;
  const save = (page: Page): Promise<void> => page.getByRole('button', { name: 'Save', exact: true }).click();

  it('R102, R41: the effect on the own address is shown before the save, and asked about', async () => {
    const page = await visitAs(admin, '/settings');
    await page.getByLabel('Allow list').fill('203.0.113.0/24');
    await page.getByText(TRIED).waitFor();
    const described = await page.getByLabel('Allow list').getAttribute('aria-describedby');
    const texts = await page
      .locator(
        (described ?? '')
          .split(' ')
          .map((id) => `[id="${id}"]`)
          .join(','),
      )
      .allInnerTexts();
    expect(texts.join(' ')).toContain('Your own address 127.0.0.1 is not on the allow list');
    await save(page);
    const dialog = page.getByRole('dialog', { name: 'This would refuse your own address' });
    await dialog.getByText('127.0.0.1 is not on the allow list').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'settings-own-address');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await stored()).ipRestriction.allowList).toEqual([]);
    // What was typed is still there, and is saved if it is meant.
    expect(await page.getByLabel('Allow list').inputValue()).toBe('203.0.113.0/24');
    await save(page);
    await dialog.getByRole('button', { name: 'Save anyway' }).click();
    await page.getByText('Saved.').waitFor();
    expect((await stored()).ipRestriction.allowList).toEqual(['203.0.113.0/24']);
    await page.getByText('Your own address 127.0.0.1 is not on the allow list').waitFor();
  });

  it('R102: a quick save without a pause is asked about, too', async () => {
    const page = await visitAs(admin, '/settings');
    await page.getByLabel('Allow list').fill('198.51.100.7');
    await save(page);
    await page.getByRole('dialog', { name: 'This would refuse your own address' }).waitFor();
    expect((await stored()).ipRestriction.allowList).toEqual([]);
  });

  it('R102: passwords are switched off by keyboard alone, after a question', async () => {
    const page = await visitAs(admin, '/settings');
    await page.getByLabel('Applications accept passwords').focus();
    await page.keyboard.press('Space');
    await page.getByText('Passwords are disabled').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Switch passwords off?' });
    await dialog.getByRole('link', { name: 'who still uses passwords' }).waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'settings-passwords-off');
    await dialog.getByRole('button', { name: 'Switch off' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();
    expect((await stored()).passwords.enabled).toBe(false);
  });

  it('R102: an error stands beside its field, in the line that is wrong', async () => {
    const page = await visitAs(admin, '/settings');
    await page.getByLabel('Allow list').fill('127.0.0.1\nthe office');
    await page.getByRole('alert').getByText('Line 2:').waitFor();
    await page.getByLabel('Window (seconds)').fill('a minute');
    await page.getByRole('alert').getByText('Must be').first().waitFor();
    await save(page);
    await expectAccessible(page);
    await takeScreenshot(page, 'settings-errors');
    expect(await page.getByLabel('Window (seconds)').inputValue()).toBe('a minute');
    expect((await stored()).throttling).toEqual(TEST_SETTINGS.throttling);
    await page.getByLabel('Window (seconds)').fill('90');
    await page.getByLabel('Allow list').fill('127.0.0.1\n\n');
    await page.getByText(TRIED).waitFor();
    await save(page);
    await page.getByText('Saved.').waitFor();
    expect(await stored()).toMatchObject({
      throttling: { windowSeconds: 90 },
      ipRestriction: { allowList: ['127.0.0.1'] },
    });
  });

  it('R102: two administrators do not overwrite each other', async () => {
    const page = await visitAs(admin, '/settings');
    await page.getByLabel('Window (seconds)').fill('75');
    await page.getByText(TRIED).waitFor();
    await server.patchSettings({ throttling: { windowSeconds: 45 }, tokenValidity: { maximum: 'P1Y' } });
    await save(page);
    await page.getByText('Somebody else has changed this').waitFor();
    await page.getByText('You changed it, too').waitFor();
    await page.getByText('→ P1Y').waitFor();
    expect((await stored()).throttling.windowSeconds).toBe(45);
    await page.getByRole('button', { name: 'Drop my changes' }).click();
    expect(await page.getByLabel('Window (seconds)').inputValue()).toBe('45');
    expect(await page.getByLabel('Longest validity of a new token').inputValue()).toBe('P1Y');
  });

  it('R99: after 15 minutes a change asks for the password in Chromium, and nothing typed is lost', async () => {
    const page = await visitAs(admin, '/settings');
    await page.getByLabel('Window (seconds)').waitFor();
    await ageProofs(server, 16);
    await page.getByLabel('Window (seconds)').fill('77');
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await dialog.getByLabel('Password').fill('not the password');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByRole('alert').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await page.getByLabel('Window (seconds)').inputValue()).toBe('77');
    expect((await stored()).throttling).toEqual(TEST_SETTINGS.throttling);
    await save(page);
    await dialog.getByLabel('Password').fill(admin.password);
    await page.keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();
    expect((await stored()).throttling.windowSeconds).toBe(77);
  });

  it('R102: what is typed while a save is under way is kept, and saved with the next one', async () => {
    const page = await visitAs(admin, '/settings');
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await page.route('**/api/v1/settings?dryRun=false', async (route) => {
      await held;
      await route.continue();
    });
    await page.getByLabel('Window (seconds)').fill('71');
    const request = page.waitForRequest('**/api/v1/settings?dryRun=false');
    await save(page);
    await request;
    await page.getByLabel('Failures within the window').fill('9');
    goOn();
    await expect.poll(async () => (await stored()).throttling).toEqual({ maxFailures: 0, windowSeconds: 71 });
    await page.unroute('**/api/v1/settings?dryRun=false');
    await page.getByRole('button', { name: 'Save', exact: true, disabled: false }).waitFor();
    expect(await page.getByLabel('Failures within the window').inputValue()).toBe('9');
    await save(page);
    await page.getByText('Saved.').waitFor();
    expect((await stored()).throttling).toEqual({ maxFailures: 9, windowSeconds: 71 });
  });

  it('R102: whoever leaves with changes, by a link, by Back or by the log-out, is asked first', async () => {
    const page = await visitAs(admin, '/permissions');
    await page.getByRole('link', { name: 'Settings' }).click();
    await page.getByLabel('Window (seconds)').fill('88');
    const asked: string[] = [];
    let answer: 'accept' | 'dismiss' = 'dismiss';
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog[answer]();
    });
    await page.getByRole('link', { name: 'My tokens' }).click();
    await expect.poll(() => asked).toEqual(['confirm']);
    expect(new URL(page.url()).pathname).toBe('/console/settings');
    await page.evaluate('history.back()');
    await expect.poll(() => asked).toEqual(['confirm', 'confirm']);
    await page.getByRole('button', { name: 'Log out' }).click();
    await expect.poll(() => asked).toEqual(['confirm', 'confirm', 'confirm']);
    expect(new URL(page.url()).pathname).toBe('/console/settings');
    expect(await page.getByLabel('Window (seconds)').inputValue()).toBe('88');
    answer = 'accept';
    await page.getByRole('link', { name: 'My tokens' }).click();
    await page.getByRole('heading', { name: 'My tokens', level: 1 }).waitFor();
    // With nothing to lose, nobody is asked.
    await page.evaluate('history.back()');
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    expect(asked).toHaveLength(4);
  });

  it('R105: the settings are accessible, narrow and dark', async () => {
    const page = await visitAs(admin, '/settings', { width: 360, colorScheme: 'dark' });
    await page.getByLabel('Also for requests with a password').check();
    await page.getByText(TRIED).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'settings-dark-360');
  });
});
