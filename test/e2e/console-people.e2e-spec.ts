import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { unique } from '../support/each-database.js';

interface User {
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly active: boolean;
  readonly groups: readonly string[];
}

describe.runIf(isBrowserAvailable())('people in the console', async () => {
  const console = await shareConsole();
  const { server, admin } = console;

  const stored = async (username: string): Promise<User> => (await server.admin.get<User>(`/users/${username}`)).body;

  it('R104: a user is created by keyboard alone, with what is wrong beside the fields', async () => {
    const group = await server.createGroup(unique('testers'));
    const username = unique('anna');
    const page = await console.visitAs(admin, '/people');
    await page.getByRole('button', { name: 'New user' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'New user' });
    // The first field has the focus.
    await page.keyboard.type(username);
    await dialog.getByLabel('Password of the user').focus();
    await page.keyboard.type('too short');
    await page.keyboard.press('Enter');
    await dialog.getByRole('alert').getByText('12 characters').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'people-new-user');
    expect(await dialog.getByLabel('User name').inputValue()).toBe(username);
    await dialog.getByLabel('Password of the user').focus();
    await page.keyboard.type(' but now long enough');
    await dialog.getByRole('combobox', { name: 'Groups' }).focus();
    await page.keyboard.type(group);
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: 'Create' }).focus();
    await page.keyboard.press('Enter');
    await page.getByText(`The user ${username} is created.`).waitFor();
    expect(await stored(username)).toMatchObject({ active: true, groups: [group] });
    const login = server.as({ user: username, password: 'too short but now long enough' });
    expect((await login.get('/me')).status).toBe(200);
  });

  it('R104: a user is searched, deactivated, renamed and deleted', async () => {
    const user = await server.createUser({ username: unique('bob'), displayName: 'Bob <script>alert(1)</script>' });
    const page = await console.visitAs(admin, '/people/users');
    await page.getByLabel('Search').fill(user.username);
    await page.getByRole('row').filter({ hasText: 'Bob <script>' }).waitFor();
    await page.getByRole('button', { name: `Edit ${user.username}` }).click();
    await page.getByRole('dialog').getByLabel('Active').uncheck();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText(`The user ${user.username} is changed.`).waitFor();
    expect(await stored(user.username)).toMatchObject({ active: false });

    const renamed = unique('robert');
    await page.getByRole('button', { name: `Rename ${user.username}` }).click();
    await page.getByLabel('New user name').fill(admin.username);
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await page.getByLabel('New user name').fill(renamed);
    await page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await page.getByText(`${user.username} is now ${renamed}.`).waitFor();

    await page.getByLabel('Search').fill(renamed);
    await page.getByRole('button', { name: `Delete ${renamed}` }).click();
    await expectAccessible(page);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByText(`The user ${renamed} is deleted.`).waitFor();
    expect((await server.admin.get(`/users/${renamed}`)).status).toBe(404);
  });

  it('R104, R97: a file is tried first, shows what is wrong, and is imported when it is in order', async () => {
    const [one, two] = [unique('import'), unique('import')];
    const page = await console.visitAs(admin, '/people');
    await page.getByRole('button', { name: 'Import a file' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import users' });
    const choose = (csv: string): Promise<void> =>
      dialog
        .getByLabel('CSV file')
        .setInputFiles({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await choose(`username,email\r\n${one},one@example.com\r\n${two},no address\r\n`);
    await dialog.getByText('The file has errors').waitFor();
    await dialog.getByRole('row').filter({ hasText: '3' }).filter({ hasText: 'email' }).waitFor();
    expect(await dialog.getByRole('button', { name: 'Import' }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await takeScreenshot(page, 'people-import');
    await choose(`username,email\r\n${one},one@example.com\r\n${two},two@example.com\r\n`);
    await dialog.getByText('The file is in order: 2 new, 0 changed.').waitFor();
    expect((await server.admin.get(`/users/${one}`)).status).toBe(404);
    await dialog.getByRole('button', { name: 'Import' }).click();
    await page.getByText('Imported: 2 new, 0 changed.').waitFor();
    expect(await stored(two)).toMatchObject({ email: 'two@example.com', active: true });
  });

  it('R97: a file that is not UTF-8 is refused, and no name is damaged', async () => {
    const page = await console.visitAs(admin, '/people');
    await page.getByRole('button', { name: 'Import a file' }).click();
    const dialog = page.getByRole('dialog', { name: 'Import users' });
    await dialog.getByLabel('CSV file').setInputFiles({
      name: 'users.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`username,displayName\r\n${unique('import')},J\xfcrgen\r\n`, 'latin1'),
    });
    await dialog.getByRole('alert').getByText('Save the file as "CSV UTF-8"').waitFor();
    expect(await dialog.getByRole('button', { name: 'Import' }).isDisabled()).toBe(true);
    const name = unique('import');
    await dialog.getByLabel('CSV file').setInputFiles({
      name: 'users.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`\ufeffusername,displayName\r\n${name},J\xfcrgen\r\n`),
    });
    await dialog.getByText('The file is in order: 1 new, 0 changed.').waitFor();
    await dialog.getByRole('button', { name: 'Import' }).click();
    await page.getByText('Imported: 1 new, 0 changed.').waitFor();
    expect((await server.admin.get(`/users/${name}`)).body).toMatchObject({ displayName: 'J\xfcrgen' });
  });

  it('R104: a group is created, gets members and loses them, and is deleted unless a permission names it', async () => {
    const group = unique('operators');
    const user = await server.createUser({ username: unique('carol') });
    const page = await console.visitAs(admin, '/people/groups');
    await page.getByLabel('Name of the group').fill('a,b');
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByRole('alert').getByText('comma').waitFor();
    await page.getByLabel('Name of the group').fill(group);
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByText(`The group ${group} is created.`).waitFor();
    await page.getByRole('button', { name: `Members of ${group}` }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Add a user').fill(user.username);
    await page.keyboard.press('Enter');
    await dialog.getByRole('button', { name: `Remove ${user.username}` }).waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'people-members');
    expect((await stored(user.username)).groups).toEqual([group]);
    await dialog.getByRole('button', { name: `Remove ${user.username}` }).click();
    await dialog.getByText('Nobody is in this group yet.').waitFor();
    expect(await page.evaluate<string>('document.activeElement.tagName')).toBe('INPUT');
    await dialog.getByRole('button', { name: 'Done' }).click();

    await server.patchPermissions({ introspect: { groups: [group] } });
    await page.getByRole('button', { name: `Delete ${group}` }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await dialog.getByRole('alert').getByText('introspect').waitFor();
    await server.patchPermissions({ introspect: { groups: ['administrators'] } });
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: `Delete ${group}` }).waitFor({ state: 'hidden' });
    const { body } = await server.admin.get<{ items: readonly { name: string }[] }>('/groups?limit=200');
    expect(body.items.map(({ name }) => name)).not.toContain(group);
  });

  it('R105: people are accessible, narrow and dark', async () => {
    const page = await console.visitAs(admin, '/people', { width: 360, colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Edit admin' }).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'people-dark-360');
    await page.getByRole('tab', { name: 'Groups' }).click();
    await page.getByRole('button', { name: 'Members of administrators' }).waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
  });
});
