import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, stripMount } from './index.js';

describe('parseTarget', () => {
  it.each([
    ['/rest/api/2/search?jql=a;b', '/rest/api/2/search', 'jql=a;b'],
    ['/x??a=b', '/x', '?a=b'],
    ['/x?', '/x', ''],
    ['/', '/', null],
    ['//evil.example/x', '//evil.example/x', null],
    ['/\\evil.example/x', '/\\evil.example/x', null],
  ])('R48: %s is taken apart byte for byte', (target, rawPath, query) => {
    expect(parseTarget(target)).toEqual({ ok: true, authority: null, rawPath, query });
  });

  it.each([
    ['http://other.example/rest/x', 'other.example', '/rest/x', null],
    ['HTTPS://other.example:8443/a/../b?c=/d', 'other.example:8443', '/a/../b', 'c=/d'],
    ['http://[::1]:80/rest', '[::1]:80', '/rest', null],
    ['http://other.example', 'other.example', '/', null],
    ['http://other.example?a=b', 'other.example', '/', 'a=b'],
    // Whether these are one is for `parseAuthority` to say, which says no.
    ['http:///rest', '', '/rest', null],
    ['http://user@other.example/rest', 'user@other.example', '/rest', null],
    ['http://other.example\\rest/api', 'other.example\\rest', '/api', null],
    ['http://other.example%2frest/api', 'other.example%2frest', '/api', null],
  ])('R67: the authority of %s is %s', (target, authority, rawPath, query) => {
    expect(parseTarget(target)).toEqual({ ok: true, authority, rawPath, query });
  });

  it.each([
    '',
    '*',
    'rest/api',
    'evil.example:443',
    'file:///etc/passwd',
    'ftp://x/rest',
    'http:/rest',
    '/secure/x#/rest/api',
    '/secure/x?a#b',
    '#',
    '/a b',
    '/a\tb',
    '/a\u0000b',
    '/a\u007fb',
    '/caf\u00e9',
    '/x?q=\u00e9',
    '/a\r\nb',
  ])('R48: %j is no request target', (target) => {
    expect(parseTarget(target).ok).toBe(false);
  });

  it('R48: no target makes it throw, and a path always begins with a slash', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true })), (target) => {
        const parsed = parseTarget(target);
        expect(!parsed.ok || parsed.rawPath.startsWith('/')).toBe(true);
      }),
    );
  });
});

describe('stripMount', () => {
  it.each([
    ['/jira', '/jira', '/'],
    ['/jira/', '/jira', '/'],
    ['/jira/rest/api', '/jira', '/rest/api'],
    ['/jira//rest/api', '/jira', '//rest/api'],
    ['/jira/../rest', '/jira', '/../rest'],
    ['/jira/rest', '/jira/', '/rest'],
    ['/rest/api', '/', '/rest/api'],
    ['/', '/', '/'],
    ['/jirax/rest', '/jira', null],
    ['/jira;x/rest', '/jira', null],
    ['/jira%2frest', '/jira', null],
    ['/jira\\rest', '/jira', null],
    ['/JIRA/rest', '/jira', null],
    ['/rest/api', '/jira', null],
    ['/x/jira/rest', '/jira', null],
  ])('R48: %s below the mount %s is %s', (rawPath, pathPrefix, expected) => {
    expect(stripMount(rawPath, pathPrefix)).toBe(expected);
  });
});
