import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { shareServer } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';

const server = await shareServer();

const MAX_FIRST_LOAD_BYTES = 160_000;

function open(target: string, headers: readonly (readonly [string, string])[] = []): Promise<RawAnswer> {
  return request({ port: server.port, target, headers });
}

/** The addresses of what the page needs at once. */
async function firstLoad(): Promise<readonly string[]> {
  const page = (await open('/console')).text();
  return [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
}

describe('the files of the console', () => {
  it('R105: one page answers at every address below /console, with a strict policy and nothing to store', async () => {
    const page = await open('/console');
    for (const target of ['/console', '/console/', '/console/tokens', '/console/audit?q=x', '/console/a/b/c']) {
      const answer = await open(target);
      expect([answer.status, answer.text()], target).toEqual([200, page.text()]);
      expect(answer.header('content-type')).toBe('text/html; charset=utf-8');
      expect(answer.header('cache-control')).toBe('no-store');
      expect(answer.header('content-security-policy')?.split('; ')).toEqual([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ]);
      expect(answer.header('x-content-type-options')).toBe('nosniff');
    }
  });

  it('R105: the page names files of this server alone, and holds no script or style itself', async () => {
    const text = (await open('/console')).text();
    expect(text).not.toMatch(/<style|\son\w+=|\sstyle=/);
    expect([...text.matchAll(/<script[^>]*>([^<]*)</g)].map((match) => match[1])).toEqual(['']);
    const addresses = await firstLoad();
    expect(addresses.length).toBeGreaterThan(2);
    for (const address of addresses) expect(address).toMatch(/^\/console\/assets\/[\w.-]+$/);
  });

  it('R105: the first load is at most 160 kB of gzip, and may be kept for ever', async () => {
    let bytes = (await open('/console')).body.length;
    for (const address of await firstLoad()) {
      const answer = await open(address, [['Accept-Encoding', 'gzip']]);
      expect(answer.status, address).toBe(200);
      expect(answer.header('content-encoding'), address).toBe('gzip');
      expect(answer.header('cache-control'), address).toBe('public, max-age=31536000, immutable');
      expect(gunzipSync(answer.body).length).toBeGreaterThan(0);
      bytes += answer.body.length;
    }
    expect(bytes).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
  });

  it.each([
    '/console/assets/nothing.js',
    '/console/assets/../../src/main.js',
    '/console/assets/%2e%2e/index.html',
    '/consolex',
  ])('R105: nothing but its own files is at %s', async (target) => {
    const answer = await open(target);
    expect(answer.status).toBe(404);
    expect(answer.header('content-type')).toMatch(/^application\/problem\+json/);
  });
});
