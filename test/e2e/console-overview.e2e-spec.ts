import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { isBrowserAvailable } from '../support/browser.js';
import { expectAccessible, expectNoSideScroll, shareConsole, takeScreenshot } from '../support/console.browser.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import type { ScopegateFixture, TestUser } from '../support/scopegate.fixture.js';

const ADDRESS = '2001:db8:ffff:ffff:ffff:ffff:ffff:fffe';
const MARKUP = '<img src=x onerror="document.title=1"> & <b>bold</b>';

/** One request through the gateway. @returns its request id */
async function send(server: ScopegateFixture, path: string, user: TestUser, method = 'GET'): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
  const answer = await fetch(`${server.url}/app${path}`, { method, headers: { authorization } });
  await answer.arrayBuffer();
  return answer.headers.get('x-request-id') ?? '';
}

describe.runIf(isBrowserAvailable())('the pages of figures and events', async () => {
  const { server, admin, visitAs } = await shareConsole();
  const upstream = await startRecordingUpstream();
  afterAll(() => upstream.stop());
  const anna = await server.createUser({ username: 'anna' });
  await server.createApplication({
    key: 'app',
    kind: 'generic',
    upstream: upstream.url,
    mount: { pathPrefix: '/app' },
    anonymous: 'allow',
    passwords: 'forward',
  });
  const token = await server.createToken({ scope: 'read-only', owner: 'anna', description: MARKUP, validity: 'P1M' });
  const withToken: TestUser = { username: 'anna', password: token.secret };
  await send(server, '/things', withToken);
  const refused = await send(server, '/things', withToken, 'POST');
  await send(server, '/things', anna);

  const open = async (path: string, heading: string, options = {}): Promise<Page> => {
    const page = await visitAs(admin, path, options);
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
    return page;
  };

  it('R103: the overview shows requests, reasons, who uses passwords, tokens that end, and the nodes', async () => {
    const page = await open('/overview', 'Overview');
    await page.getByRole('row', { name: /scope_insufficient 1/ }).waitFor();
    await page.getByRole('row', { name: /anna 1/ }).waitFor();
    await page.getByRole('cell', { name: 'live' }).waitFor();
    expect(await page.getByText(`${MARKUP} of anna`).first().isVisible()).toBe(true);
    // The chart and its table hold the same numbers.
    const chart = page.getByRole('img', { name: /^Requests:/ });
    expect(await chart.getAttribute('aria-label')).toMatch(/^Requests: \d+ in \d+ days/);
    await page.getByText('Show as a table').first().click();
    const today = new Date().toISOString().slice(0, 10);
    expect(await page.getByRole('row', { name: new RegExp(`^${today} 1 1 1 0$`) }).count()).toBe(1);
    await expectAccessible(page);
    await takeScreenshot(page, 'overview-light-1280');
    const refusals = await page.getByRole('link', { name: 'Refusals in the audit log' }).getAttribute('href');
    expect(refusals).toBe('/console/audit?outcome=denied&last=7d');
    await page.getByRole('link', { name: 'scope_insufficient' }).click();
    await page.getByRole('heading', { name: 'Audit', level: 1 }).waitFor();
    await page.getByText('POST /things').waitFor();
  });

  const pages = [
    ['/overview', 'Overview'],
    ['/all-tokens', 'All tokens'],
    ['/audit', 'Audit'],
    ['/explain', 'Explain'],
  ] as const;
  it.each(pages.flatMap((page) => [[...page, 'light'] as const, [...page, 'dark'] as const]))(
    'R105: %s (%s) fits a narrow screen, %s',
    async (path, heading, colorScheme) => {
      const page = await open(path, heading, { width: 360, colorScheme });
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      await expectNoSideScroll(page);
      await expectAccessible(page);
      await takeScreenshot(page, `${path.slice(1)}-${colorScheme}-360`);
    },
  );

  it('R104: the audit page holds its filter in the address, exports it, and opens an event', async () => {
    const page = await open('/audit?user=anna&outcome=denied', 'Audit');
    await page.getByText('POST /things').waitFor();
    expect(await page.getByRole('row').count()).toBe(2);
    const exported = await page.getByRole('link', { name: 'Export CSV' }).getAttribute('href');
    expect(exported).toMatch(/^\/api\/v1\/audit-events\/export\?outcome=denied&user=anna&from=.*&format=csv$/);
    await page.getByLabel('Outcome').selectOption('allowed');
    await page.getByText('GET /things').waitFor();
    expect(new URL(page.url()).searchParams.get('outcome')).toBe('allowed');
    await page.getByRole('row').nth(1).getByRole('button').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('authentication.succeeded').first().waitFor();
    // What others chose is text.
    expect(await dialog.innerText()).toContain(MARKUP);
    expect(await page.title()).toBe('Audit · Scopegate');
    await expectAccessible(page);
    await takeScreenshot(page, 'audit-event-1280');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('R104: a live list shows what happens meanwhile', async () => {
    const page = await open('/audit?q=happens-meanwhile', 'Audit');
    await page.getByText('No event matches').waitFor();
    await page.getByLabel('Live: ask every two seconds').check();
    await send(server, '/happens-meanwhile', withToken);
    await page.getByText('GET /happens-meanwhile').waitFor();
    expect(await page.getByText('No event matches').count()).toBe(0);
  });

  it('R101: an administrator sees the true reason of a request id, stage by stage, by keyboard alone', async () => {
    const page = await open('/explain', 'Explain');
    await page.getByRole('textbox', { name: 'Request id' }).focus();
    await page.keyboard.type(refused);
    await page.keyboard.press('Enter');
    const stages = page.getByRole('list', { name: 'Stages of the judgement' });
    await stages.getByText('refused here').waitFor();
    expect(await stages.getByRole('listitem').filter({ hasText: 'refused here' }).innerText()).toMatch(/Scope/);
    expect(await stages.getByText('passed').count()).toBeGreaterThan(3);
    await expectAccessible(page);
    await takeScreenshot(page, 'explain-1280');
    await page.getByRole('textbox', { name: 'Request id' }).fill('no-such-request');
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await page.getByRole('alert').waitFor();
  });

  it('R41: a request that might be made is judged without being sent', async () => {
    upstream.clear();
    const page = await open('/explain', 'Explain');
    await page.getByLabel('Application', { exact: true }).fill('app');
    await page.getByLabel('Peer address').fill('203.0.113.7');
    await page.getByLabel('Token id').fill(token.id);
    await page.getByRole('button', { name: 'Judge it' }).click();
    await page.getByText('Allowed', { exact: true }).waitFor();
    expect(upstream.requests.length).toBe(0);
  });

  it('R103: tokens that need a look are found, and several are revoked at once', async () => {
    const made = [];
    for (const description of ['first of many', 'second of many']) {
      made.push(await server.createToken({ scope: 'read-only', owner: 'anna', description, validity: 'P1M' }));
    }
    const page = await open('/all-tokens?look=never-used&q=of+many', 'All tokens');
    await page.getByLabel('Choose first of many of anna').check();
    await page.getByLabel('Choose second of many of anna').check();
    await page.getByRole('button', { name: 'Revoke 2' }).click();
    const dialog = page.getByRole('dialog', { name: 'Revoke these 2 tokens?' });
    await dialog.getByText('second of many of anna').waitFor();
    await expectAccessible(page);
    await dialog.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('2 tokens are revoked, on every node.').waitFor();
    for (const { secret } of made) {
      const answer = await fetch(`${server.url}/app/x`, { headers: { authorization: `Bearer ${secret}` } });
      expect(answer.status).toBe(401);
    }
  });

  it('R99: a page that nobody looks at asks nothing after five minutes, and goes on with the next input', async () => {
    const page = await open('/overview', 'Overview');
    await page.clock.install();
    let asked = 0;
    page.on('request', (request) => {
      if (new URL(request.url()).pathname === '/api/v1/nodes') asked += 1;
    });
    await page.reload();
    await page.getByRole('cell', { name: 'live' }).waitFor();
    const whileThere = asked;
    await page.clock.fastForward('00:11');
    await expect.poll(() => asked).toBeGreaterThan(whileThere);
    await page.clock.fastForward('05:00');
    await page.getByRole('cell', { name: 'live' }).waitFor();
    // What was asked before the five minutes were over has come by now.
    await page.evaluate(() => fetch('/api/v1/session').then((answer) => answer.status));
    const whenGone = asked;
    for (let minute = 0; minute < 3; minute += 1) await page.clock.fastForward('01:00');
    await page.evaluate(() => fetch('/api/v1/session').then((answer) => answer.status));
    expect(asked).toBe(whenGone);
    await page.keyboard.press('Shift');
    await page.clock.fastForward('00:11');
    await expect.poll(() => asked).toBeGreaterThan(whenGone);
  });

  it('R99: after a cancelled login, a live list does not ask for it again on its own', async () => {
    const page = await open('/audit', 'Audit');
    await page.getByLabel('Live: ask every two seconds').check();
    await page.context().clearCookies();
    const dialog = page.getByRole('dialog', { name: 'Log in again' });
    await dialog.waitFor();
    await page.clock.install();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.clock.fastForward('00:30');
    await page.evaluate(() => fetch('/api/v1/session').then((answer) => answer.status));
    expect(await dialog.count()).toBe(0);
    // Whoever wants something is asked again.
    await page.getByLabel('Outcome').selectOption('denied');
    await dialog.getByLabel('Password').fill(admin.password);
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('POST /things').first().waitFor();
  });

  it('R105: two filters are chosen in a row by keyboard, and texts follow the address', async () => {
    const page = await open('/audit?user=anna', 'Audit');
    await page.getByLabel('Outcome').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Loading…').first().waitFor({ state: 'detached' });
    const focused = (): Promise<string> =>
      page.evaluate<string>('document.activeElement.labels?.[0]?.textContent ?? document.activeElement.tagName');
    expect(await focused()).toBe('Outcome');
    await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    expect(await focused()).toBe('Event');
    const { searchParams } = new URL(page.url());
    expect([...searchParams.keys()].sort()).toEqual(['last', 'outcome', 'type', 'user']);
    // What is typed and not applied yet is applied with the next choice.
    await page.getByLabel('Reason').fill(' no-such-reason ');
    await page.getByLabel('Door').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('No event matches').waitFor();
    expect(new URL(page.url()).searchParams.get('code')).toBe('no-such-reason');
    await page.getByRole('link', { name: 'show the last 24 hours' }).click();
    await page.getByRole('row').nth(1).waitFor();
    expect(await page.getByLabel('User', { exact: true }).inputValue()).toBe('');
    expect(await page.getByLabel('Reason').inputValue()).toBe('');
    await page.goto(`${server.managementUrl}/console/all-tokens`);
    await page.getByLabel('State').focus();
    await page.keyboard.press('ArrowDown');
    await page.getByText('Loading…').first().waitFor({ state: 'detached' });
    expect(await focused()).toBe('State');
  });

  it('R104: what is shown stays when a live list gets no answer, and it goes on by itself', async () => {
    const page = await open('/audit?user=anna&outcome=denied', 'Audit');
    await page.getByText('POST /things').waitFor();
    await page.getByText(/^Times: \w+/).waitFor();
    await page.getByLabel('Live: ask every two seconds').check();
    await page.getByText('POST /things').waitFor();
    await page.route('**/api/v1/audit-events?*', (route) => route.fulfill({ status: 500, body: '{}' }));
    await page.getByRole('alert').waitFor();
    expect(await page.getByText('POST /things').count()).toBe(1);
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await page.unroute('**/api/v1/audit-events?*');
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByText('POST /things').waitFor();
  });

  it('R104: a list that could not be fetched is asked for again by a button', async () => {
    const page = await open('/overview', 'Overview');
    await page.route('**/api/v1/audit-events?*', (route) => route.fulfill({ status: 500, body: '{}' }));
    await page.goto(`${server.managementUrl}/console/audit?user=anna&outcome=denied`);
    await page.getByRole('alert').waitFor();
    await page.unroute('**/api/v1/audit-events?*');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('POST /things').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('R105: long paths and IPv6 addresses stay whole in the audit table, wide and narrow', async () => {
    const path = `/rest/api/2/issue/${'A-1234-'.repeat(20)}/attachments/a-file-with-a-long-name.tar.gz`;
    await send(server, path, withToken, 'DELETE');
    for (const width of [1280, 360]) {
      const page = await open('/audit?user=anna&outcome=denied', 'Audit', { width });
      await page.route('**/api/v1/audit-events?*', async (route) => {
        const answer = await route.fetch();
        const { items, ...rest } = (await answer.json()) as { readonly items: readonly object[] };
        const body = { ...rest, items: items.map((item) => ({ ...item, clientIp: ADDRESS })) };
        await route.fulfill({ response: answer, json: body });
      });
      await page.reload();
      await page.getByText(ADDRESS).first().waitFor();
      await page.getByText('DELETE /rest/api/2/issue').waitFor();
      await expectNoSideScroll(page);
      await takeScreenshot(page, `audit-long-${width}`);
    }
  });

  it('R103: what the server does not answer is said in the page', async () => {
    const page = await open('/overview', 'Overview');
    await page.route('**/api/v1/reports/usage*', (route) => route.fulfill({ status: 503, body: '{}' }));
    await page.reload();
    await page.getByRole('alert').first().waitFor();
    await expectAccessible(page);
  });
});
