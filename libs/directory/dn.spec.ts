import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { dnKey, isWithin } from './dn.js';

describe('a distinguished name', () => {
  it.each([
    ['uid=Anna,ou=People,dc=example', 'UID=anna, OU=people , DC=EXAMPLE'],
    ['cn=a\\,b,dc=example', 'cn=a\\2cb,dc=example'],
    ['cn=two  blanks,dc=example', 'cn=two blanks,dc=example'],
    ['cn=a+uid=b,dc=example', 'uid=b+cn=a,dc=example'],
    ['cn=M\\C3\\BCller,dc=example', 'cn=MÜLLER,dc=example'],
    ['cn=x;dc=example', 'cn=x,dc=example'],
  ])('%s is %s', (one, other) => {
    expect(dnKey(one)).not.toBeNull();
    expect(dnKey(one)).toBe(dnKey(other));
  });

  it.each([
    ['cn=a\\,dc=example', 'cn=a,dc=example'],
    ['cn=a,b=c', 'cn=a\\,b=c'],
    ['uid=anna,dc=example', 'uid=anna,dc=example,dc=org'],
    ['cn=a\\20', 'cn=a\\2a'],
  ])('%s is not %s', (one, other) => {
    expect(dnKey(one)).not.toBe(dnKey(other));
  });

  it.each(['anna', 'cn', 'cn=a,', '=a', 'cn=a\\', 'cn=a\\zz', 'cn="a"', 'cn=a<b', '-=a', `cn=${'x'.repeat(5_000)}`])(
    'is not %s',
    (text) => {
      expect(dnKey(text)).toBeNull();
    },
  );

  it('R94: lies below a base, or not', () => {
    expect(isWithin('uid=anna,OU=People,dc=example', 'ou=people, dc=example')).toBe(true);
    expect(isWithin('ou=people,dc=example', 'ou=people,dc=example')).toBe(true);
    expect(isWithin('uid=anna,dc=example', '')).toBe(true);
    expect(isWithin('dc=example', 'ou=people,dc=example')).toBe(false);
    expect(isWithin('uid=anna,ou=xpeople,dc=example', 'ou=people,dc=example')).toBe(false);
    // The comma belongs to the value: this entry is directly below dc=example.
    expect(isWithin('uid=anna\\,ou=people,dc=example', 'ou=people,dc=example')).toBe(false);
    expect(isWithin('anna', '')).toBe(false);
  });

  it('has one key for every way to escape a value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), (value) => {
        const hex = [...Buffer.from(value, 'utf8')].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('');
        const plain = value.replace(/[\\,+;"<>=# ]/g, (character) => `\\${character}`);
        if (plain.includes('\0')) return;
        expect(dnKey(`cn=${plain},dc=example`)).toBe(dnKey(`cn=${hex},dc=example`));
      }),
    );
  });

  it('R112: is read in linear time', async () => {
    await expectLinearTime(4_000, (length) => `${'cn=a,'.repeat(Math.floor(length / 5))}dc=x`, dnKey);
  });
});
