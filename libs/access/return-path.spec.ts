import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readReturnPath } from './return-path.js';

describe('readReturnPath', () => {
  it.each([
    '/console',
    '/console/',
    '/console/tokens',
    '/console/audit?user=alice&code=token_expired#latest',
    '/console?tab=1',
    '/console#top',
    '/console/a%20b',
    '/console//twice',
  ])('R96: a login may lead to %s', (path) => {
    expect(readReturnPath(path)).toBe(path);
  });

  it.each([
    '',
    '/',
    '/consoles',
    '/console.example.com',
    '/consol',
    '/api/v1/session',
    '//evil.example',
    '///evil.example/console',
    '//evil.example/console',
    '/\\evil.example/console',
    '/console\\..\\..\\evil',
    'https://evil.example/console',
    'javascript:alert(1)',
    'console',
    '/console/../api/v1/me',
    '/console/..',
    '/console/./x',
    '/console/%2e%2e/api/v1/me',
    '/console/%2E%2e',
    '/console/.%2e/x',
    '/console/x\r\nSet-Cookie: a=b',
    '/console/x\ny',
    '/console/a b',
    '/console/\u0000',
    '/console/ü',
    ' /console',
    '/CONSOLE',
    `/console/${'x'.repeat(1_024)}`,
  ])('R96: a login does not lead to %j', (path) => {
    expect(readReturnPath(path)).toBeNull();
  });

  it('R96: a browser that follows it stays below /console, whatever the text is', () => {
    const part = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2f',
      '\\',
      '@',
      ':',
      '?',
      '#',
      'x',
      '//',
      'evil.example',
      '\t',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = readReturnPath(`/console${parts.join('')}`);
        if (path === null) return;
        const url = new URL(path, 'https://gateway.example/api/v1/session/oidc/callback');
        expect(url.origin).toBe('https://gateway.example');
        expect(url.pathname).toMatch(/^\/console(\/|$)/);
      }),
    );
  });
});
