import { describe, expect, it } from 'vitest';
import { entryIdOf, isDisabled, memberRange, readMembers, readUser, textOf, type RawEntry } from './entry.js';
import { messageEnd } from './message-frame.js';
import { presetRules } from './preset.js';

function entry(attributes: Readonly<Record<string, readonly (string | Uint8Array)[]>>, dn = 'uid=a,dc=x'): RawEntry {
  return { dn, attributes: new Map(Object.entries(attributes)) };
}

describe('an entry', () => {
  it('has attributes in any case', () => {
    expect(textOf(entry({ samaccountname: ['anna'] }), 'sAMAccountName')).toBe('anna');
    expect(textOf(entry({ uid: [] }), 'uid')).toBeNull();
    expect(textOf(entry({ uid: [''] }), 'uid')).toBeNull();
    expect(textOf(entry({ uid: [Buffer.from([0xff])] }), 'uid')).toBeNull();
    expect(textOf(entry({ uid: ['x'.repeat(2_000)] }), 'uid')).toBeNull();
  });

  it('is the same one after it has been renamed', () => {
    const { entryIds } = presetRules('openldap');
    const uuid = '0A8C3D4E-1111-2222-3333-444455556666';
    expect(entryIdOf(entry({ entryUUID: [uuid] }), entryIds)).toBe(uuid.toLowerCase());
    expect(entryIdOf(entry({ entryuuid: [uuid] }, 'uid=b,dc=x'), entryIds)).toBe(uuid.toLowerCase());
  });

  it('has a binary identifier in Active Directory, whether or not its bytes happen to be a text', () => {
    const { entryIds } = presetRules('active-directory');
    const guid = Buffer.from('00ff10203040506070809fa0b0c0d0e0', 'hex');
    expect(entryIdOf(entry({ objectGUID: [guid] }), entryIds)).toBe('x00ff10203040506070809fa0b0c0d0e0');
    const ascii = Buffer.from('0102030405060708090a0b0c0d0e0f10', 'hex');
    expect(entryIdOf(entry({ objectGUID: [ascii.toString('utf8')] }), entryIds)).toBe(
      entryIdOf(entry({ objectGUID: [ascii] }), entryIds),
    );
  });

  it('R93: is told from every other one by the whole of its identifier, as text and as bytes', () => {
    const { entryIds } = presetRules('openldap');
    const uuid = '0a8c3d4e-1111-2222-3333-444455556666';
    expect(entryIdOf(entry({ entryUUID: [Buffer.from(uuid.toUpperCase())] }), entryIds)).toBe(uuid);
    for (const length of [16, 17, 31, 32, 36, 48, 49, 1_000]) {
      for (const fill of ['a', '\u0001', ' ']) {
        const values = ['0', '1'].map((last) => `${fill.repeat(length - 1)}${last}`);
        for (const all of [values, values.map((value) => Buffer.from(value))]) {
          const ids = all.map((value) => entryIdOf(entry({ entryUUID: [value] }), entryIds));
          expect(ids[0], `${length}`).not.toBe(ids[1]);
          for (const id of ids) expect(id.length).toBeLessThanOrEqual(64);
        }
      }
    }
  });

  it('is its name where a server has no identifiers', () => {
    const id = entryIdOf(entry({}, 'uid=Anna,dc=x'), ['entryUUID']);
    expect(id).toMatch(/^dn:[\w-]{43}$/);
    expect(entryIdOf(entry({}, 'UID=anna, DC=x'), ['entryUUID'])).toBe(id);
    expect(entryIdOf(entry({}, 'uid=bob,dc=x'), ['entryUUID'])).not.toBe(id);
  });

  it.each([
    ['userAccountControl', ['512'], false],
    ['userAccountControl', ['514'], true],
    ['userAccountControl', ['66050'], true],
    ['userAccountControl', ['no number'], true],
    ['pwdAccountLockedTime', ['000001010000Z'], true],
    ['nsAccountLock', ['TRUE'], true],
    ['nsAccountLock', ['FALSE'], false],
    ['employeeType', ['active'], false],
    ['employeeType', ['left'], true],
    ['employeeType', [Buffer.from([0xff])], true],
    ['employeeType', [], false],
  ] as const)('R93: %s %j disables a user: %s', (attribute, values, expected) => {
    expect(isDisabled(entry({ [attribute]: values }), attribute)).toBe(expected);
    expect(isDisabled(entry({ [attribute]: values }), null)).toBe(false);
  });

  it('is a user if it has a user name', () => {
    const { attributes, entryIds } = presetRules('openldap');
    expect(readUser(entry({ uid: ['anna'], cn: ['Anna'], entryUUID: ['1'] }), attributes, entryIds)).toEqual({
      dn: 'uid=a,dc=x',
      entry: '1',
      username: 'anna',
      displayName: 'Anna',
      email: null,
      isDisabled: false,
    });
    expect(readUser(entry({ cn: ['Anna'] }), attributes, entryIds)).toBeNull();
  });
});

describe('the members of a group', () => {
  it.each([
    [{ member: ['a', 'b'] }, { values: ['a', 'b'], next: null }],
    [{}, { values: [], next: null }],
    [
      { member: [], 'member;range=0-1499': ['a'] },
      { values: ['a'], next: 1500 },
    ],
    [{ 'Member;Range=0-*': ['z'] }, { values: ['z'], next: null }],
    [{ 'member;range=1500-*': ['z'] }, null],
    // A list that cannot be followed is no list: without its end, people would lose their groups.
    [{ 'member;range=9-3': ['a'] }, null],
    [{ 'member;range=x': ['a'] }, null],
  ] as const)('R93: come in parts: %j', (attributes, expected) => {
    expect(readMembers(entry(attributes), 'member')).toEqual(expected);
  });

  it('R93: are asked for from where the last part ended, and come from there', () => {
    expect(readMembers(entry({ 'member;range=1500-*': ['z'] }), 'member', 1_500)).toEqual({
      values: ['z'],
      next: null,
    });
    expect(readMembers(entry({ 'member;range=0-*': ['a'] }), 'member', 1_500)).toBeNull();
    expect(readMembers(entry({ member: ['a'] }), 'member', 1_500)).toBeNull();
    expect(memberRange('member', 1_500)).toBe('member;range=1500-*');
  });
});

describe('a message', () => {
  it('R94: ends where its head says', () => {
    expect(messageEnd(Buffer.from([]))).toBeNull();
    expect(messageEnd(Buffer.from([0x30]))).toBeNull();
    expect(messageEnd(Buffer.from([0x30, 0x0c, 0x02]))).toBe(14);
    expect(messageEnd(Buffer.from([0x30, 0x82, 0x01]))).toBeNull();
    expect(messageEnd(Buffer.from([0x30, 0x82, 0x01, 0x00]))).toBe(260);
    expect(messageEnd(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]))).toBe(6 + 0xffffffff);
    expect(messageEnd(Buffer.from([0x30, 0x80]))).toBe('malformed');
    expect(messageEnd(Buffer.from([0x30, 0x85, 1, 1, 1, 1, 1]))).toBe('malformed');
    expect(messageEnd(Buffer.from('HTTP/1.1 400'))).toBe('malformed');
  });
});
