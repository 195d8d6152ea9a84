import { beforeAll, describe, expect, it } from 'vitest';
import { PasswordHasher } from './password.hasher.js';

const PASSWORD = 'correct horse battery';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();
  let stored = '';

  beforeAll(async () => {
    await hasher.onModuleInit();
    stored = await hasher.hash(PASSWORD);
  });

  it('R63: the password matches, again and again, and another one does not', async () => {
    expect(await hasher.matches(stored, 'correct horse batterx')).toBe(false);
    expect(await hasher.matches(stored, PASSWORD)).toBe(true);
    expect(await hasher.matches(stored, PASSWORD)).toBe(true);
    expect(await hasher.matches(stored, 'correct horse batterx')).toBe(false);
  });

  it('R63: a password recognised for one hash is not for another', async () => {
    expect(await hasher.matches(stored, PASSWORD)).toBe(true);
    expect(await hasher.matches(await hasher.hash('staple correct horse'), PASSWORD)).toBe(false);
  });

  it('R26: nothing matches for a user who is unknown, inactive or without a password', async () => {
    expect(await hasher.matches(null, PASSWORD)).toBe(false);
    expect(await hasher.matches(null, PASSWORD)).toBe(false);
  });

  it('R63: what is longer than 72 bytes never matches, though bcrypt reads no further', async () => {
    const longest = 'x'.repeat(72);
    const hash = await hasher.hash(longest);
    expect(await hasher.matches(hash, longest)).toBe(true);
    expect(await hasher.matches(hash, `${longest}y`)).toBe(false);
    expect(() => hasher.hash(`${longest}y`)).toThrow();
  });

  it('R51: a password for nobody takes as long to compare as a wrong one', async () => {
    const took = async (against: string | null, password: string): Promise<number> => {
      const startedAt = performance.now();
      await hasher.matches(against, password);
      return performance.now() - startedAt;
    };
    // The floor is far below what bcrypt takes and far above anything that would skip it.
    expect(await took(stored, 'wrong password one')).toBeGreaterThan(10);
    expect(await took(null, 'wrong password two')).toBeGreaterThan(10);
    expect(await took(stored, 'x'.repeat(100))).toBeGreaterThan(10);
  });
});
