import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { restoreRules, TEST_PERMISSIONS, unique } from '../support/each-database.js';

interface Permissions {
  readonly useTokens: { readonly everyone: boolean; readonly groups: readonly string[] };
  readonly createForSelf: {
    readonly everyone: boolean;
    readonly groups: readonly string[];
    readonly readOnlyOnly: boolean;
  };
}

const TRIED = 'The warnings show what your changes would do.';

describe.runIf(isBrowserAvailable())('the permissions in the console', async () => {
  const { server, admin, visitAs } = await shareConsole();

  afterEach(() => restoreRules(server));

  const stored = async (): Promise<Permissions> => (await server.admin.get<Permissions>('/permissions')).body;
  const part = (page: Page, title: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
  const groupsOf = (page: Page, label: string) => page.getByRole('combobox', { name: label });

  it('R102: a warning stands beside its field before the save, and after it', async () => {
    const page = await visitAs(admin, '/permissions');
    await part(page, 'Use tokens').getByLabel('Only members of groups').check();
    await page.getByText(TRIED).waitFor();
    const warning = part(page, 'Use tokens').getByText('No user may use tokens');
    await warning.waitFor();
    expect((await stored()).useTokens).toEqual(TEST_PERMISSIONS.useTokens);
    await expectAccessible(page);
    await takeScreenshot(page, 'permissions-warning');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await warning.waitFor();
    expect((await stored()).useTokens).toEqual({ everyone: false, groups: [] });
    // It is the server’s own: the page has it after a reload, too.
    await page.reload();
    await warning.waitFor();
  });

  it('R102: groups are chosen by typing, by keyboard alone, and an unknown one is said beside the field', async () => {
    const group = await server.createGroup(unique('developers-'));
    await server.createUser({ groups: [group] });
    const page = await visitAs(admin, '/permissions');
    await part(page, 'Create own tokens').getByLabel('Everyone may create their own tokens').focus();
    await page.keyboard.press('ArrowDown');
    const label = 'Groups that may create their own tokens';
    await groupsOf(page, label).focus();
    await page.keyboard.type('no-such-group');
    await page.keyboard.press('Enter');
    await part(page, 'Create own tokens').getByRole('alert').getByText('no-such-group').waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: `Remove no-such-group from ${label}` }).focus();
    await page.keyboard.press('Enter');
    // The focus is where the next name is typed.
    await page.keyboard.type(group);
    await page.keyboard.press('Enter');
    await page.getByText(TRIED).waitFor();
    await page.getByLabel('Only read-only tokens').focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Save' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('Saved.').waitFor();
    expect((await stored()).createForSelf).toEqual({ everyone: false, groups: [group], readOnlyOnly: true });
  });

  it('R102: what somebody else has changed meanwhile is shown, and nothing is lost', async () => {
    const page = await visitAs(admin, '/permissions');
    await page.getByLabel('Only read-only tokens').check();
    await page.getByText(TRIED).waitFor();
    const group = await server.createGroup(unique('services-'));
    await server.patchPermissions({ introspect: { groups: [group] } });
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Somebody else has changed this').waitFor();
    await page.getByText(`→ ${group}`).waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'permissions-conflict');
    expect((await stored()).createForSelf.readOnlyOnly).toBe(false);
    await page.getByRole('button', { name: 'Keep my changes and go on' }).click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect(await stored()).toMatchObject({ createForSelf: { readOnlyOnly: true }, introspect: { groups: [group] } });
  });

  it('R102: the changes can be undone, and a name full of markup is text', async () => {
    const group = await server.createGroup(unique('<img src=x onerror=alert(1)>'));
    await server.patchPermissions({ createOnBehalf: { groups: ['administrators', group] } });
    const page = await visitAs(admin, '/permissions');
    await page.getByRole('listitem').filter({ hasText: group }).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.getByLabel('Only read-only tokens').check();
    await page.getByRole('button', { name: 'Undo changes' }).click();
    expect(await page.getByLabel('Only read-only tokens').isChecked()).toBe(false);
    await page.getByText('No changes.').waitFor();
  });

  it('R105: the permissions are accessible, narrow and dark', async () => {
    const page = await visitAs(admin, '/permissions', { width: 360, colorScheme: 'dark' });
    await part(page, 'Use tokens').getByLabel('Only members of groups').check();
    await page.getByText(TRIED).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'permissions-dark-360');
  });
});
