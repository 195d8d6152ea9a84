import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAuthority } from './authority.js';

describe('parseAuthority', () => {
  it.each([
    ['h', 'h'],
    ['h:', 'h'],
    ['h:80', 'h:80'],
    ['h:0080', 'h:80'],
    ['h:0', 'h:0'],
    ['h:65535', 'h:65535'],
    ['h.', 'h'],
    ['reports.example.com..', 'reports.example.com'],
    ['Reports.EXAMPLE.com.:8080', 'reports.example.com:8080'],
    ['%72eports%2eexample%2Ecom', 'reports.example.com'],
    ['xn--mller-kva.example', 'xn--mller-kva.example'],
    ['XN--MLLER-KVA.example', 'xn--mller-kva.example'],
    ['m%C3%BCller.example', 'xn--mller-kva.example'],
    ['m%c3%9cller.example', 'xn--mller-kva.example'],
    ['%EF%BD%92eports%E3%80%82example.com', 'reports.example.com'],
    ['a_b~c', 'a_b~c'],
    ["a!$&'()*+;=b", "a!$&'()*+;=b"],
    ['a%3Bb', 'a;b'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['127.0.0.1.', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['0x7f.0.0.1', '127.0.0.1'],
    ['0X7F.1', '127.0.0.1'],
    ['2130706433', '127.0.0.1'],
    ['0177.0.0.1', '127.0.0.1'],
    ['256.1.1.1', '256.1.1.1'],
    ['[::1]', '[::1]'],
    ['[::1]:80', '[::1]:80'],
    ['[::1]:', '[::1]'],
    ['[0:0:0:0:0:0:0:1]', '[::1]'],
    ['[2001:DB8::0]:1', '[2001:db8::]:1'],
    ['[::ffff:127.0.0.1]', '127.0.0.1'],
    ['[::ffff:7f00:1]:80', '127.0.0.1:80'],
  ])('R67: %s names the host %s', (text, canonical) => {
    expect(parseAuthority(text)?.text).toBe(canonical);
  });

  it.each([
    '',
    ':80',
    '.',
    '..:80',
    'user@h',
    'user:word@h',
    '@h',
    'h/path',
    'h/',
    '/',
    'a b',
    ' h',
    'h ',
    'a\tb',
    'a,b',
    'a%2Cb',
    '"h"',
    '\'h"',
    'h?x',
    'h#x',
    'h\\x',
    'h|x',
    'h<x',
    'h^x',
    'h`x',
    'h{x}',
    'h:abc',
    'h:8 0',
    'h:+80',
    'h:-1',
    'h:0x50',
    'h:80:80',
    'h:65536',
    'h:99999',
    'h:999999999999999999999999',
    'h\u00e9',
    'h\u0130',
    '\u00ff',
    'h\u0000',
    'h\u007f',
    '%zz',
    'h%',
    'h%4',
    '%ff',
    '%00',
    'a%20b',
    'a%2Fb',
    'a%40b',
    'a%3A80',
    'a%5Cb',
    'a%22b',
    'a%25b',
    '%2E',
    '[::1',
    '::1',
    '::1]',
    '[]',
    '[:::1]',
    '[::1]x',
    '[::1]80',
    '[::1]:x',
    '[[::1]]',
    '[::1]]',
    'x[::1]',
    '[127.0.0.1]',
    '[h]',
    '[fe80::1%eth0]',
    '[fe80::1%25eth0]',
    '[v1.x]',
    '[::1]@h',
  ])('R67: %j is not an authority', (text) => {
    expect(parseAuthority(text)).toBeNull();
  });

  it('R67: has one text for one host: reading it again changes nothing', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'aB1.-_~%25EC3BC[]:xX0@/,\\" \u00fc') });
    fc.assert(
      fc.property(fc.oneof(letters, fc.string(), fc.webAuthority(), fc.domain(), fc.ipV6()), (text) => {
        const authority = parseAuthority(text);
        if (authority === null) return;
        expect(parseAuthority(authority.text)).toEqual(authority);
        // Nothing in it ends a host, a line or an element of a list for any reader.
        expect(authority.text).toMatch(/^(?:[a-z0-9._~!$&'()*+;=-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/);
      }),
      { numRuns: 2_000 },
    );
  });

  it('R67: every respelling of a name is that name', () => {
    const respelling = fc.tuple(fc.domain(), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8 }), fc.nat(3));
    fc.assert(
      fc.property(respelling, ([domain, choices, dots]) => {
        const text = [...domain]
          .map((letter, index) => respelled(letter, choices[index % choices.length] ?? 0))
          .join('');
        expect(parseAuthority(text + '.'.repeat(dots))?.text).toBe(domain.toLowerCase());
      }),
    );
  });

  it('R67: a host that browsers read is read as they do', () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV4Extended()), (host) => {
        expect(parseAuthority(host)?.host).toBe(new URL(`http://${host}/`).hostname);
      }),
    );
  });
});

function respelled(letter: string, choice: number): string {
  if (choice === 0) return letter.toUpperCase();
  if (choice === 1) return `%${letter.charCodeAt(0).toString(16)}`;
  return choice === 2 ? `%${letter.toUpperCase().charCodeAt(0).toString(16).toUpperCase()}` : letter;
}
