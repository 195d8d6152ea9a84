import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerAddresses, type AnsweredRequest } from './answer-address.js';
import type { ReferenceHeader } from './session-parameter.js';
import { parseUpstream } from './target.js';

function addresses(upstream: string, pathPrefix: string): AnswerAddresses {
  const parsing = parseUpstream(upstream);
  if (!parsing.ok) throw new Error(parsing.message);
  return new AnswerAddresses(parsing.target, pathPrefix);
}

const REQUEST: AnsweredRequest = {
  outer: { scheme: 'https', host: 'api.example', pathPrefix: '/app' },
  host: 'inner:8080',
};

interface Case {
  readonly upstream?: string;
  readonly mount?: string;
  readonly request?: AnsweredRequest;
  readonly header?: ReferenceHeader;
}

function answered(
  value: string,
  { upstream = 'http://inner:8080/base', mount = '/app', request = REQUEST, header = 'location' }: Case = {},
): string {
  return addresses(upstream, mount).reference(header, value, request);
}

const ROOT = { upstream: 'http://inner:8080' };

describe('an address in an answer', () => {
  it.each([
    ['http://inner:8080/base/x?a=1#b', 'https://api.example/app/x?a=1#b'],
    ['HTTP://INNER:8080/base/x', 'https://api.example/app/x'],
    ['https://inner:8080/base/x', 'https://api.example/app/x'],
    ['https://api.example/base/x', 'https://api.example/app/x'],
    ['https://api.example:443/base/x', 'https://api.example/app/x'],
    ['http://api.example/base/x', 'https://api.example/app/x'],
    ['//inner:8080/base/x', '//api.example/app/x'],
    ['http://inner:8080/base', 'https://api.example/app'],
    ['http://inner:8080/base/', 'https://api.example/app/'],
    ['http://inner:8080/base?a=http://inner:8080/base', 'https://api.example/app?a=http://inner:8080/base'],
    ['/base/x?a=1', '/app/x?a=1'],
    ['/base', '/app'],
    ['/base/%2F/a;b/\xfc', '/app/%2F/a;b/\xfc'],
    ['/base/a/../b', '/app/b'],
    ['/base/../base/x', '/app/x'],
  ])('R115: below the upstream’s origin and path becomes the client’s: %s', (value, expected) => {
    expect(answered(value)).toBe(expected);
  });

  it.each([
    'http://inner:8080/other',
    'http://inner:8080/basement',
    'http://inner:8080/',
    'http://inner:8080',
    '/other',
    '/basement/x',
    '/',
    '/base/../other',
    '/base/%2e%2e/other',
    'http://inner:8081/base/x',
    'http://inner/base/x',
    'http://elsewhere/base/x',
    'http://inner:8080@elsewhere/base/x',
    'http://user@inner:8080/base/x',
    'http:/inner:8080/base/x',
    'http:\\\\inner:8080/base/x',
    'http://inner:8080\\base/x',
    'ftp://inner:8080/base/x',
    'x',
    'x/base',
    '../base/x',
    '?page=2',
    '',
    '//elsewhere/base/x',
  ])('R115: elsewhere stays as it is: %s', (value) => {
    expect(answered(value)).toBe(value);
  });

  it.each([
    ['/x', '/app/x'],
    ['/', '/app/'],
    ['http://inner:8080', 'https://api.example/app/'],
    ['http://inner:8080?a', 'https://api.example/app/?a'],
    ['http://inner:8080/app/x', 'https://api.example/app/app/x'],
    // The upstream has taken it from X-Forwarded-Prefix.
    ['/app/x', '/app/x'],
    ['https://api.example/app/x', 'https://api.example/app/x'],
    ['/../x', '/app/x'],
  ])('R115: of an upstream without a path gets the mount: %s', (value, expected) => {
    expect(answered(value, ROOT)).toBe(expected);
  });

  it.each([
    ['/base', '/'],
    ['/base?a', '/?a'],
    ['/base/x', '/x'],
    ['http://inner:8080/base', 'https://api.example/'],
  ])('R115: loses the upstream’s path at a mount without one: %s', (value, expected) => {
    expect(answered(value, { mount: '/' })).toBe(expected);
  });

  it.each(['/base//elsewhere/x', '/base/\\elsewhere/x', '/base/\t/elsewhere/x'])(
    'R115: does not lead to another host by losing a path: %j',
    (value) => {
      const { host } = new URL(answered(value, { mount: '/' }), 'https://api.example/asked');
      expect(host).toBe('api.example');
      const nameless = { ...REQUEST, outer: { ...REQUEST.outer, host: null } };
      expect(answered(value, { mount: '/', request: nameless })).toBe(value);
    },
  );

  it('R115: names no host to a client that named none', () => {
    const request = { ...REQUEST, outer: { ...REQUEST.outer, host: null } };
    expect(answered('http://inner:8080/base/x', { request })).toBe('/app/x');
    expect(answered('http://inner:8080/base//elsewhere', { request, mount: '/' })).toBe(
      'http://inner:8080/base//elsewhere',
    );
  });

  it('R115: with the Host line that was sent is the upstream’s own', () => {
    const request = { ...REQUEST, host: 'jira.example' };
    expect(answered('http://jira.example/base/x', { request })).toBe('https://api.example/app/x');
    expect(answered('https://jira.example/base/x', { request })).toBe('https://api.example/app/x');
    expect(answered('http://other.example/base/x', { request })).toBe('http://other.example/base/x');
  });

  it('R115: of a scheme that neither side uses stays', () => {
    const request: AnsweredRequest = { ...REQUEST, outer: { ...REQUEST.outer, scheme: 'http' } };
    expect(answered('https://inner:8080/base/x', { request })).toBe('https://inner:8080/base/x');
  });

  it.each([
    ['link', '<http://inner:8080/base/i?page=2>; rel="next", </base/x>; rel=first, <https://x.test/base>; rel=a'],
    ['refresh', '5; url=//inner:8080/base/i'],
    ['refresh', "0;URL='http://inner:8080/base/i'; x"],
    ['refresh', '0, "http://inner:8080/base/i"'],
  ] as const)('R115: is found in %s: %s', (header, value) => {
    const expected = value
      .replaceAll('http://inner:8080/base', 'https://api.example/app')
      .replace('//inner:8080/base', '//api.example/app');
    expect(answered(value, { header })).toBe(expected);
  });

  it.each([
    ['link', '<x>; title="<http://inner:8080/base/i>"'],
    ['link', '<urn:base>; rel=x'],
    ['link', '</base/i>; rel=preload'],
    ['refresh', '5; url=/base/i'],
    ['refresh', '5'],
    ['refresh', '5; url='],
    ['refresh', ''],
  ] as const)('R115: leaves the rest of %s alone: %s', (header, value) => {
    expect(answered(value, { header })).toBe(value);
  });

  it('R115: leads to the same place when the client comes back with it, however it is written', () => {
    const segment = fc.stringMatching(/^[\w.~%;:@!$&'()*+,=-]{0,6}$/);
    fc.assert(
      fc.property(
        fc.constantFrom('', '/base', '/base/sub'),
        fc.constantFrom('/', '/app', '/app/sub'),
        fc.array(segment, { maxLength: 4 }),
        fc.constantFrom('', '?q=/base', '#f'),
        (base, mount, segments, rest) => {
          const inner = `${base}/${segments.join('/')}${rest}`;
          const value = answered(`http://inner:8080${inner}`, { upstream: `http://inner:8080${base}`, mount });
          const outside = new URL(`http://inner:8080${inner}`);
          if (!`${outside.pathname}/`.startsWith(`${base}/`)) return;
          const outer = new URL(value);
          expect(outer.origin).toBe('https://api.example');
          const prefix = mount === '/' ? '' : mount;
          expect(outer.pathname.startsWith(prefix)).toBe(true);
          expect(base + outer.pathname.slice(prefix.length) + outer.search + outer.hash).toBe(
            outside.pathname + outside.search + outside.hash,
          );
        },
      ),
    );
  });

  it('R115: never leads a client to another host than the upstream did', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('/', '/app'), fc.constantFrom('', '/base'), (text, mount, base) => {
        const upstream = `http://inner:8080${base}`;
        const asked = 'https://api.example/app/asked';
        for (const written of [text, base + text, `${base}/${text}`, upstream + text]) {
          const value = answered(written, { upstream, mount });
          if (value === written || !URL.canParse(value, asked)) continue;
          expect(new URL(value, asked).origin).toBe('https://api.example');
        }
      }),
    );
  });
});

describe('a cookie of the upstream', () => {
  const below = addresses('http://inner:8080/base', '/app');

  it.each([
    ['a=b; Path=/base', 'a=b; Path=/app'],
    ['a=b; path = /base/x ; HttpOnly', 'a=b; path =/app/x; HttpOnly'],
    ['a=b; Path=/base/; Domain=inner; Secure', 'a=b; Path=/app/; Secure'],
    ['a=b;DOMAIN=.example.com', 'a=b'],
    ['a=b; Path=/', 'a=b; Path=/'],
    ['a=b; Path=/basement', 'a=b; Path=/basement'],
    ['a=b; Path="/base"', 'a=b; Path="/base"'],
    ['a=b; Path', 'a=b; Path'],
    ['a=domain=x; Path=/base', 'a=domain=x; Path=/app'],
    ['a=b', 'a=b'],
    ['', ''],
  ])('R115: belongs to the mount: %s', (value, expected) => {
    expect(below.cookie(value)).toBe(expected);
  });

  it('R115: of an upstream without a path is for the mount alone', () => {
    const root = addresses('http://inner:8080', '/app');
    expect(root.cookie('a=b; Path=/')).toBe('a=b; Path=/app');
    expect(root.cookie('a=b; Path=/x')).toBe('a=b; Path=/app/x');
    expect(root.cookie('__Host-a=b; Secure; Path=/; Domain=x')).toBe('__Host-a=b; Secure; Path=/');
  });

  it('R115: gets the path / at a mount without one', () => {
    const host = addresses('http://inner:8080/base', '/');
    expect(host.cookie('a=b; Path=/base')).toBe('a=b; Path=/');
    expect(host.cookie('a=b; Path=/base/x')).toBe('a=b; Path=/x');
  });
});
