import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import {
  expectAccessible,
  expectNoSideScroll,
  shareConsole,
  takeScreenshot,
  type VisitOptions,
} from '../support/console.browser.js';
import { deposit, depositOf } from '../support/deposits.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import type { TestUser } from '../support/scopegate.fixture.js';

const SECRET = 'Zx9-a-personal-access-token-7Qa1';
const PER_USER = { mode: 'credential', perUser: true };
const MARKUP = '<img src=x onerror="document.title=1"> wiki';

describe.runIf(isBrowserAvailable())('my credentials', async () => {
  const { server, visitAs } = await shareConsole();
  /** As Jira: it names the account of each Authorization line that it accepts. */
  const accounts = new Map<string, string>();
  const upstream = await startRecordingUpstream({
    respond: (request) => {
      const account = accounts.get(request.header('authorization') ?? '');
      return account === undefined ? { status: 401, body: '{}' } : { body: JSON.stringify({ name: account }) };
    },
  });

  const open = async (user: TestUser, options?: VisitOptions): Promise<Page> => {
    const page = await visitAs(user, '/credentials', options);
    await page.getByRole('heading', { name: 'My credentials' }).waitFor();
    return page;
  };
  const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

  it('R100: where no application needs one, the page says that there is nothing to do', async () => {
    const page = await open(await server.createUser());
    await page.getByText('No application needs a credential of yours.').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'credentials-empty');
  });

  describe('with applications that need one', () => {
    beforeAll(async () => {
      await server.createApplication({
        key: 'tracker',
        name: 'The tracker',
        mount: { pathPrefix: '/tracker' },
        upstream: upstream.url,
        identity: PER_USER,
      });
      await server.createApplication({
        key: 'wiki',
        name: MARKUP,
        mount: { pathPrefix: '/wiki' },
        upstream: upstream.url,
        identity: PER_USER,
      });
      await server.createApplication({
        key: 'plain',
        name: 'Plain',
        mount: { pathPrefix: '/plain' },
        upstream: upstream.url,
      });
    });

    it('R100: by pointer: stored after a trial, tried again, replaced and removed', async () => {
      const user = await server.createUser();
      accounts.set(`Bearer ${SECRET}`, user.username);
      const page = await open(user);
      await row(page, 'The tracker').getByText('Missing').waitFor();
      expect(await row(page, 'Plain').count()).toBe(0);
      await page.getByRole('button', { name: 'Store the credential for The tracker' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Token', { exact: true }).fill('a wrong one');
      await expectAccessible(page);
      await takeScreenshot(page, 'credentials-store');
      await dialog.getByRole('button', { name: 'Try and store' }).click();
      await dialog
        .getByRole('alert')
        .filter({ hasText: /refus|accept/i })
        .first()
        .waitFor();
      // What was typed stays.
      expect(await dialog.getByLabel('Token', { exact: true }).inputValue()).toBe('a wrong one');
      await expectAccessible(page);
      await dialog.getByLabel('Token', { exact: true }).fill(SECRET);
      await dialog.getByRole('button', { name: 'Try and store' }).click();
      await page.getByText(`The tracker knows you as “${user.username}”. It works now.`).waitFor();
      await row(page, 'The tracker').getByText('Working').waitFor();
      expect(await page.content()).not.toContain(SECRET);
      expect(await depositOf(server, user, 'tracker')).toMatchObject({ state: 'working', type: 'bearer' });

      accounts.delete(`Bearer ${SECRET}`);
      await page.getByRole('button', { name: 'Try again: the credential for The tracker' }).click();
      await page.getByText('The tracker still refuses the credential.').waitFor();
      await row(page, 'The tracker').getByText('Rejected').waitFor();
      await expectAccessible(page);
      await takeScreenshot(page, 'credentials-rejected');

      await page.getByRole('button', { name: 'Replace the credential for The tracker' }).click();
      await dialog.getByLabel('A user name with a password or API token').check();
      await dialog.getByLabel('User name in The tracker').fill('mail@example.com');
      const password = 'pässword: 1';
      accounts.set(`Basic ${Buffer.from(`mail@example.com:${password}`).toString('base64')}`, user.username);
      await dialog.getByLabel('Password or API token', { exact: true }).fill(password);
      await dialog.getByRole('button', { name: 'Try and store' }).click();
      await row(page, 'The tracker').getByText('Working').waitFor();
      expect(await depositOf(server, user, 'tracker')).toMatchObject({ state: 'working', type: 'basic' });

      await page.getByRole('button', { name: 'Remove the credential for The tracker' }).click();
      await expectAccessible(page);
      await dialog.getByRole('button', { name: 'Remove' }).click();
      await page.getByText('The credential for The tracker is removed.').waitFor();
      await row(page, 'The tracker').getByText('Missing').waitFor();
      expect(await depositOf(server, user, 'tracker')).toBeUndefined();
    });

    it('R100: by keyboard alone: stored', async () => {
      const user = await server.createUser();
      accounts.set(`Bearer ${SECRET}`, user.username);
      const page = await open(user);
      await page.getByRole('button', { name: 'Store the credential for The tracker' }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      // Nothing was typed: it is asked for, and nothing was sent.
      await page.getByRole('alert').getByText('Give the credential.').waitFor();
      await page.keyboard.type(SECRET);
      await page.keyboard.press('Enter');
      await row(page, 'The tracker').getByText('Working').waitFor();
      expect(await depositOf(server, user, 'tracker')).toMatchObject({ state: 'working' });
    });

    it('R100: the credential of another account is not stored, and the reason is told', async () => {
      const user = await server.createUser();
      accounts.set('Bearer of-somebody-else', 'somebody');
      const page = await open(user);
      await page.getByRole('button', { name: 'Store the credential for The tracker' }).click();
      await page.getByRole('dialog').getByLabel('Token', { exact: true }).fill('of-somebody-else');
      await page.getByRole('button', { name: 'Try and store' }).click();
      await page.getByRole('alert').getByText('belongs to the account "somebody"').waitFor();
      expect(await depositOf(server, user, 'tracker')).toBeUndefined();
    });

    it('R100: markup in the name of an application is shown as text', async () => {
      const page = await open(await server.createUser());
      await page.getByRole('button', { name: `Store the credential for ${MARKUP}` }).click();
      await page.getByRole('dialog', { name: `Store the credential for ${MARKUP}` }).waitFor();
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toContain('My credentials');
    });

    it('R100: nobody sees the credential of another user', async () => {
      const [owner, other] = [await server.createUser(), await server.createUser()];
      accounts.set('Bearer of-the-owner-only-1234', owner.username);
      await deposit(server, owner, 'tracker', 'of-the-owner-only-1234');
      const page = await open(other);
      await row(page, 'The tracker').getByText('Missing').waitFor();
      expect(await page.content()).not.toContain('…1234');
    });

    it.each([
      ['light', 360],
      ['dark', 360],
      ['dark', 1280],
    ] as const)('R100, R105: the page is accessible, %s at %i', async (colorScheme, width) => {
      const user = await server.createUser();
      accounts.set(`Bearer ${SECRET}`, user.username);
      await deposit(server, user, 'tracker', SECRET);
      const page = await open(user, { width, colorScheme });
      await row(page, 'The tracker').getByText('Working').waitFor();
      await expectAccessible(page);
      await expectNoSideScroll(page);
      await takeScreenshot(page, `credentials-${colorScheme}-${width}`);
      await page.getByRole('button', { name: 'Replace the credential for The tracker' }).click();
      await page.getByRole('dialog').waitFor();
      await expectAccessible(page);
      await expectNoSideScroll(page);
      await takeScreenshot(page, `credentials-store-${colorScheme}-${width}`);
    });
  });
});
