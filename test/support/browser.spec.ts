import { describe, expect, it } from 'vitest';
import { isBrowserAvailable, startBrowser } from './browser.js';
import { startRecordingUpstream } from './recording-upstream.js';

describe.runIf(isBrowserAvailable())('browser', () => {
  it('support: a page is shown', async () => {
    const upstream = await startRecordingUpstream({
      respond: () => ({ headers: [['Content-Type', 'text/html']], body: '<title>Shown</title>' }),
    });
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(upstream.url);
      expect(await page.title()).toBe('Shown');
    } finally {
      await browser.stop();
      await upstream.stop();
    }
  });
});
