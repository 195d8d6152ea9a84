import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { addressOfGroups, keyOfAddress, addressBlock, parseIpAddress, parseNode } from './address.js';

const groupsOf = fc.array(fc.oneof(fc.constantFrom(0, 1, 0xffff), fc.integer({ min: 0, max: 0xffff })), {
  minLength: 8,
  maxLength: 8,
});

/** Text that is nearly an address, so that the grammar is tried at its edges. */
const nearlyAddress = fc
  .array(
    fc.constantFrom(':', '::', '.', '%', '[', ']', '0', '1', '25', '255', '256', '01', 'ffff', 'a', 'DB8', 'g', ' '),
    {
      maxLength: 16,
    },
  )
  .map((parts) => parts.join(''));

describe('parseIpAddress', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ])('R40: %s is the address %s, in RFC 5952 text', (text, expected) => {
    expect(parseIpAddress(text)).toBe(expected);
  });

  it.each(['::ffff:10.1.2.3', '::FFFF:0a01:0203', '0:0:0:0:0:ffff:a01:203', '0000:0000:0000:0000:0000:ffff:10.1.2.3'])(
    'R40: the IPv4-mapped %s equals its IPv4 address',
    (text) => {
      expect(parseIpAddress(text)).toBe('10.1.2.3');
    },
  );

  it.each(['::10.1.2.3', '::ffff:0:10.1.2.3', '64:ff9b::10.1.2.3', '2002:a01:203::', '::fffe:10.1.2.3'])(
    'R40: %s embeds an IPv4 address without being it',
    (text) => {
      expect(parseIpAddress(text)).toContain(':');
    },
  );

  it.each([
    '',
    ' ',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.1\n',
    '10.0.0.1\0',
    '010.0.0.1',
    '10.0.0.00',
    '0x7f.0.0.1',
    '0x7f000001',
    '2130706433',
    '127.1',
    '10.0.0',
    '10.0.0.1.1',
    '10..0.1',
    '.10.0.0.1',
    '10.0.0.1.',
    '10.0.0.256',
    '10.0.0.-1',
    '10.0.0.1e0',
    '١٠.0.0.1',
    '10.0.0.1:80',
    '[::1]',
    'fe80::1%eth0',
    'fe80::1%',
    ':',
    ':::',
    '1:',
    ':1',
    '::1:',
    ':1::',
    '1::2::3',
    '2001:db8:::1',
    '12345::',
    '00001::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '::1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::ffff:010.0.0.1',
    '::ffff:0x7f.0.0.1',
    '::ffff:10.0.0',
    '::1.2.3.4:5',
    '::g',
    'unknown',
    'example.com',
    '0'.repeat(100_000),
    `${'1:'.repeat(100_000)}1`,
  ])('R40: %j is no address', (text) => {
    expect(parseIpAddress(text)).toBeNull();
  });

  it.each([undefined, null, 42, true, {}, ['10.0.0.1']])('R40: %j is no address because it is no text', (value) => {
    expect(parseIpAddress(value)).toBeNull();
  });

  it('R40: it accepts exactly what a strict reader of RFC 4291 accepts', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearlyAddress, fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
        const strict = isIPv4(text) || (isIPv6(text) && !text.includes('%'));
        expect(parseIpAddress(text) !== null).toBe(strict);
      }),
      { numRuns: 5_000 },
    );
  });

  it('R40: every spelling of the groups prints as one text, and that text reads as itself', () => {
    fc.assert(
      fc.property(groupsOf, (groups) => {
        const canonical = addressOfGroups(groups);
        const long = groups.map((group) => group.toString(16).toUpperCase().padStart(4, '0')).join(':');
        expect(parseIpAddress(long)).toBe(canonical);
        expect(parseIpAddress(canonical)).toBe(canonical);
        expect(ipaddr.process(long).toString()).toBe(canonical);
      }),
      { numRuns: 2_000 },
    );
  });

  it('R40: the order of the keys is the order of the addresses', () => {
    fc.assert(
      fc.property(groupsOf, groupsOf, (left, right) => {
        const [one, other] = [keyOfAddress(addressOfGroups(left)), keyOfAddress(addressOfGroups(right))];
        fc.pre(one.length === other.length);
        const number = (groups: readonly number[]): bigint => groups.reduce((sum, g) => sum * 65_536n + BigInt(g), 0n);
        expect(one < other).toBe(number(left) < number(right));
        expect(one === other).toBe(number(left) === number(right));
      }),
    );
  });
});

describe('parseNode', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:51234', '203.0.113.7'],
    ['203.0.113.7:0', '203.0.113.7'],
    ['203.0.113.7:65535', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:443', '2001:db8::7'],
    ['[::ffff:203.0.113.7]:80', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    // Without brackets the last group is a group, never a port.
    ['2001:db8::7:443', '2001:db8::7:443'],
  ])('R40: ports and brackets are taken off: %s is %s', (text, expected) => {
    expect(parseNode(text)).toBe(expected);
  });

  it.each([
    '',
    '203.0.113.7:',
    '203.0.113.7:65536',
    '203.0.113.7:99999',
    '203.0.113.7:000080',
    '203.0.113.7:8o',
    '203.0.113.7:+80',
    '203.0.113.7: 80',
    ':80',
    '[203.0.113.7]',
    '[203.0.113.7]:80',
    '[2001:db8::7',
    '2001:db8::7]',
    '[2001:db8::7]443',
    '[2001:db8::7]:',
    '[2001:db8::7]:x',
    '[2001:db8::7]:65536',
    '[[2001:db8::7]]',
    '[]',
    '[',
    '[:',
    'fe80::1%eth0',
    '[fe80::1%eth0]:80',
    '"203.0.113.7"',
    '203.0.113.7 203.0.113.8',
    'unknown',
    '_hidden',
    'localhost:80',
  ])('R40: %j is malformed', (text) => {
    expect(parseNode(text)).toBeNull();
  });

  it('R40: no text makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearlyAddress), (text) => {
        const address = parseNode(text);
        expect(address === null || parseIpAddress(address) === address).toBe(true);
      }),
    );
  });
});

describe('addressBlock', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1', 'fe80:0:0:0::/64'],
  ])('R51: %s counts under %s', (text, block) => {
    const address = parseIpAddress(text);
    expect(address === null ? null : addressBlock(address)).toBe(block);
  });
});
