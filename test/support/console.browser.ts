import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { AxeResults } from 'axe-core';
import { isLoopbackHost } from '@scopegate/network';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, expect } from 'vitest';
import { BROWSER_FLAGS } from './browser.js';
import { shareServer } from './gateway-test.js';
import { findProgram } from './private-process.js';
import type { FixtureOptions, ScopegateFixture, TestUser } from './scopegate.fixture.js';

/** Where the screenshots of the console go; not committed. */
const ARTIFACTS = resolve(import.meta.dirname, '../../artifacts/console');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The browser's own words for an answer that is no success; the page shows it in its way. */
const FAILED_ANSWER = /^Failed to load resource: the server responded with a status of \d+/;

/** The same about a line for https alone, at an address of plain http. */
const HTTPS_ONLY =
  /^The Cross-Origin-Opener-Policy header has been ignored, because the URL's origin was untrustworthy/;

export interface VisitOptions {
  /** Default 1280. The narrowest that must work is 360. */
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
  /** Of the server or a proxy in front of it. Default: the management address of the server. */
  readonly url?: string;
  /** Another server that the browser is led to, such as an identity provider. */
  readonly otherOrigin?: string;
}

/** A server with its console, and people who open it in a real browser. */
export interface ConsoleFixture {
  readonly server: ScopegateFixture;
  readonly admin: TestUser;
  /** Opens a path below `/console` in a browser with no cookies, as somebody who is not logged in. */
  readonly visit: (path: string, options?: VisitOptions) => Promise<Page>;
  /** As `visit`, and logs in at the login page. */
  readonly visitAs: (user: TestUser, path: string, options?: VisitOptions) => Promise<Page>;
}

/**
 * For the tests of a file. After each test, no page may have had an error or asked another server for anything.
 * @throws Error if chromium is not installed
 */
export async function shareConsole(options: FixtureOptions = {}): Promise<ConsoleFixture> {
  const server = await shareServer(options);
  const browser = await launch();
  const contexts: BrowserContext[] = [];
  const faults: string[] = [];
  afterAll(() => browser.close());
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
    expect(faults.splice(0)).toEqual([]);
  });

  const visit = async (
    path: string,
    { width = 1280, colorScheme = 'light', url, otherOrigin }: VisitOptions = {},
  ): Promise<Page> => {
    // The certificates of tests are signed by nobody.
    const context = await browser.newContext({
      viewport: { width, height: 900 },
      colorScheme,
      ignoreHTTPSErrors: true,
    });
    contexts.push(context);
    const base = url ?? server.managementUrl;
    // Browsers have a clipboard for https and this machine only. Without the origin, all others would lose permissions.
    if (isLoopbackHost(new URL(base).hostname)) {
      await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(base).origin });
    }
    const page = await context.newPage();
    watch(page, [new URL(base).origin, ...(otherOrigin === undefined ? [] : [otherOrigin])], faults);
    await page.goto(`${base}/console${path}`);
    return page;
  };
  return {
    server,
    admin: { username: 'admin', password: server.adminPassword },
    visit,
    async visitAs(user, path, visitOptions) {
      const page = await visit(path, visitOptions);
      await logIn(page, user);
      return page;
    },
  };
}

/** At the login page. */
export async function logIn(page: Page, { username, password }: TestUser): Promise<void> {
  await page.getByLabel('User name').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
  // On a narrow screen the menu is closed, and what is closed has no role.
  await page.locator('#navigation').waitFor({ state: 'attached' });
}

/** R105: no violation of the rules that axe knows, in the page as it is now. */
export async function expectAccessible(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { readonly axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html.slice(0, 200)).join(' | ')}`);
  expect(told).toEqual([]);
}

/** R105: nothing is cut off or has to be scrolled to the side. */
export async function expectNoSideScroll(page: Page): Promise<void> {
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  expect(width).toBeLessThanOrEqual(page.viewportSize()?.width ?? 0);
}

/** Kept as an artefact, to be looked at. @param name without the ending */
export async function takeScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: join(ARTIFACTS, `${name}.png`), fullPage: true });
}

function launch(): Promise<Browser> {
  const program = findProgram('chromium');
  if (program === undefined) throw new Error('chromium is not on the PATH.');
  return chromium.launch({ executablePath: program, headless: true, args: [...BROWSER_FLAGS] });
}

function watch(page: Page, origins: readonly string[], faults: string[]): void {
  page.on('pageerror', (error) => faults.push(`an error in the page: ${error.message}`));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !FAILED_ANSWER.test(text) && !HTTPS_ONLY.test(text)) faults.push(text);
  });
  page.on('request', (request) => {
    const isKnown = origins.some((origin) => request.url().startsWith(`${origin}/`));
    if (!isKnown && !request.url().startsWith('data:')) faults.push(request.url());
  });
}
