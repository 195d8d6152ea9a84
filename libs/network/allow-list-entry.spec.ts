import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllowListEntry, sameEntry } from './allow-list-entry.js';

describe('parseAllowListEntry', () => {
  it.each([
    ['203.0.113.7', 'address', '203.0.113.7', '203.0.113.7', '203.0.113.7'],
    ['\t203.0.113.7 ', 'address', '203.0.113.7', '203.0.113.7', '203.0.113.7'],
    ['2001:DB8::0001', 'address', '2001:db8::1', '2001:db8::1', '2001:db8::1'],
    ['::ffff:10.1.2.3', 'address', '10.1.2.3', '10.1.2.3', '10.1.2.3'],
    ['10.0.0.0/8', 'cidr', '10.0.0.0/8', '10.0.0.0', '10.255.255.255'],
    ['10.0.0.4/30', 'cidr', '10.0.0.4/30', '10.0.0.4', '10.0.0.7'],
    ['0.0.0.0/0', 'cidr', '0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['203.0.113.7/32', 'cidr', '203.0.113.7/32', '203.0.113.7', '203.0.113.7'],
    ['::/0', 'cidr', '::/0', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['2001:DB8:0::/33', 'cidr', '2001:db8::/33', '2001:db8::', '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff'],
    ['::1/128', 'cidr', '::1/128', '::1', '::1'],
    ['::ffff:10.0.0.0/104', 'cidr', '10.0.0.0/8', '10.0.0.0', '10.255.255.255'],
    ['::ffff:0:0/96', 'cidr', '0.0.0.0/0', '0.0.0.0', '255.255.255.255'],
    ['10.0.0.5 -\t10.0.0.9', 'range', '10.0.0.5-10.0.0.9', '10.0.0.5', '10.0.0.9'],
    ['9.0.0.0-10.0.0.0', 'range', '9.0.0.0-10.0.0.0', '9.0.0.0', '10.0.0.0'],
    ['2001:db8::5-2001:DB8::A', 'range', '2001:db8::5-2001:db8::a', '2001:db8::5', '2001:db8::a'],
    ['::ffff:10.0.0.5-10.0.0.9', 'range', '10.0.0.5-10.0.0.9', '10.0.0.5', '10.0.0.9'],
  ])('R33: %j is an entry of kind %s with the text %s', (value, kind, text, first, last) => {
    expect(parseAllowListEntry(value)).toEqual({ ok: true, entry: { text, kind, first, last } });
  });

  it.each([
    [42, 'must be a string'],
    [null, 'must be a string'],
    ['', 'leave the list empty'],
    [' \t', 'leave the list empty'],
    ['*', 'Wildcards'],
    ['10.0.0.*', 'Wildcards'],
    ['example.com', 'Host names'],
    ['010.0.0.1', 'not an IP address'],
    ['10.0.0.1\n', 'not an IP address'],
    ['\u00a010.0.0.1', 'not an IP address'],
    ['10.0.0.1,10.0.0.2', 'one entry for each'],
    ['10.0.0.1 10.0.0.2', 'one entry for each'],
    ['[2001:db8::1]', 'without brackets and port'],
    ['10.0.0.1:80', 'without brackets and port'],
    ['fe80::1%eth0', 'zone id'],
    ['fe80::%eth0/10', 'zone id'],
    ['10.1.2.3/8', 'write 10.0.0.0/8 for the block, or 10.1.2.3 for the one address'],
    ['2001:db8::1/32', 'write 2001:db8::/32 for the block, or 2001:db8::1 for the one address'],
    ['10.0.0.0/33', 'from 0 to 32'],
    ['10.0.0.0/08', 'leading zeros'],
    ['10.0.0.0/-1', 'prefix length'],
    ['10.0.0.0/+8', 'prefix length'],
    ['10.0.0.0/', 'prefix length'],
    ['10.0.0.0/8/8', 'prefix length'],
    ['10.0.0.0/8.0', 'prefix length'],
    ['10.0.0.0/ 8', 'prefix length'],
    ['10.0.0.0/255.0.0.0', 'netmask'],
    ['10.0.0/24', 'not an IP address'],
    ['/8', 'not an IP address'],
    ['2001:db8::/129', 'from 0 to 128'],
    ['::ffff:0:0/95', 'IPv4-mapped'],
    ['::fffe:0:0/95', 'IPv4-mapped'],
    ['::ffff:10.0.0.0/8', 'IPv4-mapped'],
    ['::/64', 'IPv4-mapped'],
    ['::1-2001:db8::', 'IPv4-mapped'],
    ['10.0.0.0/8-11.0.0.0', 'prefix length'],
    ['10.0.0.0-11.0.0.0/8', 'not an IP address'],
    ['10.0.0.5-', 'two addresses'],
    ['-10.0.0.5', 'two addresses'],
    ['-', 'two addresses'],
    ['10.0.0.5-9', 'two addresses'],
    ['10.0.0.5-10.0.0.7-10.0.0.9', 'two addresses'],
    ['10.0.0.9-10.0.0.5', 'write 10.0.0.5-10.0.0.9'],
    ['10.0.0.5-2001:db8::1', 'both be IPv4 or both be IPv6'],
    [`10.0.0.1${' '.repeat(1_000)}`, 'too long'],
  ])('R33: %j is invalid, and the message says what to do', (value, message) => {
    const result = parseAllowListEntry(value);
    expect(result.ok).toBe(false);
    expect(result).toHaveProperty('message', expect.stringContaining(message));
  });

  it('R33: nothing makes it throw, and the canonical text of an entry reads as that entry', () => {
    const pieces = fc.constantFrom(
      '10.0.0.0',
      '10.0.0.9',
      '2001:db8::',
      '::ffff:1.2.3.0',
      '/',
      '-',
      '8',
      '24',
      ' ',
      '%',
      'x',
    );
    const values = fc.oneof(
      fc.anything(),
      fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(values, (value) => {
        const result = parseAllowListEntry(value);
        if (result.ok) {
          expect(parseAllowListEntry(result.entry.text)).toEqual(result);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('sameEntry', () => {
  it('R33: an entry is found in another spelling', () => {
    expect(sameEntry('2001:DB8:0::/32', '2001:db8::/32')).toBe(true);
    expect(sameEntry('::ffff:10.0.0.0/104', ' 10.0.0.0/8')).toBe(true);
    expect(sameEntry('10.0.0.5 - 10.0.0.9', '10.0.0.5-10.0.0.9')).toBe(true);
  });

  it('R33: another entry, or no entry, is not found', () => {
    expect(sameEntry('10.0.0.0/8', '10.0.0.0/9')).toBe(false);
    expect(sameEntry('*', '*')).toBe(false);
  });
});
