import { describe, expect, it } from 'vitest';
import { LogPosition, type LogLine } from './log-position.js';

const MINUTE_MS = 60_000;

function line(id: number, changeSet = `set ${id}`): LogLine {
  return { id, topic: 'token', subject: 'a', atMs: 1, changeSet };
}

const lines = (...ids: readonly number[]): readonly LogLine[] => ids.map((id) => line(id));

/** A position after these lines. */
function after(...ids: readonly number[]): LogPosition {
  const position = new LogPosition();
  position.advance(lines(...ids), 0);
  return position;
}

const range = (from: number, to = from): object => ({ from, to });

describe('LogPosition', () => {
  it('R64: reads everything where nothing has been read', () => {
    expect(new LogPosition().ranges).toEqual([range(1, Number.MAX_SAFE_INTEGER)]);
    expect(new LogPosition().isContinuedBy([])).toBe(true);
  });

  it('R64: a line that appears below later ones is looked for, and is a new one once', () => {
    const ids = Array.from({ length: 40 }, (_, index) => index + 1).filter((id) => id !== 5 && id !== 9 && id !== 10);
    const position = after(...ids);
    expect(position.newest).toBe(40);
    expect(position.ranges).toEqual([range(5), range(9, 10), range(25, Number.MAX_SAFE_INTEGER)]);
    const appeared = [line(9)];
    expect(position.freshOf(appeared)).toEqual(appeared);
    position.advance(appeared, 0);
    expect(position.ranges).toEqual([range(5), range(10), range(25, Number.MAX_SAFE_INTEGER)]);
    expect(position.newest).toBe(40);
  });

  it('R64: a line is looked for however many come after it, and not for ever', () => {
    const position = after(1, 3);
    for (let id = 4; id <= 2_000; id += 1) position.advance([line(id)], MINUTE_MS);
    expect(position.ranges).toContainEqual(range(2));
    position.advance(lines(2_001), 16 * MINUTE_MS);
    expect(position.ranges).toEqual([range(1_986, Number.MAX_SAFE_INTEGER)]);
  });

  it('R80: the same lines, and any after them, are the same life of the database', () => {
    expect(after(1, 2, 4).isContinuedBy(lines(1, 2, 4))).toBe(true);
    expect(after(1, 2, 4).isContinuedBy(lines(1, 2, 3, 4, 5))).toBe(true);
  });

  it('R80: a lower end is another life, and so are other lines with the same ids', () => {
    expect(after(1, 2, 4).isContinuedBy(lines(1, 2))).toBe(false);
    expect(after(1, 2, 4).isContinuedBy([])).toBe(false);
    expect(after(1, 2, 4).isContinuedBy([...lines(1, 2), line(4, 'another')])).toBe(false);
    expect(after(1, 2, 4).isContinuedBy([...lines(1), line(2, 'another'), ...lines(4)])).toBe(false);
  });

  it('R80: a line that is lost between others is another life: a replica stores in another order', () => {
    expect(after(1, 2, 4).isContinuedBy(lines(1, 4))).toBe(false);
  });

  it('R80: what the purge takes from the beginning is no other life', () => {
    expect(after(1, 2, 4).isContinuedBy(lines(4, 5))).toBe(true);
  });
});
