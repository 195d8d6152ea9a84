import { beforeAll, describe, expect, it } from 'vitest';
import { trustedOrigin, type LoginOrigin } from './login-origin.js';
import { PasswordHasher, passwordsAtOnce } from './password.hasher.js';

const PASSWORD = 'correct horse battery';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher({ workers: 1 });
  const origin = trustedOrigin('192.0.2.1');
  let stored = '';
  const matches = (
    of: string | null,
    password: string,
    nameKey = 'anna',
    from: LoginOrigin = origin,
  ): Promise<boolean> => hasher.matches({ nameKey, stored: of }, password, from);

  beforeAll(async () => {
    await hasher.onModuleInit();
    stored = await hasher.hash(PASSWORD, origin);
  });

  it('R63: the password matches, again and again, and another one does not', async () => {
    expect(await matches(stored, 'correct horse batterx')).toBe(false);
    expect(await matches(stored, PASSWORD)).toBe(true);
    expect(await matches(stored, PASSWORD)).toBe(true);
    expect(await matches(stored, 'correct horse batterx')).toBe(false);
  });

  it('R63: a password recognised for one hash is not for another', async () => {
    expect(await matches(stored, PASSWORD)).toBe(true);
    expect(await matches(await hasher.hash('staple correct horse', origin), PASSWORD)).toBe(false);
  });

  it('R26: nothing matches for a user who is unknown, inactive or without a password', async () => {
    expect(await matches(null, PASSWORD)).toBe(false);
    expect(await matches(null, PASSWORD)).toBe(false);
  });

  it('R63: what is longer than 72 bytes never matches, though bcrypt reads no further', async () => {
    const longest = 'x'.repeat(72);
    const hash = await hasher.hash(longest, origin);
    expect(await matches(hash, longest)).toBe(true);
    expect(await matches(hash, `${longest}y`)).toBe(false);
    expect(() => hasher.hash(`${longest}y`, origin)).toThrow();
  });

  it('R51: a password of an unknown user takes as long to compare as a wrong one', async () => {
    const took = async (against: string | null, password: string): Promise<number> => {
      const startedAt = performance.now();
      await matches(against, password);
      return performance.now() - startedAt;
    };
    // The floor is far below what bcrypt takes and far above anything that would skip it.
    expect(await took(stored, 'wrong password one')).toBeGreaterThan(10);
    expect(await took(null, 'wrong password two')).toBeGreaterThan(10);
    expect(await took(stored, 'x'.repeat(100))).toBeGreaterThan(10);
  });

  it('R51: the same password of several names is compared once for each, whether they exist or not', async () => {
    for (const of of [null, stored]) {
      const checks = ['one', 'two', 'three'].map((name) => matches(of, 'the same wrong password', `${name} ${of}`));
      expect(hasher.running + hasher.waiting).toBe(3);
      expect(await Promise.all(checks)).toEqual([false, false, false]);
    }
  });

  it('R51: the same password of one name is compared once, and refused again without, from its address alone', async () => {
    for (const of of [null, stored]) {
      const guess = (from?: LoginOrigin): Promise<boolean> => matches(of, `repeated for ${of}`, 'bob', from);
      const checks = [guess(), guess(), guess()];
      expect(hasher.running + hasher.waiting).toBe(1);
      await Promise.all(checks);
      const again = guess();
      expect(hasher.running + hasher.waiting).toBe(0);
      expect(await again).toBe(false);
      const elsewhere = guess(trustedOrigin('192.0.2.2'));
      expect(hasher.running + hasher.waiting).toBe(1);
      expect(await elsewhere).toBe(false);
    }
  });

  it.each([
    [1, 1, 1],
    [2, 1, 1],
    [4, 1, 2],
    [64, 1, 2],
    [4, 4, 1],
    [8, 2, 2],
  ])('R51: on %i cores, each of %i workers works on %i at once', (cores, workers, expected) => {
    expect(passwordsAtOnce(cores, workers)).toBe(expected);
  });
});
