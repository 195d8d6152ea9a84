import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forwardedPath, parseUpstream } from './target.js';

describe('the address of an upstream', () => {
  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080', '127.0.0.1:8080', ''],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080', '127.0.0.1:8080', ''],
    ['https://Jira.example/jira/', 'https://jira.example', 'jira.example', '/jira'],
    ['https://jira.example:443/a/b', 'https://jira.example', 'jira.example', '/a/b'],
    ['HTTP://[2001:db8::1]:8080/x', 'http://[2001:db8::1]:8080', '[2001:db8::1]:8080', '/x'],
  ])('R48: %s is taken apart', (value, origin, host, basePath) => {
    const target = { origin, host, basePath, endpoint: origin, socketPath: null };
    expect(parseUpstream(value)).toMatchObject({ ok: true, target });
  });

  it.each([
    'ftp://jira.example',
    'jira.example',
    '//jira.example',
    'http://',
    'http://user:password@jira.example',
    'http://user@jira.example',
    'http://@jira.example',
    'http://jira.example/?',
    'http://jira.example/x?y=1',
    'http://jira.example/#',
    'http://jira.example/a b',
    'http://jira.example\\@evil.example',
    'http://jira.example/a//b',
    'http://jira.example/a;b',
    'http://jira.example/a%20b',
    'http://jira.example/a%2fb',
    'http://jira.example:99999',
    `http://jira.example/${'x'.repeat(2048)}`,
    7,
    null,
  ])('R48: %s is refused with a reason', (value) => {
    expect(parseUpstream(value)).toMatchObject({ ok: false, message: expect.stringMatching(/\w/) });
  });

  it('R48: is read or refused, and never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.anything()), (value) => {
        expect(typeof parseUpstream(value).ok).toBe('boolean');
      }),
    );
  });
});

describe('a socket file as an upstream', () => {
  it.each([
    ['http://unix:/run/app.sock', { endpoint: 'http://unix:/run/app.sock', socketPath: '/run/app.sock', basePath: '' }],
    ['http://unix:/run/app.sock:/', { endpoint: 'http://unix:/run/app.sock', basePath: '' }],
    ['HTTP://UNIX:/run/a-b_c.d/x@1:/base/', { endpoint: 'http://unix:/run/a-b_c.d/x@1', basePath: '/base' }],
    [
      'https://unix:/s:/b',
      { origin: 'https://localhost', host: 'localhost', endpoint: 'https://unix:/s', basePath: '/b' },
    ],
  ])('R01: %s is one', (value, target) => {
    expect(parseUpstream(value)).toMatchObject({ ok: true, target });
  });

  it.each([
    'http://unix:/',
    'http://unix:/run/',
    'http://unix:/run//app.sock',
    'http://unix:/run/../app.sock',
    'http://unix:/run/./app.sock',
    'http://unix:/run/app%2esock',
    'http://unix:/run/app.sock:base',
    'http://unix:/run/app.sock:/base:/more',
    'http://unix:/run/app.sock:/a%2Fb',
    'http://unix:/run/app.sock:/a//b',
    'http://unix:/run/app.sock:/?x',
    'http://user@unix:/run/app.sock',
    `http://unix:/${'a'.repeat(107)}`,
  ])('R01: %s is refused, or no socket file', (value) => {
    const parsing = parseUpstream(value);
    if (parsing.ok) expect(parsing.target.socketPath).toBeNull();
    else expect(parsing.message).toMatch(/^must /);
  });
});

describe('the forwarded target', () => {
  const target = {
    origin: 'http://jira.example',
    host: 'jira.example',
    basePath: '/jira',
    ownPath: '/jira',
    endpoint: 'http://jira.example',
    socketPath: null,
  };

  it('R48: is the judged path behind the upstream’s own, byte for byte', () => {
    expect(forwardedPath(target, '/rest/a%2Fb', 'q=%zz&//../')).toBe('/jira/rest/a%2Fb?q=%zz&//../');
    expect(forwardedPath(target, '/rest/../x', null)).toBe('/jira/rest/../x');
  });

  it.each([
    ['http://h', '/'],
    ['http://h/', '/'],
    ['http://h//', '/'],
    ['http://h/graphql', '/graphql'],
    ['http://h/app/', '/app/'],
  ])('R113: the mount itself of %s gets %s', (upstream, path) => {
    const parsing = parseUpstream(upstream);
    if (!parsing.ok) throw new Error(parsing.message);
    expect(forwardedPath(parsing.target, null, null)).toBe(path);
    expect(forwardedPath(parsing.target, null, 'query={me}')).toBe(`${path}?query={me}`);
  });

  it('R48: keeps an empty query', () => {
    expect(forwardedPath(target, '/x', '')).toBe('/jira/x?');
  });

  it('R48: puts nothing between the two', () => {
    fc.assert(
      fc.property(fc.string(), fc.option(fc.string()), (path, query) => {
        const forwarded = forwardedPath(target, path, query);
        expect(forwarded).toBe(`/jira${path}${query === null ? '' : '?'}${query ?? ''}`);
      }),
    );
  });
});
