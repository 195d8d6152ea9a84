import { describe, expect, it } from 'vitest';
import { RowReader } from './row.reader.js';

/** A reader whose reads the test answers itself, in the order in which they began. */
function pendingReader(): {
  readonly reader: RowReader<string>;
  readonly answers: ((value: string) => void)[];
  readonly kept: [string, string][];
} {
  const answers: ((value: string) => void)[] = [];
  const kept: [string, string][] = [];
  const reader = new RowReader<string>(
    () => new Promise((resolve) => answers.push(resolve)),
    (id, value) => kept.push([id, value]),
  );
  return { reader, answers, kept };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('RowReader', () => {
  it('R64: callers that want one row at the same time share one read', async () => {
    const { reader, answers, kept } = pendingReader();
    const both = Promise.all([reader.read('a'), reader.read('a')]);
    expect(answers).toHaveLength(1);
    answers[0]?.('row');
    expect(await both).toEqual(['row', 'row']);
    expect(kept).toEqual([['a', 'row']]);
  });

  it('R80: a row that changes while it is read is read again, for the callers that waited as well', async () => {
    const { reader, answers, kept } = pendingReader();
    const waiting = reader.read('a');
    expect(reader.noteChange('a')).toBe(true);
    const later = reader.read('a');
    answers[0]?.('valid');
    await settled();
    expect(answers).toHaveLength(2);
    answers[1]?.('revoked');
    expect(await Promise.all([waiting, later])).toEqual(['revoked', 'revoked']);
    expect(kept).toEqual([['a', 'revoked']]);
  });

  it('R80: where everything may have changed, every read under way is made again', async () => {
    const { reader, answers, kept } = pendingReader();
    const waiting = Promise.all([reader.read('a'), reader.read('b')]);
    reader.noteChangeOfAll();
    answers.splice(0).forEach((answer) => answer('old'));
    await settled();
    answers.splice(0).forEach((answer) => answer('new'));
    expect(await waiting).toEqual(['new', 'new']);
    expect(kept).toEqual([
      ['a', 'new'],
      ['b', 'new'],
    ]);
  });

  it('R64: rows that are read ahead together are kept, and a caller that comes meanwhile shares the read', async () => {
    const { reader, answers, kept } = pendingReader();
    const alone = reader.read('a');
    let asked: readonly string[] = [];
    reader.prefetch(['a', 'b', 'c'], (ids) => {
      asked = ids;
      return settled().then(() => (id) => `row ${id}`);
    });
    expect(asked).toEqual(['b', 'c']);
    reader.noteChange('c');
    expect(await reader.read('b')).toBe('row b');
    answers[0]?.('row a');
    expect(await alone).toBe('row a');
    expect(kept).toEqual([
      ['b', 'row b'],
      ['a', 'row a'],
    ]);
  });

  it('R64: a failure to read ahead is left to the next caller', async () => {
    const { reader, answers } = pendingReader();
    reader.prefetch(['a'], () => Promise.reject(new Error('away')));
    await settled();
    const later = reader.read('a');
    answers[0]?.('row');
    expect(await later).toBe('row');
  });

  it('R80: a row that changes without end is a 503, and no endless reading', async () => {
    let reads = 0;
    const reader: RowReader<string> = new RowReader(
      (id) => {
        reads += 1;
        queueMicrotask(() => reader.noteChange(id));
        return settled().then(() => 'row');
      },
      () => undefined,
    );
    await expect(reader.read('a')).rejects.toMatchObject({ code: 'policy_unavailable', status: 503 });
    expect(reads).toBe(5);
  });
});
