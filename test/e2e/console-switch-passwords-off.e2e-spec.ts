import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { canRunWith } from '../support/external-servers.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, type TestUser } from '../support/scopegate.fixture.js';
import { isSlapdAvailable, ldapGroup, person, personDn, READER, startSlapd, SUFFIX } from '../support/slapd.server.js';

const USERS = 300;
const nameOf = (index: number): string => `user${String(index).padStart(3, '0')}`;
const NAMES = Array.from({ length: USERS }, (_, index) => nameOf(index));

/** The group that may have tokens. */
const DEVELOPERS = NAMES.slice(0, 100);

const withPassword = (username: string): TestUser => ({ username, password: `password of ${username}` });

const canRun = isBrowserAvailable() && canRunWith('slapd', isSlapdAvailable());

// The walk that the console is for: what an administrator has to do before passwords can go.
describe.runIf(canRun)('from a directory to no passwords', async () => {
  const { server, admin, visitAs } = await shareConsole();
  const upstream = await startRecordingUpstream();
  afterAll(() => upstream.stop());
  const slapd = await startSlapd([
    ...NAMES.map((uid) => person(uid)),
    ldapGroup('developers', DEVELOPERS.map(personDn)),
    ldapGroup('everyone', NAMES.map(personDn)),
  ]);
  afterAll(() => slapd.stop());
  await server.createApplication({
    key: 'app',
    kind: 'generic',
    upstream: upstream.url,
    mount: { pathPrefix: '/app' },
    anonymous: 'deny',
    passwords: 'forward',
  });

  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const open = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
  };
  const part = (page: Page, title: string) =>
    page.locator('section').filter({ has: page.getByRole('heading', { name: title, exact: true }) });
  /** A script. @returns the status, and the code of a refusal */
  const call = async (header: readonly [string, string]): Promise<readonly [number, string | undefined]> => {
    const answer = await fetch(`${server.url}/app/things`, { headers: [[...header]] });
    const { code } = (await answer.json()) as { readonly code?: string };
    return [answer.status, code];
  };

  const connectDirectory = async (page: Page): Promise<void> => {
    await open(page, 'People');
    await page.getByRole('tab', { name: 'Directories' }).click();
    await page.getByRole('link', { name: 'Connect a directory' }).click();
    for (const [label, text] of [
      ['Key', 'company'],
      ['Name', 'Company'],
      ['Address', slapd.url],
      ['Bind account', READER.dn],
      ['Bind password', READER.password],
      ['Base of users', `ou=people,${SUFFIX}`],
      ['Base of groups', `ou=groups,${SUFFIX}`],
    ] as const) {
      await page.getByLabel(label, { exact: true }).fill(text);
    }
    await button(page, 'Test').click();
    await page.getByText('It works: 300 users and 2 groups.').waitFor();
    await button(page, 'Save').click();
    await button(page, 'Synchronise now').click();
    await page.getByText('300 users created, 2 groups created or removed.').waitFor();
  };

  const seeUsers = async (page: Page): Promise<void> => {
    await page.getByRole('link', { name: 'All directories' }).click();
    await page.getByRole('row').filter({ hasText: 'Company' }).getByText('300').waitFor();
    await page.getByRole('tab', { name: 'Users' }).click();
    const rows = page.getByRole('row').filter({ hasText: 'company' });
    for (let shown = 50; shown < USERS; shown += 50) {
      await button(page, 'Show more').click();
      await expect.poll(() => rows.count()).toBeGreaterThan(shown);
    }
    // The local administrator comes first, so the last one of the directory is on a page of its own.
    if ((await button(page, 'Show more').count()) > 0) await button(page, 'Show more').click();
    await expect.poll(() => rows.count()).toBe(USERS);
  };

  const permitDevelopers = async (page: Page): Promise<void> => {
    await open(page, 'Permissions');
    for (const [title, label] of [
      ['Use tokens', 'Groups that may use tokens'],
      ['Create own tokens', 'Groups that may create their own tokens'],
    ] as const) {
      await part(page, title).getByLabel('Only members of groups').check();
      await page.getByRole('combobox', { name: label }).fill('developers');
      await page.keyboard.press('Enter');
    }
    await page.getByText('The warnings show what your changes would do.').waitFor();
    await button(page, 'Save').click();
    await page.getByText('Saved.').waitFor();
  };

  /** Logs in by a bind, and makes a token. @returns its secret */
  const makeToken = async (username: string): Promise<string> => {
    const page = await visitAs(withPassword(username), '/tokens');
    await page.getByRole('link', { name: 'Create a token' }).click();
    await page.getByLabel('Description').fill('in place of my password');
    await page.getByLabel('Read only').check();
    await page.getByRole('button', { name: 'Create the token' }).click();
    return page.getByLabel('Token', { exact: true }).inputValue();
  };

  const switchPasswordsOff = async (page: Page): Promise<void> => {
    await open(page, 'Settings');
    await page.getByLabel('Applications accept passwords').uncheck();
    await button(page, 'Save').click();
    const dialog = page.getByRole('dialog', { name: 'Switch passwords off?' });
    await dialog.getByRole('link', { name: 'who still uses passwords' }).waitFor();
    await dialog.getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('Saved.').waitFor();
  };

  it('R92, R93, R95, R102, R103: an administrator connects a directory, permits by its groups, sees who uses passwords, and switches them off', async () => {
    const page = await visitAs(admin, '/');
    await connectDirectory(page);
    await seeUsers(page);
    await permitDevelopers(page);

    const secret = await makeToken('user000');
    const other = await visitAs(withPassword('user200'), '/tokens');
    await other.getByText('You cannot create tokens now').waitFor();
    await expectAccessible(other);
    await takeScreenshot(other, 'walk-without-permission');

    // Scripts as they are before: with passwords, which the application checks.
    expect(await call(basic('user001', 'password of user001'))).toEqual([200, undefined]);
    expect(await call(basic('user002', 'password of user002'))).toEqual([200, undefined]);
    expect(await call(basic('user002', 'password of user002'))).toEqual([200, undefined]);
    expect(await call(bearer(secret))).toEqual([200, undefined]);
    expect(upstream.requests).toHaveLength(4);

    // The events are stored.
    await server.events({});
    await open(page, 'Overview');
    await page.getByRole('row', { name: /^user002 2/ }).waitFor();
    await page.getByRole('row', { name: /^user001 1/ }).waitFor();
    expect(await page.getByRole('row', { name: /^user000/ }).count()).toBe(0);
    await takeScreenshot(page, 'walk-who-uses-passwords');

    await switchPasswordsOff(page);
    upstream.clear();
    await expect.poll(() => call(basic('user002', 'password of user002'))).toEqual([401, 'password_disabled']);
    upstream.clear();
    expect(await call(basic('user001', 'password of user001'))).toEqual([401, 'password_disabled']);
    expect(upstream.bytesReceived).toBe(0);
    expect(await call(bearer(secret))).toEqual([200, undefined]);
    expect(await call(basic('user000', secret))).toEqual([200, undefined]);
    expect(upstream.requests.map(({ target }) => target)).toEqual(['/things', '/things']);
    for (const request of upstream.requests) {
      expect(request.header('x-forwarded-user')).toBe('user000');
      expect(request.header('authorization')).toBeUndefined();
    }
    // The people of the directory still log in at the console.
    await visitAs(withPassword('user002'), '/tokens');
  });
});
