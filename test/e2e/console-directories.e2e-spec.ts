import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Clock } from '../../src/common/time/clock.js';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { canRunWith } from '../support/external-servers.js';
import {
  groupDn,
  isSlapdAvailable,
  ldapGroup,
  person,
  personDn,
  READER,
  startSlapd,
  SUFFIX,
  type SlapdServer,
} from '../support/slapd.server.js';

const MARKUP = '<img src=x onerror="document.title=1"> & <b>Eve</b>';

const CROWD = Array.from({ length: 8 }, (_, index) => `crowd${index}`);

const ENTRIES = [
  person('anna'),
  person('carl'),
  person('eve', { cn: MARKUP }),
  ...CROWD.map((uid) => person(uid)),
  ldapGroup('developers', [personDn('anna'), personDn('eve')]),
  ldapGroup('everyone', [groupDn('developers'), ...CROWD.map(personDn)]),
];

interface StoredDirectory {
  readonly hasBindPassword: boolean;
  readonly userFilter: string;
  readonly [member: string]: unknown;
}

interface User {
  readonly username: string;
  readonly active: boolean;
  readonly directory: string;
  readonly groups: readonly string[];
}

const canRun = isBrowserAvailable() && canRunWith('slapd', isSlapdAvailable());

// Without slapd on the PATH there is no directory to connect.
describe.runIf(canRun)('directories in the console', async () => {
  const { server, admin, visitAs } = await shareConsole();
  let slapd: SlapdServer;

  beforeAll(async () => {
    slapd = await startSlapd(ENTRIES);
  });
  afterAll(() => slapd?.stop());
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const { key } of (await server.admin.get<{ items: { key: string }[] }>('/directories')).body.items) {
      await server.admin.delete(`/directories/${key}`);
    }
    // Local in one test, and of the directory in the others.
    await server.admin.delete('/users/carl');
    await slapd.restart();
  });

  const body = (more: object = {}): object => ({
    key: 'company',
    name: 'Company',
    url: slapd.url,
    bindDn: READER.dn,
    bindPassword: READER.password,
    userBase: `ou=people,${SUFFIX}`,
    groupBase: `ou=groups,${SUFFIX}`,
    ...more,
  });
  const connect = async (more: object = {}): Promise<void> => {
    expect((await server.admin.post('/directories', body(more))).status).toBe(201);
  };
  const synchronise = async (): Promise<void> => {
    expect((await server.admin.post('/directories/company/sync')).status).toBe(200);
  };
  const stored = async (key = 'company'): Promise<StoredDirectory> =>
    (await server.admin.get<StoredDirectory>(`/directories/${key}`)).body;
  const userOf = async (username: string): Promise<User> => (await server.admin.get<User>(`/users/${username}`)).body;
  const form = (page: Page) => page.getByRole('form', { name: 'Directory' });
  const field = (page: Page, label: string) => form(page).getByLabel(label, { exact: true });
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  /** Sixteen minutes after the login, changes ask for the password again. */
  const letStepUpPass = (): void => {
    const clock = server.provider(Clock);
    vi.spyOn(clock, 'nowMs').mockImplementation(() => Date.now() + 16 * 60_000);
  };

  it('R92, R104: one is tried before it is saved, connected, synchronised, and its users are listed', async () => {
    await server.admin.post('/users', { username: 'carl' });
    const page = await visitAs(admin, '/people');
    await page.getByRole('tab', { name: 'Directories' }).click();
    await page.getByText('No directory is connected.').waitFor();
    expect(new URL(page.url()).pathname).toBe('/console/people/directories');
    await page.getByRole('link', { name: 'Connect a directory' }).click();
    await page.getByRole('heading', { name: 'Connect a directory', level: 1 }).waitFor();

    // What is wrong stands beside its field, also of what is only tried.
    await field(page, 'Address').fill('http://ldap.example.com');
    await field(page, 'Base of users').fill('people');
    await button(page, 'Test').click();
    await page.getByRole('alert').getByText('Nothing was tested').waitFor();
    await form(page).getByRole('alert').getByText('Must be ldap://host:port').waitFor();
    await form(page).getByRole('alert').getByText('Must be a distinguished name').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-errors');

    await field(page, 'Address').fill(slapd.url);
    await field(page, 'Bind account').fill(READER.dn);
    await field(page, 'Bind password').fill('wrong');
    await field(page, 'Base of users').fill(`ou=people,${SUFFIX}`);
    await field(page, 'Base of groups').fill(`ou=groups,${SUFFIX}`);
    await button(page, 'Test').click();
    await page.getByText('does not accept the bind account').waitFor();
    await page.getByText('Check “Bind account” and “Bind password”.').waitFor();

    await field(page, 'Bind password').fill(READER.password);
    await page.getByLabel('User to look for').fill('eve');
    await page.getByLabel('Password of this user').fill('password of eve');
    await button(page, 'Test').click();
    await page.getByText('It works: 11 users and 2 groups. The login is accepted.').waitFor();
    await page.getByRole('row').filter({ hasText: MARKUP }).filter({ hasText: 'developers, everyone' }).waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-test');
    expect((await server.admin.get<{ items: unknown[] }>('/directories')).body.items).toEqual([]);

    await field(page, 'Key').fill('Company');
    await button(page, 'Save').click();
    await form(page).getByRole('alert').getByText('lower-case').waitFor();
    await field(page, 'Key').fill('company');
    await field(page, 'Name').fill('The company & <b>more</b>');
    await button(page, 'Save').click();
    await page.getByRole('heading', { name: 'The company & <b>more</b>', level: 1 }).waitFor();
    await page.getByText('No user has been read yet').waitFor();
    // The server has filled in what the preset says.
    expect(await field(page, 'Filter of users').inputValue()).toBe('(objectClass=inetOrgPerson)');
    expect(await page.content()).not.toContain(READER.password);

    await button(page, 'Synchronise now').click();
    await page.getByText('10 users created, 2 groups created or removed.').waitFor();
    await page.getByText('"carl" is also a local user, and stays local').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-one');
    expect(await page.title()).toBe('The company & <b>more</b> · Scopegate');

    await page.getByRole('link', { name: 'All directories' }).click();
    const row = page.getByRole('row').filter({ hasText: 'The company' });
    await row.getByText('1 warning').waitFor();
    expect(await row.getByRole('cell').allInnerTexts()).toEqual(expect.arrayContaining(['10', '2', 'now']));
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-list');

    await page.getByRole('tab', { name: 'Users' }).click();
    await page.getByLabel('Search').fill('eve');
    await page.getByRole('row').filter({ hasText: MARKUP }).filter({ hasText: 'company' }).waitFor();
  });

  it('R92, R105: one is connected by keyboard alone, with TLS and an authority of its own', async () => {
    const page = await visitAs(admin, '/people/directories/new');
    const type = async (label: string, text: string): Promise<void> => {
      await field(page, label).focus();
      await page.keyboard.insertText(text);
    };
    await type('Key', 'company');
    await type('Address', slapd.secureUrl);
    await type('Own authorities', slapd.authority.cert);
    await type('Bind account', READER.dn);
    await type('Bind password', READER.password);
    await type('Base of users', `ou=people,${SUFFIX}`);
    await type('Minutes between synchronisations', '60');
    await page.getByLabel('User to look for').focus();
    await page.keyboard.type('anna');
    // Enter in the fields of the test tests, and saves nothing.
    await page.keyboard.press('Enter');
    await page.getByText('It works: 11 users and 0 groups.').waitFor();
    expect((await server.admin.get<{ items: unknown[] }>('/directories')).body.items).toEqual([]);
    await field(page, 'Key').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'company', level: 1 }).waitFor();
    await button(page, 'Synchronise now').focus();
    await page.keyboard.press('Enter');
    await page.getByText('company is synchronised').waitFor();
    expect((await userOf('anna')).active).toBe(true);
    expect(await stored()).toMatchObject({ url: slapd.secureUrl, syncMinutes: 60, groupBase: null, warnings: [] });
  });

  it('R92: a change keeps the bind password, and sends it to no other address', async () => {
    await connect();
    const page = await visitAs(admin, '/people/directories/company');
    await field(page, 'Filter of users').fill('(uid=crowd*)');
    await button(page, 'Test').click();
    await form(page).getByRole('alert').getByText('type the bind password').waitFor();
    await button(page, 'Save').click();
    await page.getByText('Saved. The next synchronisation goes by it.').waitFor();
    expect(await stored()).toMatchObject({ userFilter: '(uid=crowd*)', hasBindPassword: true });
    await button(page, 'Test').click();
    await page.getByText('It works: 8 users and 2 groups.').waitFor();

    await field(page, 'Address').fill('ldap://127.0.0.1:1');
    await button(page, 'Save').click();
    await form(page).getByRole('alert').getByText('because “Address” or “StartTLS” changes').waitFor();
    expect(await stored()).toMatchObject({ url: slapd.url });
    await expectAccessible(page);
    await button(page, 'Undo changes').click();
    expect(await field(page, 'Address').inputValue()).toBe(slapd.url);

    await field(page, 'Attribute of the mail address').fill('');
    await button(page, 'Save').click();
    await form(page)
      .getByRole('alert')
      .filter({ hasText: /attribute/i })
      .waitFor();
    expect(await field(page, 'Attribute of the mail address').inputValue()).toBe('');
  });

  it('R92: another preset fills in its filters and attributes', async () => {
    await connect({ name: 'Before' });
    const page = await visitAs(admin, '/people/directories/company');
    await page.getByLabel('Active Directory', { exact: true }).check();
    expect(await field(page, 'Filter of users').inputValue()).toBe('');
    await page.getByLabel('OpenLDAP, or another LDAP server').check();
    expect(await field(page, 'Filter of users').inputValue()).toBe('(objectClass=inetOrgPerson)');
    await page.getByLabel('Active Directory', { exact: true }).check();
    await field(page, 'Attribute of the user name').fill('userPrincipalName');
    await button(page, 'Save').click();
    await page.getByText('Saved. The next synchronisation goes by it.').waitFor();
    expect(await stored()).toMatchObject({
      preset: 'active-directory',
      userFilter: '(&(objectCategory=person)(objectClass=user))',
      attributes: { username: 'userPrincipalName', displayName: 'displayName', disabled: 'userAccountControl' },
      name: 'Before',
    });
    expect(await field(page, 'Filter of groups').inputValue()).toBe('(objectClass=group)');
  });

  it('R92: a connection without TLS is warned of beside its address', async () => {
    await connect({ url: 'ldap://ldap.example.com' });
    const page = await visitAs(admin, '/people/directories/company');
    const ids = (await field(page, 'Address').getAttribute('aria-describedby'))?.split(' ') ?? [];
    const texts = await page.locator(ids.map((id) => `[id="${id}"]`).join(',')).allInnerTexts();
    expect(texts.join(' ')).toContain('The connection has no TLS');
    expect(texts.join(' ')).toContain('“StartTLS”');
  });

  it('R94: a synchronisation that is held says what it would do, is left, and confirmed', async () => {
    await connect();
    await synchronise();
    onTestFinished(() =>
      slapd.change(async (client) => {
        for (const uid of CROWD.slice(0, 6)) {
          const { dn, attributes } = person(uid);
          await client.add(dn, attributes as Record<string, string>);
        }
      }),
    );
    await slapd.change(async (client) => {
      for (const uid of CROWD.slice(0, 6)) await client.del(personDn(uid));
    });
    const page = await visitAs(admin, '/people/directories');
    await button(page, 'Synchronise now: Company').click();
    await page.getByText('The synchronisation of Company is held').waitFor();
    await page.getByText('It would deactivate 6 of 11 active users.').waitFor();
    await page.getByRole('row').getByText('Held', { exact: true }).waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-held');
    await button(page, 'Leave').click();
    await page.getByText('It would deactivate').waitFor({ state: 'detached' });
    expect((await userOf('crowd0')).active).toBe(true);
    await button(page, 'Show it again').click();
    await button(page, 'Confirm').click();
    await page.getByText('6 users deactivated').waitFor();
    await page.getByText('It would deactivate').waitFor({ state: 'detached' });
    await page.getByText('The synchronisation of Company is held').waitFor({ state: 'detached' });
    expect(await userOf('crowd0')).toMatchObject({ active: false, directory: 'company' });
    expect((await userOf('crowd7')).active).toBe(true);
  });

  it('R94: a directory that is away is said with its reason and the age of the state', async () => {
    await connect();
    await synchronise();
    await slapd.kill9();
    const page = await visitAs(admin, '/people/directories');
    await button(page, 'Synchronise now: Company').click();
    await page.getByText('Company cannot be synchronised').waitFor();
    await page.getByText('Nothing accepts connections at “Address”.').waitFor();
    await page.getByText('Last success:').waitFor();
    await page.getByRole('row').getByText('Failing').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-failing');
    expect((await userOf('anna')).active).toBe(true);
    await slapd.restart();
    await button(page, 'Synchronise now: Company').click();
    await page.getByText('Everything was up to date.').waitFor();
    await page.getByText('Company cannot be synchronised').waitFor({ state: 'detached' });
  });

  it('R93: what comes from a directory is marked, and offers nothing that is refused', async () => {
    const group = await server.createGroup('kept here');
    await connect();
    await synchronise();
    const page = await visitAs(admin, '/people/users');
    await page.getByLabel('Search').fill('anna');
    const row = page.getByRole('row').filter({ hasText: 'Person anna' });
    await row.getByText('company', { exact: true }).waitFor();
    await page.getByText('Users with the name of a directory come from there').waitFor();
    expect(await row.getByRole('button').allInnerTexts()).toEqual(['Edit']);
    await takeScreenshot(page, 'people-of-directory');
    await button(page, 'Edit anna').click();
    const dialog = page.getByRole('dialog', { name: 'Edit anna' });
    await dialog.getByText('comes from the directory “company”').waitFor();
    await dialog.getByText('From the directory, and changed there: developers, everyone.').waitFor();
    expect(await dialog.getByRole('textbox').count()).toBe(0);
    expect(await dialog.getByRole('checkbox').count()).toBe(0);
    await dialog.getByRole('combobox', { name: 'Groups' }).fill(group);
    await page.keyboard.press('Enter');
    await expectAccessible(page);
    await takeScreenshot(page, 'people-edit-of-directory');
    await button(page, 'Save').click();
    await page.getByText('The user anna is changed.').waitFor();
    expect((await userOf('anna')).groups).toEqual(['developers', 'everyone', 'kept here']);

    await page.getByRole('tab', { name: 'Groups' }).click();
    const groupRow = page.getByRole('row').filter({ hasText: 'developers' });
    await groupRow.getByText('company', { exact: true }).waitFor();
    expect(await groupRow.getByRole('button').allInnerTexts()).toEqual(['Members']);
    await button(page, 'Members of developers').click();
    const members = page.getByRole('dialog', { name: 'Members of developers' });
    await members.getByText('Its members are changed there.').waitFor();
    await members.getByText('Person anna').waitFor();
    expect(await members.getByRole('button', { name: /Remove|Add/ }).count()).toBe(0);
    await expectAccessible(page);
  });

  it('R93: a disconnection says what happens to the users, and does it', async () => {
    await connect();
    await synchronise();
    const page = await visitAs(admin, '/people/directories/company');
    await button(page, 'Disconnect').click();
    const dialog = page.getByRole('dialog', { name: 'Disconnect Company?' });
    await dialog.getByText('Its 11 active users become inactive: their tokens are refused at once.').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'directories-disconnect');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await stored()).key).toBe('company');
    await button(page, 'Disconnect').click();
    await dialog.getByRole('button', { name: 'Disconnect' }).click();
    await page.getByText('No directory is connected.').waitFor();
    expect((await userOf('anna')).active).toBe(false);
    // Now they can be deleted by hand.
    await page.getByRole('tab', { name: 'Users' }).click();
    await page.getByLabel('Search').fill('anna');
    await button(page, 'Delete anna').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText('The user anna is deleted.').waitFor();
  });

  it('R99: the password is asked for again in front of the form, and nothing typed is lost', async () => {
    const page = await visitAs(admin, '/people/directories/new');
    await field(page, 'Key').fill('company');
    await field(page, 'Address').fill(slapd.url);
    await field(page, 'Bind account').fill(READER.dn);
    await field(page, 'Bind password').fill(READER.password);
    await field(page, 'Base of users').fill(`ou=people,${SUFFIX}`);
    letStepUpPass();
    await button(page, 'Test').click();
    const proof = page.getByRole('dialog', { name: 'Confirm that it is you' });
    await proof.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('15 minutes').waitFor();
    expect(await field(page, 'Bind password').inputValue()).toBe(READER.password);
    await button(page, 'Save').click();
    await proof.getByLabel('Password').fill(admin.password);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'company', level: 1 }).waitFor();
    expect(await stored()).toMatchObject({ url: slapd.url, hasBindPassword: true });
  });

  it.each([
    ['the password is asked for again', 'Confirm that it is you', 'Confirm'],
    ['the session has ended', 'Log in again', 'Log in'],
  ] as const)('R99: in front of an open dialog, %s, and nothing typed is lost', async (what, title, action) => {
    const username = `typed-${action.toLowerCase().replace(' ', '-')}`;
    const page = await visitAs(admin, '/people/users');
    await button(page, 'New user').click();
    const dialog = page.getByRole('dialog', { name: 'New user' });
    await dialog.getByLabel('User name').fill(username);
    await dialog.getByLabel('Full name').fill('Typed before');
    await dialog.getByLabel('No password').check();
    if (what === 'the session has ended') await page.context().clearCookies();
    else letStepUpPass();
    await dialog.getByRole('button', { name: 'Create' }).click();
    const proof = page.getByRole('dialog', { name: title });
    await proof.waitFor();
    // The keyboard is in it at once, and stays in it.
    await page.keyboard.type('not the password');
    expect(await proof.getByLabel('Password').inputValue()).toBe('not the password');
    await expectAccessible(page);
    await takeScreenshot(page, `proof-on-dialog-${action.toLowerCase().replace(' ', '-')}`);
    await page.keyboard.press('Enter');
    await proof.getByRole('alert').waitFor();
    // Escape gives up the proof, and leaves the dialog below as it is.
    await page.keyboard.press('Escape');
    await proof.waitFor({ state: 'detached' });
    await dialog.getByRole('alert').waitFor();
    expect(await dialog.getByLabel('Full name').inputValue()).toBe('Typed before');
    await dialog.getByRole('button', { name: 'Create' }).click();
    await proof.getByLabel('Password').fill(admin.password);
    await proof.getByRole('button', { name: action }).click();
    await page.getByText(`The user ${username} is created.`).waitFor();
    expect((await userOf(username)).active).toBe(true);
  });

  it('R105: the directories are accessible, narrow and dark', async () => {
    await connect({ url: 'ldap://a-rather-long-name-of-a-server.directory.example.com:3389', name: 'W'.repeat(60) });
    const page = await visitAs(admin, '/people/directories', { width: 360, colorScheme: 'dark' });
    await page.getByRole('link', { name: 'W'.repeat(60) }).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'directories-dark-360');
    await page.getByRole('link', { name: 'W'.repeat(60) }).click();
    await button(page, 'Save').waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'directories-one-dark-360');
  });
});
