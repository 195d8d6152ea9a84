import { compileAddressSet, resolveClientAddress, type ReverseProxyRules } from '@scopegate/network';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestFacts } from './facts.js';
import {
  isSecureRequest,
  mayChange,
  pageOriginOf,
  readOrigin,
  type BrowserRules,
  type PageOrigin,
} from './own-origin.js';
import { RequestHead } from './request-head.js';

const PROXY = '10.0.0.2';
const STRANGER = '203.0.113.7';
const TRUSTING: ReverseProxyRules = {
  enabled: true,
  trusted: compileAddressSet([PROXY]),
  header: 'X-Forwarded-For',
};
const HOST = ['Host', 'gate.example'] as const;
const UNSET: BrowserRules = { publicOrigin: null };
const CONFIGURED: BrowserRules = { publicOrigin: readOrigin('https://gate.example') };

type Lines = readonly string[];

function request(lines: Lines, peer = STRANGER): RequestFacts {
  return {
    method: 'POST',
    httpVersion: '1.1',
    rawPath: '/api/v1/groups',
    query: null,
    peer,
    head: RequestHead.of(lines),
  };
}

function pageOf(lines: Lines, rules = UNSET, peer = STRANGER, proxies = TRUSTING): PageOrigin {
  return pageOriginOf(request(lines, peer), resolveClientAddress(peer, lines, proxies), proxies, rules);
}

function isSecure(lines: Lines, rules = UNSET, peer = STRANGER, proxies = TRUSTING): boolean {
  return isSecureRequest(request(lines, peer), resolveClientAddress(peer, lines, proxies), proxies, rules);
}

describe('readOrigin', () => {
  it.each([
    ['https://gate.example', 'https://gate.example', true],
    ['HTTPS://Gate.Example:443', 'https://gate.example', true],
    ['http://gate.example:80', 'http://gate.example', false],
    ['http://gate.example:443', 'http://gate.example:443', false],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000', false],
    ['http://[::1]:3000', 'http://[::1]:3000', false],
  ])('R99: %s is %s', (text, origin, secure) => {
    expect(readOrigin(text)).toEqual({ text: origin, isSecure: secure });
  });

  it.each([
    '',
    'null',
    'gate.example',
    'ftp://gate.example',
    'https://',
    'https://user@gate.example',
    'https://gate.example/',
    'https://gate.example?a',
    'https://gate.example#a',
    'https://gate.example https://evil.example',
    'https://gate.example:0x50',
    'https://gate.example:99999',
    'file:///tmp',
    'chrome-extension://abc',
  ])('R99: "%s" is no origin of a page of ours', (text) => {
    expect(readOrigin(text)).toBeNull();
  });

  it('R99: reads its own writing as the same origin', () => {
    const host = fc.constantFrom('gate.example', 'GATE.example', '127.0.0.1', '[::1]', 'a-b.test');
    fc.assert(
      fc.property(
        fc.constantFrom('http', 'https'),
        host,
        fc.option(fc.integer({ min: 1, max: 65_535 })),
        (scheme, name, port) => {
          const origin = readOrigin(`${scheme}://${name}${port === null ? '' : `:${port}`}`);
          expect(readOrigin(origin?.text ?? '')).toEqual(origin);
          expect(origin?.text).toBe(new URL(`${scheme}://${name}${port === null ? '' : `:${port}`}`).origin);
        },
      ),
    );
  });
});

describe('pageOriginOf', () => {
  it.each<[string, Lines, PageOrigin]>([
    ['nothing', [], 'unsaid'],
    ['a page of ours', ['Sec-Fetch-Site', 'same-origin'], 'own'],
    ['a page of ours, in another case of the name', ['sec-fetch-SITE', ' same-origin '], 'own'],
    ['another port', ['Sec-Fetch-Site', 'same-site'], 'foreign'],
    ['another site', ['Sec-Fetch-Site', 'cross-site'], 'foreign'],
    ['the address bar', ['Sec-Fetch-Site', 'none'], 'foreign'],
    ['a word of tomorrow', ['Sec-Fetch-Site', 'same-partition'], 'foreign'],
    ['an empty line', ['Sec-Fetch-Site', ''], 'foreign'],
    ['two lines', ['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Site', 'same-origin'], 'foreign'],
    ['a foreign site with our origin', ['Sec-Fetch-Site', 'cross-site', 'Origin', 'http://gate.example'], 'foreign'],
    ['our origin', ['Origin', 'http://gate.example'], 'own'],
    ['our origin with its port', ['Origin', 'http://GATE.example:80'], 'own'],
    ['our host by https', ['Origin', 'https://gate.example'], 'foreign'],
    ['our host, another port', ['Origin', 'http://gate.example:8080'], 'foreign'],
    ['a longer name', ['Origin', 'http://gate.example.evil.test'], 'foreign'],
    ['a host below ours', ['Origin', 'http://app.gate.example'], 'foreign'],
    ['no origin', ['Origin', 'null'], 'foreign'],
    ['an empty origin', ['Origin', ''], 'foreign'],
    ['two origins', ['Origin', 'http://gate.example', 'Origin', 'http://gate.example'], 'foreign'],
    ['two origins in a line', ['Origin', 'http://gate.example http://evil.test'], 'foreign'],
  ])('R99: %s', (_name, lines, expected) => {
    expect(pageOf([...HOST, ...lines])).toBe(expected);
  });

  it('R99: the configured address is ours beside the one that was asked, and no other', () => {
    expect(pageOf(['Host', 'internal:3000', 'Origin', 'https://gate.example'], CONFIGURED)).toBe('own');
    expect(pageOf(['Host', 'internal:3000', 'Origin', 'http://internal:3000'], CONFIGURED)).toBe('own');
    expect(pageOf(['Host', 'internal:3000', 'Origin', 'http://gate.example'], CONFIGURED)).toBe('foreign');
    expect(pageOf(['Host', 'internal:3000', 'Origin', 'https://gate.example'])).toBe('foreign');
  });

  it('R39, R99: only a trusted proxy says where the browser sent the request', () => {
    const forwarded = { 'X-Forwarded-For': STRANGER, 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'gate.example' };
    const lines = ['Host', 'internal:3000', ...Object.entries(forwarded).flat(), 'Origin', 'https://gate.example'];
    expect(pageOf(lines, UNSET, PROXY)).toBe('own');
    expect(pageOf(lines, UNSET, STRANGER)).toBe('foreign');
    expect(pageOf(lines, UNSET, PROXY, { ...TRUSTING, enabled: false })).toBe('foreign');
  });

  it('R99: an origin is ours only if a browser would write ours in this way', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webUrl(),
          fc.string().map((text) => `http://gate.example${text}`),
        ),
        (text) => {
          fc.pre(!/[\r\n\0]/.test(text));
          const isOurs = /^http:\/\/gate\.example(?::(?:0*80)?)?$/i.test(text.trim());
          expect(pageOf([...HOST, 'Origin', text])).toBe(isOurs ? 'own' : 'foreign');
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('isSecureRequest', () => {
  const claim = ['X-Forwarded-For', STRANGER, 'X-Forwarded-Proto', 'https'];

  it('R39, R99: believes a trusted proxy that the browser came by https, and nobody else', () => {
    expect(isSecure([...HOST, ...claim], UNSET, PROXY)).toBe(true);
    expect(isSecure([...HOST, ...claim], UNSET, STRANGER)).toBe(false);
    expect(isSecure([...HOST, ...claim], UNSET, PROXY, { ...TRUSTING, enabled: false })).toBe(false);
    expect(isSecure([...HOST, 'X-Forwarded-For', STRANGER], UNSET, PROXY)).toBe(false);
    // The client has written the first, the proxy the last.
    expect(isSecure([...HOST, ...claim, 'X-Forwarded-Proto', 'http'], UNSET, PROXY)).toBe(false);
  });

  it('R99: the configured address decides in both directions', () => {
    expect(isSecure([...HOST], CONFIGURED)).toBe(true);
    const plain = { publicOrigin: readOrigin('http://gate.example') };
    expect(isSecure([...HOST, ...claim], plain, PROXY)).toBe(false);
  });
});

describe('mayChange', () => {
  it.each([
    ['GET', false],
    ['HEAD', false],
    ['OPTIONS', false],
    ['POST', true],
    ['PUT', true],
    ['PATCH', true],
    ['DELETE', true],
    ['get', true],
    ['PURGE', true],
    ['', true],
  ])('R99: %s: %s', (method, expected) => {
    expect(mayChange({ method })).toBe(expected);
  });
});
