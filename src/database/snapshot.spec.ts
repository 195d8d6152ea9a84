import { describe, expect, it } from 'vitest';
import { Snapshot } from './snapshot.js';

describe('Snapshot', () => {
  it('R64: an older reading never takes the place of a newer one, and who waits shares one', async () => {
    const pending: ((value: number) => void)[] = [];
    const snapshot = new Snapshot('numbers', () => new Promise<number>((resolve) => pending.push(resolve)));
    const first = snapshot.reload();
    await Promise.resolve().then(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    const second = snapshot.reload();
    const third = snapshot.reload();
    await new Promise((resolve) => setImmediate(resolve));
    expect(pending).toHaveLength(1);
    pending[0]?.(1);
    await first;
    expect(snapshot.current).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(pending).toHaveLength(2);
    pending[1]?.(2);
    await Promise.all([second, third]);
    expect(snapshot.current).toBe(2);
  });

  it('R64: a reading that failed is tried again until it arrives', async () => {
    const outcomes = [() => 1, () => fail(), () => fail(), () => 2];
    const snapshot = new Snapshot('numbers', async () => (outcomes.shift() ?? fail)());
    await snapshot.reload();
    await expect(snapshot.reload()).rejects.toThrow('down');
    expect(snapshot.current).toBe(1);
    await expect.poll(() => snapshot.current).toBe(2);
    snapshot.close();
  });

  it('R64: the first reading that fails stops the start', async () => {
    const snapshot = new Snapshot('numbers', () => Promise.reject(new Error('down')));
    await expect(snapshot.reload()).rejects.toThrow('down');
    expect(() => snapshot.current).toThrow('not been read');
  });
});

function fail(): never {
  throw new Error('down');
}
