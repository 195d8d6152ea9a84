import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { unique } from '../support/each-database.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';

interface Application {
  readonly key: string;
  readonly name: string;
  readonly kind: string;
  readonly upstream: string;
  readonly mount: object;
  readonly identity: object;
  readonly passwords: string;
  readonly timeoutMs: number;
  readonly readOnlyExceptions: readonly { readonly method: string; readonly path: string }[];
  readonly tokenPaths: readonly { readonly path: string }[];
  readonly blockedPaths: readonly { readonly method?: string; readonly path: string }[];
}

const TRIED = 'The warnings show what your changes would do.';

describe.runIf(isBrowserAvailable())('the applications in the console', async () => {
  const console = await shareConsole();
  const { server, admin } = console;
  const upstream = await startRecordingUpstream();
  afterAll(() => upstream.stop());

  const stored = async (key: string): Promise<Application> =>
    (await server.admin.get<Application>(`/applications/${key}`)).body;
  const generic = (members: object = {}): Promise<string> =>
    server.createApplication({
      kind: 'generic',
      upstream: upstream.url,
      mount: { pathPrefix: `/${unique('app')}` },
      ...members,
    });
  const save = async (page: Page): Promise<void> => {
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved. It takes effect').waitFor();
  };

  it('R104: an application is made from a preset by keyboard alone, and shows what was filled in', async () => {
    const page = await console.visitAs(admin, '/applications');
    await page.getByRole('link', { name: 'Protect an application' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Protect an application' }).waitFor();
    await expectAccessible(page);
    await page.getByLabel('Jira Data Center and Server').focus();
    await page.keyboard.press('Space');
    const key = unique('jira');
    await page.getByLabel('Where it lives').focus();
    await page.keyboard.type('no address');
    await page.getByLabel('Key', { exact: true }).focus();
    await page.keyboard.type(key);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('http').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'applications-new');
    // Nothing that was typed is lost.
    expect(await page.getByLabel('Key', { exact: true }).inputValue()).toBe(key);
    await page.getByLabel('Where it lives').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(`${upstream.url}/jira`);
    await page.getByLabel('Let read-only tokens make the proposed calls').focus();
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Protect', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Jira Data Center and Server is protected' }).waitFor();
    await page.getByText('The personal access tokens of Jira itself still work').waitFor();
    await page.getByText('Credential of each user').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'applications-created');
    const made = await stored(key);
    expect(made).toMatchObject({ kind: 'jira', mount: { pathPrefix: `/${key}` }, upstream: `${upstream.url}/jira` });
    expect(made.readOnlyExceptions.length).toBeGreaterThan(3);
  });

  it('R104: a test call says in words what it found and what to do', async () => {
    const key = await generic({ kind: 'jira' });
    const page = await console.visitAs(admin, `/applications/${key}`);
    upstream.respondWith(({ target }) =>
      target.endsWith('/rest/api/2/myself') ? { status: 200, body: '{"name":"admin"}' } : { status: 404 },
    );
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('It works: the application answers, and sees the user as admin.').waitFor();
    await expectAccessible(page);
    upstream.respondWith(() => ({ status: 401 }));
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page.getByText('The application answers, but does not believe who the user is.').waitFor();
    expect(await page.getByRole('alert').getByRole('listitem').count()).toBeGreaterThan(0);
    await takeScreenshot(page, 'applications-check');
    await page.getByLabel('As user').fill('nobody-of-this-name');
    await page.getByRole('button', { name: 'Test', exact: true }).click();
    await page
      .getByRole('alert')
      .getByText('nobody-of-this-name')
      .or(page.getByRole('alert').getByText(/user/i))
      .first()
      .waitFor();
  });

  it('R104: members are changed in fields, warnings stand beside them, and a secret is kept', async () => {
    const secret = 'a-secret-that-nobody-sees';
    const key = await generic({ identity: { mode: 'headers', headers: { 'X-Api-Key': { secret } } } });
    const page = await console.visitAs(admin, `/applications/${key}`);
    await page.getByText('No identity header contains the user').waitFor();
    await page.getByLabel('Requests with a password').selectOption('forward');
    await page.getByText('Requests with a user name and password are forwarded').waitFor();
    await page.getByRole('button', { name: 'Add a header' }).click();
    await page.getByLabel('Name of header 2').fill('X-Remote-User');
    await page.getByLabel('Value of X-Remote-User').fill('{username}');
    await page.getByLabel('Calls that count as reads').fill('POST /search\nreport /calendar/*');
    await page.getByLabel('Blocked paths').fill('/admin/**\nDELETE /everything');
    await page.getByLabel('All other members, as JSON').fill('{"timeoutMs": 5000}');
    await page.getByText(TRIED).waitFor();
    await page.getByText('No identity header contains the user').waitFor({ state: 'hidden' });
    await expectAccessible(page);
    await takeScreenshot(page, 'applications-edit');
    expect(await page.content()).not.toContain(secret);
    await save(page);
    expect(await stored(key)).toMatchObject({
      passwords: 'forward',
      timeoutMs: 5000,
      readOnlyExceptions: [
        { method: 'POST', path: '/search' },
        { method: 'REPORT', path: '/calendar/*' },
      ],
      blockedPaths: [{ path: '/admin/**' }, { method: 'DELETE', path: '/everything' }],
      identity: { headers: { 'X-Api-Key': { secret: '********' }, 'X-Remote-User': '{username}' } },
    });
    // The upstream still gets the secret that was stored before.
    upstream.respondWith(() => ({ status: 200 }));
    await server.admin.post(`/applications/${key}/check`, {});
    expect(upstream.requests.map((request) => request.header('X-Api-Key'))).toContain(secret);
  });

  it('R104: proposals are chosen by name, and JSON that is wrong is said beside it', async () => {
    const key = await generic({ kind: 'jira' });
    const page = await console.visitAs(admin, `/applications/${key}`);
    await page.getByLabel('search', { exact: true }).check();
    expect(await page.getByLabel('Calls that count as reads').inputValue()).toContain('POST /rest/api/2/search');
    const json = page.getByLabel('All other members, as JSON');
    await json.fill('{"timeoutMs": ');
    await page.getByText('This is not a JSON object yet').waitFor();
    await json.fill('{"name": "Another name"}');
    await page.getByText('Change “name” in its field above').waitFor();
    await json.fill('{"timeoutMs": "soon", "colour": 1}');
    await page.getByRole('alert').getByText('timeoutMs:').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'applications-json');
    await json.fill('{}');
    await page.getByText(TRIED).waitFor();
    await save(page);
    const { readOnlyExceptions, timeoutMs } = await stored(key);
    expect(readOnlyExceptions).toContainEqual({ method: 'POST', path: '/rest/api/2/search' });
    expect(timeoutMs).toBe(60_000);
  });

  it('R104: a service account is set by its kind, and its secret is never shown', async () => {
    const key = await generic();
    const secret = 'a-token-of-the-service-account';
    const page = await console.visitAs(admin, `/applications/${key}`);
    await page.getByLabel('A credential of the application').check();
    await page.getByLabel('Each user stores a credential').uncheck();
    await page.getByLabel('Kind of credential').selectOption('basic');
    await page.getByLabel('User name of the account').fill('robot');
    await page.getByLabel('Secret', { exact: true }).fill(secret);
    await page.getByText(TRIED).waitFor();
    await page.getByText('Every token acts as the service account itself').waitFor();
    await save(page);
    await page.reload();
    await page.getByLabel('User name of the account').waitFor();
    expect(await page.getByLabel('Secret', { exact: true }).inputValue()).toBe('');
    expect(await page.content()).not.toContain(secret);
    expect((await stored(key)).identity).toMatchObject({
      mode: 'credential',
      perUser: false,
      service: { type: 'basic' },
    });
  });

  it('R104: an application is deleted after a question, and names full of markup are text', async () => {
    const name = '<b onclick=alert(1)>Reports</b>';
    const key = await generic({ name });
    const page = await console.visitAs(admin, `/applications/${key}`);
    await page.getByRole('heading', { name, exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: `Delete ${key}?` });
    await dialog.waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect((await server.admin.get(`/applications/${key}`)).status).toBe(200);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { name: 'Applications', exact: true }).waitFor();
    expect((await server.admin.get(`/applications/${key}`)).status).toBe(404);
  });

  it('R105: the applications are accessible, narrow and dark', async () => {
    const key = await generic({ kind: 'jira', name: 'Jira' });
    const look = { width: 360, colorScheme: 'dark' } as const;
    const page = await console.visitAs(admin, '/applications', look);
    await page.getByRole('link', { name: 'Jira', exact: true }).first().waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'applications-dark-360');
    await page.goto(`${server.managementUrl}/console/applications/${key}`);
    await page.getByLabel('Token paths').waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, 'application-dark-360');
  });
});
