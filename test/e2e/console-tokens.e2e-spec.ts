import { DataSource } from 'typeorm';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { bearer, type TestUser } from '../support/scopegate.fixture.js';

const MARKUP = '<img src=x onerror="document.title=1"><b>bold</b> {{7*7}}';
const MANY = 10_000;

interface ListedToken {
  readonly id: string;
  readonly description: string;
  readonly status: string;
  readonly scope: string;
  readonly expiresAt: string | null;
  readonly applications: readonly string[] | null;
  readonly allowList: readonly string[] | null;
  readonly successorId: string | null;
}

describe.runIf(isBrowserAvailable())('my tokens', async () => {
  const { server, visitAs, admin } = await shareConsole();
  const upstream = await startRecordingUpstream();
  await server.createApplication({
    key: 'jira',
    name: 'Our Jira',
    mount: { pathPrefix: '/jira' },
    upstream: upstream.url,
  });
  await server.createApplication({ key: 'wiki', name: MARKUP, mount: { pathPrefix: '/wiki' }, upstream: upstream.url });

  const tokensOf = async ({ username }: TestUser): Promise<readonly ListedToken[]> =>
    (await server.admin.get<{ items: readonly ListedToken[] }>(`/tokens?owner=${username}`)).body.items;
  const fillIn = async (page: Page, description: string): Promise<void> => {
    await page.getByLabel('Description').fill(description);
    await page.getByLabel('Read only').check();
  };
  const createButton = (page: Page) => page.getByRole('button', { name: 'Create the token' });
  const secretOf = (page: Page): Promise<string> => page.getByLabel('Token', { exact: true }).inputValue();
  const closeAfterCopy = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: 'Copy Token' }).click();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('heading', { name: 'My tokens' }).waitFor();
  };
  const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

  it('R100: by pointer: created, narrowed, copied once, used, and the secret is gone after', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens');
    await page.getByText('You have no token yet').waitFor();
    await expectAccessible(page);
    await page.getByRole('link', { name: 'Create a token' }).click();
    await page.getByRole('heading', { name: 'Create a token' }).waitFor();
    await fillIn(page, 'nightly report');
    await page.getByLabel('Only in some').check();
    await page.getByLabel('Our Jira').check();
    await page.getByLabel('Only from these addresses').fill('127.0.0.1\n192.0.2.0/24');
    await page.getByLabel('Valid for').selectOption({ label: '6 months' });
    await expectAccessible(page);
    await takeScreenshot(page, 'tokens-new-1280');
    await createButton(page).click();
    await page.getByRole('dialog', { name: 'Your new token' }).waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'tokens-secret-1280');
    const secret = await secretOf(page);
    expect(secret).toMatch(/^sg_[0-9A-Za-z]{12}_/);
    // The lines name the address of the application and never the secret.
    expect(await page.getByLabel('Lines for curl', { exact: true }).inputValue()).toContain(
      `${server.url}/jira/rest/api/2/myself`,
    );
    for (const program of ['git', 'Python', 'Jira (Python)', 'Jira (JavaScript)']) {
      await page.getByRole('tab', { name: program, exact: true }).click();
      expect(await page.getByLabel(`Lines for ${program}`, { exact: true }).inputValue()).not.toContain(secret);
    }
    await page.getByRole('button', { name: 'Copy Token' }).click();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(secret);
    const answer = await fetch(`${server.url}/jira/rest/api/2/myself`, { headers: [[...bearer(secret)]] });
    expect(answer.status).toBe(200);
    await page.getByRole('button', { name: 'Done' }).click();
    await row(page, 'nightly report').waitFor();
    expect(await page.content()).not.toContain(secret);
    await page.reload();
    await row(page, 'nightly report').waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await tokensOf(user)).toMatchObject([
      { scope: 'read-only', applications: ['jira'], allowList: ['127.0.0.1', '192.0.2.0/24'], status: 'active' },
    ]);
    await expectAccessible(page);
    await takeScreenshot(page, 'tokens-list-1280');
  });

  it('R100: by keyboard alone: created, and whoever did not copy it is asked first', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens');
    await page.getByRole('link', { name: 'Create a token' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Create a token' }).waitFor();
    // From the title on, as a screen reader would.
    await page.keyboard.press('Tab');
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    expect(await page.getByLabel('Read only').isChecked()).toBe(true);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Your new token' });
    await dialog.waitFor();
    const secret = await secretOf(page);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Close without a copy?' }).waitFor();
    await expectAccessible(page);
    await page.getByRole('button', { name: 'Back to the token' }).focus();
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    expect(await secretOf(page)).toBe(secret);
    await page.getByRole('button', { name: 'Copy Token' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copy Token' }).getByText('Copied').waitFor();
    await page.keyboard.press('Escape');
    await row(page, 'by keyboard').waitFor();
    expect(await page.content()).not.toContain(secret);
  });

  it('R100: without a clipboard, as over plain http, the text is selected and the page says so', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens/new');
    await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
    await page.getByLabel('Description').fill('over plain http');
    await page.getByLabel('Read only').check();
    await createButton(page).click();
    await page.getByRole('button', { name: 'Copy Token' }).click();
    await page.getByText('The text is selected: copy it').waitFor();
    expect(await page.evaluate('getSelection().toString()')).toBe(await secretOf(page));
    // A copy by hand counts: nobody is asked.
    await page.keyboard.press('Control+c');
    await page.keyboard.press('Escape');
    await row(page, 'over plain http').waitFor();
  });

  it('R100, R09: nothing is sent before the scope is chosen, and what was typed stays', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens/new');
    await page.getByLabel('Description').fill('no scope yet');
    expect(await page.getByRole('radio', { checked: true, name: /^Read/ }).count()).toBe(0);
    await createButton(page).click();
    await page.getByRole('alert').getByText('Choose what the token may do.').waitFor();
    await expectAccessible(page);
    expect(await tokensOf(user)).toEqual([]);
    await page.getByLabel('Read and write').check();
    await page.getByLabel('Only from these addresses').fill('not an address');
    await createButton(page).click();
    // The server's own words, beside the field.
    await page.getByRole('alert').filter({ hasText: 'not an address' }).first().waitFor();
    expect(await page.getByLabel('Description').inputValue()).toBe('no scope yet');
    await expectAccessible(page);
    await page.getByLabel('Only from these addresses').fill('');
    await createButton(page).click();
    await closeAfterCopy(page);
    expect(await tokensOf(user)).toMatchObject([{ description: 'no scope yet', scope: 'read-write', allowList: null }]);
  });

  it('R100, R28, R29: the choices of the policy are offered, and a date of one’s own is taken', async () => {
    const user = await server.createUser();
    await server.patchSettings({ tokenValidity: { maximum: 'P1Y' } });
    try {
      const page = await visitAs(user, '/tokens/new');
      await page.getByLabel('Valid for').waitFor();
      const options = await page.getByLabel('Valid for').getByRole('option').allInnerTexts();
      expect(options).toEqual(['6 months', '1 year', 'Until a date of my own']);
      await fillIn(page, 'until a date');
      await page.getByLabel('Valid for').selectOption({ label: 'Until a date of my own' });
      await createButton(page).click();
      await page.getByRole('alert').getByText('Give a date and a time.').waitFor();
      await page.getByLabel('Valid until').fill('2990-01-31T12:00');
      await createButton(page).click();
      await page.getByRole('alert').filter({ hasText: '12 months' }).first().waitFor();
      const soon = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 16);
      await page.getByLabel('Valid until').fill(soon);
      const expected = await page.evaluate((local) => new Date(local).toISOString(), soon);
      await createButton(page).click();
      await closeAfterCopy(page);
      expect(await tokensOf(user)).toMatchObject([{ expiresAt: expected }]);
    } finally {
      await server.patchSettings({ tokenValidity: { maximum: 'never' } });
    }
  });

  it('R100, R24: a permission that is taken while the form is open is told in words, and nothing typed is lost', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens/new');
    await fillIn(page, 'too late');
    await server.patchPermissions({ createForSelf: { everyone: false, groups: [] } });
    try {
      await createButton(page).click();
      await page.getByText('The token was not created').waitFor();
      await page.getByText('You cannot create tokens now').waitFor();
      expect(await page.getByLabel('Description').inputValue()).toBe('too late');
      expect(await page.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
      await expectAccessible(page);
      await takeScreenshot(page, 'tokens-permission-lost');
      // Without the permission, there is the info box in place of the form and the button.
      const other = await visitAs(user, '/tokens');
      await other.getByText('You cannot create tokens now').waitFor();
      expect(await other.getByText('Ask an administrator').count()).toBe(1);
      expect(await other.getByRole('link', { name: 'Create a token' }).count()).toBe(0);
      await other.goto(`${server.url}/console/tokens/new`);
      await other.getByText('You cannot create tokens now').waitFor();
      expect(await other.getByLabel('Description').count()).toBe(0);
      await expectAccessible(other);
    } finally {
      await server.patchPermissions({ createForSelf: { everyone: true, groups: [] } });
    }
    await createButton(page).click();
    await closeAfterCopy(page);
    expect(await tokensOf(user)).toMatchObject([{ description: 'too late' }]);
  });

  it('R100, R99: a session that ends in the middle of the form asks for the login, and the token is created after it', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens/new');
    await fillIn(page, 'after the session');
    await page.context().clearCookies();
    await createButton(page).click();
    const login = page.getByRole('dialog', { name: 'Log in again' });
    await login.getByLabel('Password').waitFor();
    await expectAccessible(page);
    await login.getByLabel('Password').fill(user.password);
    await login.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('dialog', { name: 'Your new token' }).waitFor();
    await closeAfterCopy(page);
    expect(await tokensOf(user)).toMatchObject([{ description: 'after the session' }]);
  });

  it('R100: rotated with an overlap, and the successor is shown once', async () => {
    const user = await server.createUser();
    const old = await server.createToken({ owner: user.username, scope: 'read-only', description: 'to rotate' });
    const page = await visitAs(user, '/tokens');
    await page.getByRole('button', { name: 'Rotate to rotate' }).click();
    const dialog = page.getByRole('dialog', { name: 'Rotate this token' });
    await dialog.getByLabel('How long does the old token still work?').selectOption({ label: '1 hour' });
    await dialog.getByLabel('Valid for').selectOption({ label: '1 year' });
    await expectAccessible(page);
    await takeScreenshot(page, 'tokens-rotate');
    await dialog.getByRole('button', { name: 'Rotate' }).click();
    await page.getByRole('dialog', { name: 'Your new token' }).waitFor();
    const secret = await secretOf(page);
    await closeAfterCopy(page);
    await page.getByText('has a successor').waitFor();
    expect(await page.content()).not.toContain(secret);
    const tokens = await tokensOf(user);
    const successor = tokens.find(({ id }) => id !== old.id);
    expect(tokens.find(({ id }) => id === old.id)).toMatchObject({ status: 'active', successorId: successor?.id });
    expect(Date.parse(successor?.expiresAt ?? '')).toBeGreaterThan(Date.now() + 360 * 86_400_000);
    for (const used of [old.secret, secret]) {
      const answer = await fetch(`${server.url}/jira/rest/api/2/myself`, { headers: [[...bearer(used)]] });
      expect(answer.status).toBe(200);
    }
  });

  it('R100: revoked with all details shown before, by keyboard', async () => {
    const user = await server.createUser();
    const token = await server.createToken({
      owner: user.username,
      scope: 'read-write',
      description: 'to revoke',
      allowList: ['192.0.2.7'],
      applications: ['jira'],
    });
    const page = await visitAs(user, '/tokens');
    const revoke = page.getByRole('button', { name: 'Revoke to revoke' });
    await revoke.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Revoke this token?' });
    await dialog.waitFor();
    const details = await dialog.innerText();
    for (const detail of ['to revoke', token.id, 'Read and write', '192.0.2.7', 'jira', 'Never', 'by admin']) {
      expect(details).toContain(detail);
    }
    await expectAccessible(page);
    await takeScreenshot(page, 'tokens-revoke');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await revoke.and(page.locator(':focus')).count()).toBe(1);
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Revoke' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('is revoked. Requests with it are refused.').waitFor();
    await row(page, 'to revoke').getByText('Revoked').waitFor();
    expect(await revoke.count()).toBe(0);
    expect(await tokensOf(user)).toMatchObject([{ id: token.id, status: 'revoked' }]);
  });

  it('R100: markup in a description and in the name of an application is shown as text', async () => {
    const user = await server.createUser();
    await server.createToken({ owner: user.username, scope: 'read-only', description: 'plain' });
    const page = await visitAs(user, '/tokens');
    await page.getByRole('button', { name: 'Rename plain' }).click();
    await page.getByLabel('Description').fill(MARKUP);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(`The token is now called “${MARKUP}”`).waitFor();
    await row(page, MARKUP).waitFor();
    await page.getByRole('button', { name: `Revoke ${MARKUP}` }).click();
    await page.getByRole('dialog').getByText(MARKUP).waitFor();
    await page.goto(`${server.url}/console/tokens/new`);
    await page.getByLabel('Only in some').check();
    await page.getByText(MARKUP).waitFor();
    expect(await page.locator('img, b').count()).toBe(0);
    expect(await page.title()).toContain('Create a token');
    expect(await tokensOf(user)).toMatchObject([{ description: MARKUP }]);
  });

  it('R100: of 10,000 tokens of one user, a page at a time, with filters', async () => {
    const user = await server.createUser();
    const made = await server.createToken({ owner: user.username, scope: 'read-only', description: 'the first one' });
    const rows = server.provider(DataSource).getRepository(TokenEntity);
    const { sequence: _sequence, ...model } = await rows.findOneByOrFail({ id: made.id });
    const tokens = Array.from({ length: MANY }, (_, index) => ({
      ...model,
      id: `seed${String(index).padStart(8, '0')}`,
      description: `job ${index}`,
      createdAtMs: model.createdAtMs + 1 + index,
      revokedAtMs: index % 2 === 0 ? model.createdAtMs + 1 : null,
    }));
    for (let at = 0; at < MANY; at += 400) await rows.insert(tokens.slice(at, at + 400));
    const page = await visitAs(user, '/tokens');
    const asked: string[] = [];
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.pathname === '/api/v1/tokens') asked.push(url.search);
    });
    await row(page, `job ${MANY - 1}`).waitFor();
    // From here on: the page itself may have asked before the listening began, or after.
    asked.length = 0;
    const bodyRows = page.locator('tbody tr');
    expect(await bodyRows.count()).toBe(50);
    await page.getByRole('button', { name: 'Show more' }).click();
    await row(page, `job ${MANY - 51}`).waitFor();
    expect(await bodyRows.count()).toBe(100);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('cursor=');
    // A change of one shows at once, without all pages being fetched again.
    await page.getByRole('button', { name: `Revoke job ${MANY - 1}` }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await row(page, `job ${MANY - 1}`)
      .getByText('Revoked')
      .waitFor();
    expect(await bodyRows.count()).toBe(100);
    expect(asked).toHaveLength(1);
    await page.getByLabel('Search').fill('the first one');
    await page.keyboard.press('Enter');
    await row(page, 'the first one').waitFor();
    await expect.poll(() => bodyRows.count()).toBe(1);
    await page.getByLabel('State').selectOption({ label: 'Revoked' });
    await page.getByText('No token matches.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await row(page, `job ${MANY - 1}`).waitFor();
    expect(await page.getByLabel('Search').inputValue()).toBe('');
  });

  it('R100: an administrator sees only the own ones here', async () => {
    const user = await server.createUser();
    await server.createToken({ owner: user.username, scope: 'read-only', description: 'of somebody else' });
    await server.createToken({ scope: 'read-only', description: 'of the administrator' });
    const page = await visitAs(admin, '/tokens');
    await row(page, 'of the administrator').waitFor();
    expect(await page.getByText('of somebody else').count()).toBe(0);
  });

  it('R100: somebody who may create for others names the owner', async () => {
    const user = await server.createUser();
    const page = await visitAs(admin, '/tokens/new');
    await fillIn(page, 'for somebody else');
    await page.getByLabel('For another user').fill(user.username);
    await createButton(page).click();
    await closeAfterCopy(page);
    expect(await tokensOf(user)).toMatchObject([{ description: 'for somebody else' }]);
  });

  it.each([
    ['light', 360],
    ['dark', 360],
    ['dark', 1280],
  ] as const)('R100, R105: the pages are accessible, %s at %i', async (colorScheme, width) => {
    const user = await server.createUser();
    await server.createToken({
      owner: user.username,
      scope: 'read-write',
      description: 'Deployment of the shop and everything that belongs to it, from the build server in the cellar',
      validity: 'P1M',
      applications: ['jira'],
      allowList: ['2001:db8:ffff:ffff:ffff:ffff:ffff:fff0-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
    });
    await server.createToken({ owner: user.username, scope: 'read-only', description: 'x'.repeat(200) });
    const page = await visitAs(user, '/tokens', { width, colorScheme });
    await row(page, 'Deployment').waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, `tokens-list-${colorScheme}-${width}`);
    await page.getByRole('button', { name: /^Revoke Deployment/ }).click();
    await page.getByRole('dialog').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, `tokens-revoke-${colorScheme}-${width}`);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('link', { name: 'Create a token' }).click();
    await fillIn(page, 'narrow');
    await page.getByLabel('Only in some').check();
    await page.getByLabel('Our Jira').check();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, `tokens-new-${colorScheme}-${width}`);
    await createButton(page).click();
    await page.getByRole('dialog', { name: 'Your new token' }).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, `tokens-secret-${colorScheme}-${width}`);
  });
});
