import { describe, expect, it } from 'vitest';
import { keyIdOf, prefixOfKey, SecretBox } from './secret-box.js';

const KEY = 'a key of the configuration, long enough';
const NEWER = 'another key of the configuration, also long';

/** As the versions before key ids sealed it, with this key and the context `jira\nx-api-key`. */
const OF_BEFORE = 'v1.-s1dzjstqc1mhjlP1BAi_M5ErkKtKo7-THhxcKcNe2U2F55WLQ';

describe('the secret box', () => {
  const box = new SecretBox([{ id: 1, key: KEY }]);

  it('R61: a sealed secret opens again, also in another process with the same key', () => {
    const sealed = box.seal('Bearer s3cret-ü', 'jira\nauthorization');
    expect(sealed).not.toContain('s3cret');
    expect(box.open(sealed, 'jira\nauthorization')).toBe('Bearer s3cret-ü');
    expect(new SecretBox([{ id: 1, key: KEY }]).open(sealed, 'jira\nauthorization')).toBe('Bearer s3cret-ü');
  });

  it('R61: sealed twice, a secret looks different each time', () => {
    expect(box.seal('same', 'x')).not.toBe(box.seal('same', 'x'));
  });

  it('R61: another key or another context opens nothing', () => {
    const sealed = box.seal('secret', 'jira\nx-api-key');
    expect(new SecretBox([{ id: 1, key: `${KEY}!` }]).open(sealed, 'jira\nx-api-key')).toBeNull();
    expect(box.open(sealed, 'confluence\nx-api-key')).toBeNull();
  });

  it('R61: a changed, cut or foreign text opens nothing and throws nothing', () => {
    const sealed = box.seal('secret', 'x');
    for (let index = 0; index < sealed.length - 1; index += 1) {
      const changed = sealed.slice(0, index) + (sealed[index] === 'A' ? 'B' : 'A') + sealed.slice(index + 1);
      expect(box.open(changed, 'x')).toBeNull();
      expect(box.open(sealed.slice(0, index), 'x')).toBeNull();
    }
    expect(box.open('', 'x')).toBeNull();
    for (const text of ['v1.****', 'v2.1.****', 'v2.2.', 'v2..', 'v2.1', `v3.1.${sealed.slice(5)}`]) {
      expect(box.open(text, 'x')).toBeNull();
    }
  });

  it('R61: of several keys the first one seals, and each opens what it has sealed', () => {
    const both = new SecretBox([
      { id: 2, key: NEWER },
      { id: 1, key: KEY },
    ]);
    const old = box.seal('secret', 'x');
    expect([keyIdOf(old), both.open(old, 'x')]).toEqual([1, 'secret']);
    const sealed = both.seal('secret', 'x');
    expect([keyIdOf(sealed), both.open(sealed, 'x'), box.open(sealed, 'x')]).toEqual([2, 'secret', null]);
    expect(sealed.startsWith(prefixOfKey(2))).toBe(true);
  });

  it('R61: what an older key has sealed is sealed again with the newest, in its own context alone', () => {
    const both = new SecretBox([
      { id: 2, key: NEWER },
      { id: 1, key: KEY },
    ]);
    const old = box.seal('secret', 'x');
    expect(both.reseal(old, 'y')).toBeNull();
    const moved = both.reseal(old, 'x') ?? '';
    expect(new SecretBox([{ id: 2, key: NEWER }]).open(moved, 'x')).toBe('secret');
    expect(both.reseal(moved, 'x')).toBe(moved);
  });

  it('R61: a value of the versions before key ids belongs to the first key', () => {
    expect([keyIdOf(OF_BEFORE), box.open(OF_BEFORE, 'jira\nx-api-key')]).toEqual([1, 'of before']);
    expect(keyIdOf(box.reseal(OF_BEFORE, 'jira\nx-api-key') ?? '')).toBe(1);
    expect(box.reseal(OF_BEFORE, 'jira\nx-api-key')).not.toMatch(/^v1/);
    expect([keyIdOf(''), keyIdOf('v2.x.y'), keyIdOf('secret')]).toEqual([null, null, null]);
  });
});
