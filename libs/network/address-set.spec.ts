import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOfGroups, parseIpAddress, type IpAddress } from './address.js';
import { compileAddressSet, isAddressAllowed } from './address-set.js';
import { parseAllowListEntry } from './allow-list-entry.js';

interface IpRulesCase {
  readonly id: string;
  readonly rules: readonly unknown[];
  readonly expected: 'validation-error' | Readonly<Record<string, boolean>>;
  readonly why: string;
}

const corpus = JSON.parse(readFileSync(`${import.meta.dirname}/../../test/corpora/ip-rules.json`, 'utf8')) as {
  readonly cases: readonly IpRulesCase[];
};

/** An address for a test, which writes only valid ones. */
function address(text: string): IpAddress {
  const parsed = parseIpAddress(text);
  if (parsed === null) {
    throw new Error(`${text} is no address`);
  }
  return parsed;
}

describe('the corpus of allow list entries', () => {
  it.each(corpus.cases)('R33, R40: $id: $why', ({ rules, expected }) => {
    const results = rules.map(parseAllowListEntry);
    const valid = results.every((result) => result.ok);
    expect(valid).toBe(expected !== 'validation-error');
    if (expected === 'validation-error') {
      return;
    }
    const set = compileAddressSet(results.flatMap((result) => (result.ok ? [result.entry.text] : [])));
    const answers = Object.keys(expected).map((client) => [client, isAddressAllowed(set, parseIpAddress(client))]);
    expect(Object.fromEntries(answers)).toEqual(expected);
  });
});

describe('compileAddressSet', () => {
  it('R33: an empty list allows every address, and none at all', () => {
    const empty = compileAddressSet([]);
    expect(empty.size).toBe(0);
    expect(empty.match(address('203.0.113.7'))).toBeNull();
    expect(isAddressAllowed(empty, address('203.0.113.7'))).toBe(true);
    expect(isAddressAllowed(empty, null)).toBe(true);
  });

  it('R34: an address that no entry holds is forbidden', () => {
    const set = compileAddressSet(['203.0.113.0/24', '2001:db8::/32']);
    expect(isAddressAllowed(set, address('203.0.113.7'))).toBe(true);
    expect(isAddressAllowed(set, address('203.0.114.7'))).toBe(false);
    expect(isAddressAllowed(set, address('2001:db9::'))).toBe(false);
  });

  it('R39: no client address is refused by a list that holds every address', () => {
    expect(isAddressAllowed(compileAddressSet(['0.0.0.0/0', '::/0']), null)).toBe(false);
  });

  it('R40: the families are apart, and a mapped entry holds IPv4 addresses', () => {
    expect(compileAddressSet(['::/0']).has(address('10.0.0.1'))).toBe(false);
    expect(compileAddressSet(['0.0.0.0/0']).has(address('::a00:1'))).toBe(false);
    expect(compileAddressSet(['::ffff:10.0.0.0/104']).match(address('::ffff:10.0.0.1'))).toBe('10.0.0.0/8');
  });

  it('R33: the deciding entry is named where ranges overlap, the widest, in whatever order they are listed', () => {
    const entries = ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '10.200.0.0-11.0.0.5', '11.0.0.4-11.0.0.9'];
    for (const set of [compileAddressSet(entries), compileAddressSet(entries.toReversed())]) {
      expect(set.size).toBe(5);
      expect(set.match(address('10.1.2.3'))).toBe('10.0.0.0/8');
      expect(set.match(address('10.199.255.255'))).toBe('10.0.0.0/8');
      expect(set.match(address('11.0.0.1'))).toBe('10.200.0.0-11.0.0.5');
      expect(set.match(address('11.0.0.9'))).toBe('11.0.0.4-11.0.0.9');
      expect(set.match(address('11.0.0.10'))).toBeNull();
      expect(set.match(address('9.255.255.255'))).toBeNull();
    }
  });

  it('R33: the deciding entry is named in its canonical text', () => {
    expect(compileAddressSet(['2001:DB8:0::/32']).match(address('2001:db8::1'))).toBe('2001:db8::/32');
  });

  it('R33: an invalid entry cannot be compiled', () => {
    expect(() => compileAddressSet(['10.0.0.1', '*'])).toThrow('Wildcards');
  });

  it('R33: ten thousand entries answer as one by one they would', () => {
    const entries = Array.from({ length: 10_000 }, (_, index) => `10.${index >> 8}.${index & 0xff}.128/25`);
    const set = compileAddressSet(entries);
    expect(set.size).toBe(10_000);
    for (let index = 0; index < 10_000; index += 3) {
      expect(set.match(address(`10.${index >> 8}.${index & 0xff}.200`))).toBe(entries[index]);
      expect(set.match(address(`10.${index >> 8}.${index & 0xff}.100`))).toBeNull();
    }
  });

  it('R33: an answer is the same the second time, and after more addresses than a set remembers', () => {
    const set = compileAddressSet(['10.0.0.0/9']);
    const clients = Array.from({ length: 3_000 }, (_, index) => address(`10.${index & 0xff}.${index >> 8}.1`));
    const first = clients.map((client) => set.match(client));
    expect(first.filter((entry) => entry === '10.0.0.0/9')).toHaveLength(1_536);
    expect(clients.map((client) => set.match(client))).toEqual(first);
    expect(clients.slice(-10).map((client) => set.match(client))).toEqual(first.slice(-10));
  });

  it('R33: a set answers as asking every entry in turn does', () => {
    // Few distinct values, so that entries overlap, touch and repeat.
    const octet = fc.integer({ min: 0, max: 15 });
    const ipv4 = octet.map((low) => addressOfGroups([0, 0, 0, 0, 0, 0xffff, 0x0a00, low]));
    const ipv6 = octet.map((low) => addressOfGroups([0x2001, 0xdb8, 0, 0, 0, 0, 0, low]));
    const entryOf = (addresses: fc.Arbitrary<IpAddress>): fc.Arbitrary<string> =>
      fc.oneof(
        addresses,
        fc.tuple(addresses, addresses).map(([first, last]) => `${first}-${last}`),
        fc.tuple(addresses, fc.integer({ min: 28, max: 32 })).map(([first, bits]) => `${first}/${bits}`),
        fc.tuple(addresses, fc.integer({ min: 124, max: 128 })).map(([first, bits]) => `${first}/${bits}`),
      );
    const entries = fc
      .array(fc.oneof(entryOf(ipv4), entryOf(ipv6)), { maxLength: 20 })
      .map((texts) => texts.filter((text) => parseAllowListEntry(text).ok));
    fc.assert(
      fc.property(entries, fc.oneof(ipv4, ipv6), (texts, client) => {
        const deciding = compileAddressSet(texts).match(client);
        const holding = texts.filter((text) => compileAddressSet([text]).has(client));
        if (deciding === null) {
          expect(holding).toEqual([]);
        } else {
          expect(holding).toContain(deciding);
        }
        expect(compileAddressSet(texts.toReversed()).match(client)).toBe(deciding);
      }),
      { numRuns: 500 },
    );
  });
});
