import { describe, expect, it } from 'vitest';
import { newRequestId } from './request-id.js';

const TIME_DIGITS = 12;

describe('a new request id', () => {
  it('R55: is 32 hexadecimal digits, and no other one is the same', () => {
    const ids = Array.from({ length: 5_000 }, newRequestId);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('R55: begins with its millisecond, so that events of one time are neighbours in the index of the audit', () => {
    const beforeMs = Date.now();
    const id = newRequestId();
    const atMs = Number.parseInt(id.slice(0, TIME_DIGITS), 16);
    expect(atMs).toBeGreaterThanOrEqual(beforeMs);
    expect(atMs).toBeLessThanOrEqual(Date.now());
  });

  it('R55: says nothing about the next one except the time', () => {
    const rests = Array.from({ length: 1_000 }, () => newRequestId().slice(TIME_DIGITS));
    expect(new Set(rests).size).toBe(rests.length);
    expect(new Set(rests.map((rest) => rest[0])).size).toBe(16);
  });
});
