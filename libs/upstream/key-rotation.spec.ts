import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isKeyDue, KEY_LIFE_MS, KEY_OVERLAP_MS, retiredKeys, signingKeyAt, type AgedKey } from './key-rotation.js';

const HOUR_MS = 3_600_000;

const first: AgedKey = { generation: 1, createdAtMs: 0 };
const second: AgedKey = { generation: 2, createdAtMs: KEY_LIFE_MS };

describe('the rotation of signing keys', () => {
  it('R72: the first key signs at once', () => {
    expect(isKeyDue([], 0)).toBe(true);
    expect(signingKeyAt([], 0)).toBeNull();
    expect(signingKeyAt([first], 0)).toBe(first);
  });

  it('R72: a new key is published for a day before it signs', () => {
    expect(isKeyDue([first], KEY_LIFE_MS - 1)).toBe(false);
    expect(isKeyDue([first], KEY_LIFE_MS)).toBe(true);
    expect(isKeyDue([second, first], KEY_LIFE_MS)).toBe(false);
    expect(signingKeyAt([second, first], KEY_LIFE_MS + KEY_OVERLAP_MS - 1)).toBe(first);
    expect(signingKeyAt([second, first], KEY_LIFE_MS + KEY_OVERLAP_MS)).toBe(second);
  });

  it('R72: an old key stays published for a day after it last signed', () => {
    expect(retiredKeys([second, first], KEY_LIFE_MS + 2 * KEY_OVERLAP_MS - 1)).toEqual([]);
    expect(retiredKeys([second, first], KEY_LIFE_MS + 2 * KEY_OVERLAP_MS)).toEqual([first]);
  });

  it('R72: a key that signs has been published for a day, or was the first, and its last assertion can be verified', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 72 }), fc.integer({ min: 0, max: 2_000 }), (stepHours, startHour) => {
        let keys: AgedKey[] = [];
        const signedAt = new Map<AgedKey, number>();
        for (let hour = startHour; hour < startHour + 3_000; hour += stepHours) {
          const nowMs = hour * HOUR_MS;
          if (isKeyDue(keys, nowMs)) {
            keys.push({ generation: (keys.at(-1)?.generation ?? 0) + 1, createdAtMs: nowMs });
          }
          const retired = retiredKeys(keys, nowMs);
          keys = keys.filter((key) => !retired.includes(key));
          for (const key of retired) expect(nowMs - (signedAt.get(key) ?? 0)).toBeGreaterThanOrEqual(KEY_OVERLAP_MS);
          const signer = signingKeyAt(keys, nowMs);
          if (signer === null) throw new Error('There is always a key to sign with.');
          signedAt.set(signer, nowMs);
          if (signer.generation > 1) expect(nowMs - signer.createdAtMs).toBeGreaterThanOrEqual(KEY_OVERLAP_MS);
          expect(keys.length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });
});
