import { describe, expect, it } from 'vitest';
import { SecretBox } from './secret-box.js';

const KEY = 'a key of the configuration, long enough';

describe('the secret box', () => {
  const box = new SecretBox(KEY);

  it('R61: a sealed secret opens again, also in another process with the same key', () => {
    const sealed = box.seal('Bearer s3cret-ü', 'jira\nauthorization');
    expect(sealed).not.toContain('s3cret');
    expect(box.open(sealed, 'jira\nauthorization')).toBe('Bearer s3cret-ü');
    expect(new SecretBox(KEY).open(sealed, 'jira\nauthorization')).toBe('Bearer s3cret-ü');
  });

  it('R61: sealed twice, a secret looks different each time', () => {
    expect(box.seal('same', 'x')).not.toBe(box.seal('same', 'x'));
  });

  it('R61: another key or another context opens nothing', () => {
    const sealed = box.seal('secret', 'jira\nx-api-key');
    expect(new SecretBox(`${KEY}!`).open(sealed, 'jira\nx-api-key')).toBeNull();
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
    expect(box.open('v1.****', 'x')).toBeNull();
  });
});
