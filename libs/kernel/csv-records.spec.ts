import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { readCsv } from './csv-records.js';

function cellsOf(text: string): unknown {
  const reading = readCsv(text);
  return reading.ok ? reading.records.map(({ cells }) => cells) : reading;
}

describe('the reader of CSV', () => {
  it.each([
    [
      'a,b\nc,d\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\rc,d\r',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['\ufeffa\n', [['a']]],
    [
      'a,\n,\n',
      [
        ['a', ''],
        ['', ''],
      ],
    ],
    ['"a,b","say ""hi"""\n', [['a,b', 'say "hi"']]],
    ['"two\nlines",b\n', [['two\nlines', 'b']]],
    ['a\n\n\r\nb\n', [['a'], ['b']]],
    [' a , b \n', [[' a ', ' b ']]],
    ['', []],
  ])('R97: reads %j', (text, expected) => {
    expect(cellsOf(text)).toEqual(expected);
  });

  it('R97: numbers the lines, also behind a cell with line breaks', () => {
    const reading = readCsv('a\n"b\nb"\r\n\nc\n');
    expect(reading.ok && reading.records.map(({ line }) => line)).toEqual([1, 2, 5]);
  });

  it.each([
    ['a\nb"c,d\n', 2],
    ['a\n"b"c,d\n', 2],
    ['a\nb\n"c,d\n', 3],
    ['"', 1],
  ])('R97: refuses %j', (text, line) => {
    expect(readCsv(text)).toMatchObject({ ok: false, line });
  });

  it.each([
    ['quotes', (size: number) => '""'.repeat(size / 2)],
    ['an open cell', (size: number) => `"${'a'.repeat(size)}`],
    ['line breaks in a cell', (size: number) => `"${'\n'.repeat(size)}"`],
    ['empty lines', (size: number) => '\n'.repeat(size)],
    ['commas', (size: number) => ','.repeat(size)],
  ])('R112: takes linear time for %s', async (_what, textOf) => {
    await expectLinearTime(400_000, textOf, (text) => Promise.resolve(readCsv(text)));
  });
});
