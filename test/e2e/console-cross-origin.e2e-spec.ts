import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { BrowserSessionEntity } from '../../src/sessions/browser-session.entity.js';
import { isBrowserAvailable } from '../support/browser.js';
import { shareConsole } from '../support/console.browser.js';
import { startForeignSite, type ForeignSite } from '../support/foreign-site.server.js';
import { startRecordingProxy, type RecordedExchange, type RecordingProxy } from '../support/recording.proxy.js';
import type { TestUser } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

/** What a page of another origin does; it has the victim's browser, and the cookies that the browser lets it have. */
interface Attack {
  readonly name: string;
  /** Of the foreign site. Default `/`. */
  readonly page?: string;
  /** In the page. @returns JavaScript */
  readonly script: (api: string, attacker: TestUser) => string;
  /** The method and path of the request that the server gets; null: the browser does not send it. */
  readonly sends: string | null;
}

const GROUP = '{"name":"made-by-another-site"}';

/** Posts a form, and leaves the page. */
const form = (action: string, type: string, fields: Readonly<Record<string, string>>, more = ''): string => `
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: ${JSON.stringify(action)}, enctype: ${JSON.stringify(type)} });
  for (const [name, value] of Object.entries(${JSON.stringify(fields)})) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }));
  }
  ${more}
  document.body.append(form);
  form.submit();`;

/** A form of text/plain is JSON that ends in a member of no use. */
const asJson = (json: string): Readonly<Record<string, string>> => ({ [`${json.slice(0, -1)},"x":"`]: '"}' });

/** The result is kept in the page. */
const send = (url: string, init: Readonly<Record<string, unknown>>): string => `
  window.result = fetch(${JSON.stringify(url)}, { credentials: 'include', ...${JSON.stringify(init)} })
    .then((answer) => answer.type, (error) => error.name);`;

const ATTACKS: readonly Attack[] = [
  {
    name: 'a form, urlencoded',
    script: (api) => form(`${api}/groups`, 'application/x-www-form-urlencoded', { name: 'made-by-another-site' }),
    sends: 'POST /api/v1/groups',
  },
  {
    name: 'a form, multipart',
    script: (api) => form(`${api}/groups`, 'multipart/form-data', { name: 'made-by-another-site' }),
    sends: 'POST /api/v1/groups',
  },
  {
    name: 'a form that is JSON',
    script: (api) => form(`${api}/groups`, 'text/plain', asJson(GROUP)),
    sends: 'POST /api/v1/groups',
  },
  {
    name: 'a form of a page without a referrer',
    page: '/no-referrer',
    script: (api) => form(`${api}/groups`, 'text/plain', asJson(GROUP)),
    sends: 'POST /api/v1/groups',
  },
  {
    name: 'a form that is redirected with its body',
    script: (api) => form(`/redirect?to=${encodeURIComponent(`${api}/groups`)}`, 'text/plain', asJson(GROUP)),
    sends: 'POST /api/v1/groups',
  },
  {
    name: 'a form into a frame',
    script: (api) =>
      form(
        `${api}/groups`,
        'text/plain',
        asJson(GROUP),
        `
        document.body.append(Object.assign(document.createElement('iframe'), { name: 'sink' }));
        form.target = 'sink';`,
      ),
    sends: 'POST /api/v1/groups',
  },
  {
    name: 'a login as the attacker',
    script: (api, attacker) => form(`${api}/session`, 'text/plain', asJson(JSON.stringify(attacker))),
    sends: 'POST /api/v1/session',
  },
  {
    name: 'a guess of the password',
    script: (api) => form(`${api}/session/step-up`, 'text/plain', asJson('{"password":"a guess of a password"}')),
    sends: 'POST /api/v1/session/step-up',
  },
  ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'].map((type): Attack => ({
    name: `a fetch that nobody reads, ${type}`,
    script: (api) =>
      send(`${api}/groups`, { method: 'POST', mode: 'no-cors', body: GROUP, headers: { 'Content-Type': type } }),
    sends: 'POST /api/v1/groups',
  })),
  {
    name: 'a beacon',
    script: (api) => `navigator.sendBeacon(${JSON.stringify(`${api}/groups`)}, ${JSON.stringify(GROUP)});`,
    sends: 'POST /api/v1/groups',
  },
  ...(
    [
      ['POST', '/groups', 'application/json', GROUP],
      ['PATCH', '/settings', 'application/merge-patch+json', '{"passwords":{"enabled":false}}'],
      ['PUT', '/permissions', 'application/json', '{}'],
      ['DELETE', '/session', null, null],
    ] as const
  ).map(([method, path, type, body]): Attack => ({
    name: `${method} ${path} by a fetch`,
    script: (api) =>
      send(`${api}${path}`, { method, ...(body === null ? {} : { body, headers: { 'Content-Type': type } }) }),
    sends: null,
  })),
];

const answerOf = (exchange: RecordedExchange | undefined): string => `${exchange?.status} ${exchange?.code}`;

describe.runIf(isBrowserAvailable())('pages of another origin', async () => {
  const { server, admin, visitAs } = await shareConsole();
  let proxy: RecordingProxy;
  let site: ForeignSite;
  let attacker: TestUser;

  beforeAll(async () => {
    proxy = await startRecordingProxy(server.managementPort);
    site = await startForeignSite();
    attacker = await server.createUser();
  });
  afterAll(async () => {
    await site.stop();
    await proxy.stop();
  });

  /** Whatever an attack could change. */
  async function state(): Promise<unknown> {
    const lists = ['/groups', '/users', '/tokens', '/settings', '/permissions', '/applications'];
    const answers = await Promise.all(lists.map((path) => server.admin.get(path)));
    const sessions = await server
      .provider(UnitOfWork)
      .read((manager) => manager.find(BrowserSessionEntity, { order: { id: 'ASC' } }));
    return [
      answers.map(({ body }) => body),
      sessions.map(({ id, userId, authenticatedAtMs }) => [id, userId, authenticatedAtMs]),
    ];
  }

  /**
   * In a new tab, which stays open: Chromium can hang while it closes one whose page is just being replaced.
   * @returns the answer of the server, or the error in the page if the server gets nothing
   */
  async function attack(context: BrowserContext, foreign: string, api: string, one: Attack): Promise<string> {
    const page = await context.newPage();
    await page.goto(`${foreign}${one.page ?? '/'}`);
    const seen = proxy.exchanges.length;
    await page.evaluate(`(() => { ${one.script(api, attacker)} })()`).catch((error: unknown) => {
      // A form can leave the page before its script has returned. What counts is what the server gets.
      if (!String(error).includes('Execution context was destroyed')) throw error;
    });
    const found = (): RecordedExchange | undefined =>
      proxy.exchanges.slice(seen).find(({ method, path }) => `${method} ${path}` === one.sends);
    if (one.sends !== null) await until(() => found() !== undefined);
    return one.sends === null ? page.evaluate<string>('window.result') : answerOf(found());
  }

  // `gate.test` is plain http as in a company: there, browsers send no `Sec-Fetch-Site`.
  it.each([
    ['127.0.0.1', '127.0.0.1', 'another port of the host', true],
    ['127.0.0.1', 'localhost', 'another name of the host', false],
    ['gate.test', 'evil.test', 'another site, by plain http', false],
    ['gate.test', 'gate.test', 'another port of the host, by plain http', true],
    ['gate.test', 'pages.gate.test', 'another name of the site, by plain http', true],
  ])('R99: change nothing, and the server refuses them: %s, %s: %s', async (host, foreignHost, _name, hasCookie) => {
    const url = `http://${host}:${proxy.port}`;
    const victim = await visitAs(admin, '/tokens', { url });
    const foreign = `http://${foreignHost}:${site.port}`;
    const before = await state();
    const cookies = await victim.context().cookies(url);
    const answers: Record<string, string> = {};
    const expected: Record<string, string> = {};
    for (const one of ATTACKS) {
      answers[one.name] = await attack(victim.context(), foreign, `${url}/api/v1`, one);
      // Without the cookie, a request is one without a credential; a login is one in any case.
      const refusal =
        hasCookie || one.sends === 'POST /api/v1/session' ? '403 cross_origin_refused' : '401 authentication_required';
      expected[one.name] = one.sends === null ? 'TypeError' : refusal;
    }
    expect(answers).toEqual(expected);
    expect(await state()).toEqual(before);
    expect(await victim.context().cookies(url)).toEqual(cookies);
    // The answer to what the browser asks before such a request allows nothing, so nothing follows.
    const methods = proxy.exchanges.map(({ method }) => method);
    expect(methods).toContain('OPTIONS');
    expect(methods.filter((method) => ['PATCH', 'PUT', 'DELETE'].includes(method))).toEqual([]);
    await victim.reload();
    await victim.getByRole('heading', { name: 'My tokens' }).waitFor();
  });

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['gate.test', 'pages.gate.test'],
  ])('R99: read nothing, show no page of the console in a frame, and may link to it: %s', async (host, foreignHost) => {
    const url = `http://${host}:${proxy.port}`;
    const victim = await visitAs(admin, '/tokens', { url });
    const page = await victim.context().newPage();
    const before = await state();
    await page.goto(`http://${foreignHost}:${site.port}/`);

    await page.evaluate(send(`${url}/api/v1/me`, {}));
    expect(await page.evaluate('window.result')).toBe('TypeError');
    for (const tag of ['img', 'script']) {
      const loaded = await page.evaluate<string>(`new Promise((resolve) => {
        const element = document.createElement(${JSON.stringify(tag)});
        element.onload = () => resolve('loaded');
        element.onerror = () => resolve('nothing');
        element.src = ${JSON.stringify(`${url}/api/v1/settings`)};
        document.body.append(element);
      })`);
      expect(loaded, tag).toBe('nothing');
    }

    const blocked = page.waitForEvent('console', {
      predicate: (message) => message.type() === 'error' && message.text().includes('frame'),
    });
    await page.evaluate(
      `document.body.append(Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(`${url}/console/`)} }))`,
    );
    expect((await blocked).text()).toContain("frame-ancestors 'none'");
    expect(page.frames().map((frame) => frame.url())).not.toContain(`${url}/console/`);

    await page.evaluate(`location.href = ${JSON.stringify(`${url}/console/tokens`)}`);
    await page.getByRole('heading', { name: 'My tokens' }).waitFor();
    expect(await state()).toEqual(before);
  });
});
