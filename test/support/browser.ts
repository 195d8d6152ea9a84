import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { findProgram } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A headless browser with a profile of its own, which connects only to the pages it is sent to. */
export type TestBrowser = {
  readonly context: BrowserContext;
  newPage(): Promise<Page>;
  stop(): Promise<void>;
};

/** Chromium then connects only to the pages it is sent to. */
export const BROWSER_FLAGS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Names of RFC 6761, so that a test has several sites, and a host that is no loopback host for the browser.
  '--host-resolver-rules=MAP *.test 127.0.0.1',
];

/** Whether a Chromium is installed. */
export function isBrowserAvailable(): boolean {
  return findProgram('chromium') !== undefined;
}

/** Starts Chromium. @throws Error when it is not installed */
export async function startBrowser(): Promise<TestBrowser> {
  const program = findProgram('chromium');
  if (program === undefined) {
    throw new Error('chromium is not on the PATH.');
  }
  const folder = createTemporaryFolder('browser');
  try {
    const context = await chromium.launchPersistentContext(folder.path, {
      executablePath: program,
      headless: true,
      args: [...BROWSER_FLAGS],
    });
    return {
      context,
      newPage: () => context.newPage(),
      async stop(): Promise<void> {
        await context.close();
        await folder.remove();
      },
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}
