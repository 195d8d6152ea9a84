import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileExceptions,
  parseExceptionPattern,
  PROPOSED_EXCEPTIONS,
  type CanonicalPath,
  type ReadOnlyException,
} from './index.js';

function matches(path: string, request: string, method = 'POST'): boolean {
  return compileExceptions([{ method: 'POST', path }]).matches(method, request as CanonicalPath);
}

describe('exceptions that count as reads', () => {
  it.each([
    ['/rest/api/2/search', '/rest/api/2/search', true],
    ['/rest/api/2/search', '/rest/api/2/search/', false],
    ['/rest/api/2/search', '/rest/api/2/search/x', false],
    ['/rest/api/2/search', '/rest/api/2/searchx', false],
    ['/rest/api/2/search', '/x/rest/api/2/search', false],
    ['/rest/api/2/search', '/rest/api/2/Search', false],
    ['/rest/api/2/search/', '/rest/api/2/search', false],
    ['/rest/api/2/search/', '/rest/api/2/search/', true],
    ['/rest/api/*/search', '/rest/api/latest/search', true],
    ['/rest/api/*/search', '/rest/api/a/b/search', false],
    ['/rest/api/*/search', '/rest/api/search', false],
    ['/rest/api/*', '/rest/api/x', true],
    ['/rest/api/*', '/rest/api/', false],
    ['/rest/api/*', '/rest/api', false],
    ['/rest/api/*', '/rest/api/x/', false],
    ['/rest/api/*', '/rest/api/x/y', false],
    ['/rest/api/**', '/rest/api/x', true],
    ['/rest/api/**', '/rest/api/x/y/', true],
    ['/rest/api/**', '/rest/api', false],
    ['/rest/api/**', '/rest/api/', false],
    ['/rest/api/**', '/rest/apix/y', false],
    ['/*/api/**', '/rest/api/x', true],
    ['/**', '/anything', true],
    ['/**', '/', false],
    ['/', '/', true],
  ])('R13: %s and a POST to %s: %s', (path, request, expected) => {
    expect(parseExceptionPattern({ method: 'POST', path })).toEqual({ ok: true });
    expect(matches(path, request)).toBe(expected);
  });

  it('R13: an exception is for its own method alone', () => {
    expect(matches('/rest/api/2/search', '/rest/api/2/search', 'PUT')).toBe(false);
    expect(matches('/rest/api/2/search', '/rest/api/2/search', 'post')).toBe(false);
    expect(compileExceptions([]).matches('POST', '/x' as CanonicalPath)).toBe(false);
  });

  it.each([
    ['POST', 'rest/x'],
    ['POST', ''],
    ['POST', '/rest/../x'],
    ['POST', '/rest/%2e%2e/x'],
    ['POST', '/rest//x'],
    ['POST', '/%72est/x'],
    ['POST', '/rest/a%2fb'],
    ['POST', '/rest/x?y=z'],
    ['POST', '/rest/x#y'],
    ['POST', '/rest/a*'],
    ['POST', '/rest/***'],
    ['POST', '/rest/**/x'],
    ['POST', '/rest/**/'],
    ['POST', '/rest/x;y'],
    ['POST', '/rest/x\\y'],
    ['POST', '/rest/\u00e9'],
    ['POST', `/${'x'.repeat(3000)}`],
    ['post', '/rest/x'],
    ['', '/rest/x'],
    ['PO ST', '/rest/x'],
    ['*', '/rest/x'],
    ['TRACE', '/rest/x'],
    ['CONNECT', '/rest/x'],
  ])('R13: "%s %s" is refused with a message and matches nothing', (method, path) => {
    const exception: ReadOnlyException = { method, path };
    expect(parseExceptionPattern(exception)).toEqual({ ok: false, message: expect.stringMatching(/\S/) as string });
    expect(compileExceptions([exception]).matches(method, path as CanonicalPath)).toBe(false);
  });

  it('R13: the proposals are valid, by POST, and exist for jira and confluence', () => {
    for (const exception of Object.values(PROPOSED_EXCEPTIONS).flat()) {
      expect(parseExceptionPattern(exception)).toEqual({ ok: true });
      expect(exception.method).toBe('POST');
    }
    expect(PROPOSED_EXCEPTIONS.jira).toContainEqual({ method: 'POST', path: '/rest/api/2/search' });
    expect(PROPOSED_EXCEPTIONS.confluence.length).toBeGreaterThan(0);
  });

  it('R13: a glob without wildcards matches itself alone, whatever is written in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, request) => {
        const exception = { method: 'POST', path: `/${path}` };
        const isMatch = compileExceptions([exception]).matches('POST', `/${request}` as CanonicalPath);
        expect(isMatch && !path.includes('*') && path !== request).toBe(false);
      }),
    );
  });
});
