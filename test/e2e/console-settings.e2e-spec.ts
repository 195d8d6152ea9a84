import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
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

  it('R105: the settings are accessible, narrow and dark', async () => {
    const page = await visitAs(admin, '/settings', { width: 360, colorScheme: 'dark' });
    await page.getByLabel('Also for requests with a password').check();
    await page.getByText(TRIED).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'settings-dark-360');
  });
});
