import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { basic, bearer, type TestToken, type TestUser } from '../support/scopegate.fixture.js';

const MARKUP = '<img src=x onerror="document.title=1"><b>bold</b>';

interface Owner {
  readonly user: TestUser;
  readonly token: TestToken;
}

interface Sent {
  readonly status: number;
  readonly requestId: string;
}

describe.runIf(isBrowserAvailable())('my requests', async () => {
  const { server, admin, visitAs } = await shareConsole();
  const upstream = await startRecordingUpstream();
  await server.createApplication({
    key: 'jira',
    name: 'Our Jira',
    mount: { pathPrefix: '/jira' },
    upstream: upstream.url,
  });
  await server.createApplication({ key: 'wiki', name: 'Wiki', mount: { pathPrefix: '/wiki' }, upstream: upstream.url });

  const prepare = async (description = 'nightly report'): Promise<Owner> => {
    const user = await server.createUser();
    return { user, token: await server.createToken({ owner: user.username, scope: 'read-only', description }) };
  };
  const send = async (token: TestToken, method: string, path: string): Promise<Sent> => {
    const answer = await fetch(`${server.url}${path}`, { method, headers: [[...bearer(token.secret)]] });
    return { status: answer.status, requestId: answer.headers.get('x-request-id') ?? '' };
  };
  const row = (page: Page, name: string) => page.getByRole('row').filter({ hasText: name });

  it('R101: by pointer: a refusal is found in the list, and explained with its stages', async () => {
    const { user, token } = await prepare();
    expect((await send(token, 'GET', '/jira/rest/api/2/myself')).status).toBe(200);
    expect((await send(token, 'POST', '/jira/rest/api/2/issue')).status).toBe(403);
    const page = await visitAs(user, '/requests');
    await row(page, '/rest/api/2/myself').getByText('allowed').waitFor();
    const denied = row(page, '/rest/api/2/issue');
    await denied.getByText('denied').waitFor();
    await expectAccessible(page);
    await takeScreenshot(page, 'requests-list-1280');
    await denied.getByRole('link', { name: 'Explain' }).click();
    await page.getByText('The scope of the token does not allow this').waitFor();
    const stages = page.getByRole('list', { name: 'Stages of the judgement' }).getByRole('listitem');
    const told = await stages.allInnerTexts();
    const refused = told.findIndex((text) => text.includes('refused here'));
    expect(told[refused]).toContain('Scope');
    expect(told.slice(0, refused).every((text) => text.includes('passed'))).toBe(true);
    expect(told.slice(refused + 1).every((text) => text.includes('not reached'))).toBe(true);
    expect(told.length).toBeGreaterThan(refused + 1);
    await page.getByText('What to do:').waitFor();
    const more = page.getByRole('link', { name: 'More about scope_insufficient' });
    expect(await more.getAttribute('href')).toBe('/docs/problems/scope_insufficient');
    await expectAccessible(page);
    await takeScreenshot(page, 'requests-explained-1280');
    await page.goBack();
    await page.getByRole('heading', { name: 'My requests' }).waitFor();
  });

  it('R101: by keyboard alone: the pasted id of a refusal is explained', async () => {
    const { user, token } = await prepare();
    await server.revokeToken(token.id);
    const { status, requestId } = await send(token, 'GET', '/jira/rest/api/2/myself');
    expect(status).toBe(401);
    const page = await visitAs(user, '/requests');
    await page.getByLabel('Request id').focus();
    await page.keyboard.type(`X-Request-Id: ${requestId}`);
    await page.keyboard.press('Enter');
    await page.getByText('The token has been revoked').first().waitFor();
    expect(new URL(page.url()).pathname).toBe(`/console/requests/${requestId}`);
    await expectAccessible(page);
  });

  it('R101: filters by outcome, application, code and text, kept in the address', async () => {
    const { user, token } = await prepare();
    await send(token, 'GET', '/jira/rest/api/2/myself');
    await send(token, 'POST', '/jira/rest/api/2/issue');
    await send(token, 'GET', '/wiki/rest/api/2/page');
    const page = await visitAs(user, '/requests');
    await row(page, '/rest/api/2/page').waitFor();
    await page.getByLabel('Application', { exact: true }).selectOption({ label: 'Our Jira' });
    await row(page, '/rest/api/2/page').waitFor({ state: 'detached' });
    await row(page, '/rest/api/2/myself').waitFor();
    await page.getByLabel('Outcome', { exact: true }).selectOption('denied');
    await row(page, '/rest/api/2/myself').waitFor({ state: 'detached' });
    await row(page, '/rest/api/2/issue').waitFor();
    await page.getByLabel('Code', { exact: true }).fill('scope_insufficient');
    await page.getByRole('search').getByLabel('Search', { exact: true }).fill('issue');
    await page.keyboard.press('Enter');
    await expect
      .poll(() => new URL(page.url()).search)
      .toBe('?last=24h&outcome=denied&application=jira&code=scope_insufficient&q=issue');
    await page.reload();
    await row(page, '/rest/api/2/issue').waitFor();
    expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe('scope_insufficient');
    await page.getByLabel('Code', { exact: true }).fill('token_expired');
    await page.keyboard.press('Enter');
    await page.getByText('No request matches.').waitFor();
    await expectAccessible(page);
  });

  it('R101: a wrong id gets a kind answer, and so does what is no id', async () => {
    const { user } = await prepare();
    const page = await visitAs(user, '/requests/never-was-one');
    await page.getByText('There is no such request of yours').waitFor();
    expect(await page.getByRole('alert').filter({ hasText: /./ }).count()).toBe(0);
    await expectAccessible(page);
    await takeScreenshot(page, 'requests-unknown');
    await page.getByLabel('Request id').fill(MARKUP);
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('alert').getByText('This is no request id.').waitFor();
    await expectAccessible(page);
    await page.goto(`${server.url}/console/requests/${encodeURIComponent(MARKUP)}`);
    await page.getByText('There is no such request of yours').waitFor();
    expect(await page.locator('img, b').count()).toBe(0);
  });

  it('R101: the request of another user is not shown, and a guess with a name neither', async () => {
    const { user, token } = await prepare();
    const { requestId } = await send(token, 'POST', '/jira/rest/api/2/secret-plan');
    const guess = await fetch(`${server.url}/jira/rest/api/2/myself`, {
      headers: [[...basic(user.username, `${token.secret.slice(0, -1)}x`)]],
    });
    expect(guess.status).toBe(401);
    const other = await server.createUser();
    const page = await visitAs(other, `/requests/${requestId}`);
    await page.getByText('There is no such request of yours').waitFor();
    expect(await page.content()).not.toContain('secret-plan');
    await page.goto(`${server.url}/console/requests`);
    await page.getByRole('heading', { name: 'My requests' }).waitFor();
    await page.getByRole('table', { name: 'My requests' }).waitFor();
    expect(await page.content()).not.toContain('secret-plan');
  });

  it('R101: an administrator sees the true reason, and the owner the public one', async () => {
    const { user, token } = await prepare();
    const somebody = await server.createUser();
    const answer = await fetch(`${server.url}/jira/rest/api/2/myself`, {
      headers: [[...basic(somebody.username, token.secret)]],
    });
    const requestId = answer.headers.get('x-request-id') ?? '';
    const page = await visitAs(admin, `/requests/${requestId}`);
    await page.getByText('owner_mismatch').waitFor();
    await expectAccessible(page);
    const own = await visitAs(user, `/requests/${requestId}`);
    await own.getByRole('heading', { name: 'Why was this refused?' }).waitFor();
    await own.getByText('There is no such request of yours').or(own.getByText('credential_invalid').first()).waitFor();
    expect(await own.content()).not.toContain('owner_mismatch');
  });

  it('R101: markup in a path and in a description is shown as text', async () => {
    const { user, token } = await prepare(MARKUP);
    const { requestId } = await send(token, 'POST', '/jira/rest/api/2/%3Cb%3Ebold');
    const page = await visitAs(user, '/requests');
    await row(page, MARKUP).first().waitFor();
    expect(await page.locator('img, b').count()).toBe(0);
    await page.goto(`${server.url}/console/requests/${requestId}`);
    await page.getByText('What to do:').waitFor();
    expect(await page.locator('img, b').count()).toBe(0);
    expect(await page.title()).toContain('Why was this refused?');
  });

  it('R101: a problem that the console shows leads to its explanation', async () => {
    const user = await server.createUser();
    const page = await visitAs(user, '/tokens/new');
    await page.route('**/api/v1/tokens', (route) =>
      route.fulfill({
        status: 403,
        contentType: 'application/problem+json',
        json: {
          type: '/docs/problems/exceeds_parent_token',
          title: 'The token would exceed its parent',
          status: 403,
          detail: 'Ask for less.',
          code: 'exceeds_parent_token',
          requestId: 'of-this-problem',
        },
      }),
    );
    await page.getByLabel('Description').fill('x');
    await page.getByLabel('Read only').check();
    await page.getByRole('button', { name: 'Create the token' }).click();
    const link = page.getByRole('alert').getByRole('link', { name: 'Why was this refused?' });
    await link.waitFor();
    // In a tab of its own: nothing that was typed is lost.
    const [opened] = await Promise.all([page.context().waitForEvent('page'), link.click()]);
    await opened.getByRole('heading', { name: 'Why was this refused?' }).waitFor();
    expect(new URL(opened.url()).pathname).toBe('/console/requests/of-this-problem');
    expect(await page.getByLabel('Description').inputValue()).toBe('x');
  });

  it.each([
    ['light', 360],
    ['dark', 360],
    ['dark', 1280],
  ] as const)('R101, R105: the pages are accessible, %s at %i', async (colorScheme, width) => {
    const { user, token } = await prepare();
    await send(token, 'GET', `/jira/rest/api/2/${'a-very-long-path-without-a-place-to-break/'.repeat(4)}`);
    const { requestId } = await send(token, 'POST', '/jira/rest/api/2/issue');
    const page = await visitAs(user, '/requests', { width, colorScheme });
    await row(page, '/rest/api/2/issue').waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, `requests-list-${colorScheme}-${width}`);
    await page.goto(`${server.url}/console/requests/${requestId}`);
    await page.getByText('What to do:').waitFor();
    await expectAccessible(page);
    await expectNoSideScroll(page);
    await takeScreenshot(page, `requests-explained-${colorScheme}-${width}`);
  });
});
