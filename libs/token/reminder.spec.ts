import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueReminder, type RemindedToken } from './reminder.js';
import { effectiveExpiry, type ValidityPolicy } from './token-lifecycle.js';
import { VALIDITIES } from './validity.js';

const DAY_MS = 86_400_000;
const END = Date.UTC(2027, 5, 30, 12);
const DAYS = [30, 7, 1];
const NO_POLICY: ValidityPolicy = { maximum: 'never', applyAtUse: false };

const TOKEN: RemindedToken = {
  createdAt: END - 365 * DAY_MS,
  expiresAt: END,
  revokedAt: null,
  isReplaced: false,
};

/** The threshold of the reminder that is due so many days before the end. */
function dueAt(daysBefore: number, changes: Partial<RemindedToken> = {}, reminded: readonly number[] = []) {
  return dueReminder({ ...TOKEN, ...changes }, reminded, DAYS, NO_POLICY, END - daysBefore * DAY_MS)?.days ?? null;
}

describe('the reminder that is due', () => {
  it.each([
    [30.01, null],
    [30, 30],
    [7.01, 30],
    [7, 7],
    [5, 7],
    [1, 1],
    [0.01, 1],
    [0, null],
    [-1, null],
  ])('R98: %d days before the end it is that of the threshold %j', (daysBefore, threshold) => {
    expect(dueAt(daysBefore)).toBe(threshold);
  });

  it('R98: a token that is found late gets the nearest one, and none of those before it', () => {
    expect(dueAt(5)).toBe(7);
    expect(dueAt(4, {}, [7])).toBeNull();
  });

  it('R98: a threshold counts only for a token that was made before it', () => {
    expect(dueAt(4, { createdAt: END - 5 * DAY_MS })).toBeNull();
    expect(dueAt(7, { createdAt: END - 7 * DAY_MS })).toBeNull();
    expect(dueAt(7, { createdAt: END - 7 * DAY_MS - 1 })).toBe(7);
    expect(dueAt(1, { createdAt: END - 5 * DAY_MS })).toBe(1);
  });

  it('R98: a token that is revoked or replaced, or never ends, gets none', () => {
    expect(dueAt(5, { revokedAt: END - 6 * DAY_MS })).toBeNull();
    expect(dueAt(5, { isReplaced: true })).toBeNull();
    expect(dueAt(5, { expiresAt: null })).toBeNull();
  });

  it('R32, R98: the end is the one that counts at use', () => {
    const policy: ValidityPolicy = { maximum: 'P1M', applyAtUse: true };
    const token = { ...TOKEN, createdAt: Date.UTC(2027, 0, 15), expiresAt: null };
    const endMs = Date.UTC(2027, 1, 15);
    expect(dueReminder(token, [], [7], policy, endMs - 6 * DAY_MS)).toEqual({ days: 7, endMs });
  });

  it('R98: no new list of thresholds reminds of what a nearer one has told', () => {
    const reminded = [7];
    expect(dueReminder(TOKEN, reminded, [8], NO_POLICY, END - 6 * DAY_MS)).toBeNull();
    expect(dueReminder(TOKEN, reminded, [5], NO_POLICY, END - 4 * DAY_MS)?.days).toBe(5);
  });

  it('R98: whenever somebody looks, no threshold comes twice, and nothing comes at the end or after it', () => {
    const life = fc.record({
      createdAt: fc.integer({ min: END - 800 * DAY_MS, max: END }),
      expiresAt: fc.option(fc.integer({ min: END - 10 * DAY_MS, max: END })),
      policy: fc.record({ maximum: fc.constantFrom(...VALIDITIES), applyAtUse: fc.boolean() }),
      // The list of the settings may change between two looks.
      looks: fc.array(
        fc.record({
          atMs: fc.integer({ min: END - 400 * DAY_MS, max: END + 10 * DAY_MS }),
          days: fc.uniqueArray(fc.integer({ min: 1, max: 365 }), { maxLength: 10 }),
        }),
        { maxLength: 40 },
      ),
    });
    let told = 0;
    fc.assert(
      fc.property(life, ({ createdAt, expiresAt, policy, looks }) => {
        const token = { ...TOKEN, createdAt, expiresAt };
        const endMs = effectiveExpiry(token, policy);
        const reminded: number[] = [];
        for (const { atMs, days } of looks.toSorted((one, other) => one.atMs - other.atMs)) {
          const due = dueReminder(token, reminded, days, policy, atMs);
          if (due === null) continue;
          told += 1;
          expect(due.endMs).toBe(endMs);
          expect(atMs).toBeLessThan(due.endMs);
          expect(atMs).toBeGreaterThanOrEqual(due.endMs - due.days * DAY_MS);
          expect(createdAt).toBeLessThan(due.endMs - due.days * DAY_MS);
          // Each is nearer to the end than all before it.
          expect(reminded.every((before) => before > due.days)).toBe(true);
          reminded.push(due.days);
        }
      }),
    );
    expect(told).toBeGreaterThan(0);
  });
});
