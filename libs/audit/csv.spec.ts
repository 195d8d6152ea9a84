import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.js';

/** A reader of one line as RFC 4180 describes it. */
function readCells(line: string): string[] {
  const cells: string[] = [];
  let rest = line.slice(0, -2);
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"/.exec(rest);
    const cell = quoted === null ? (/^[^,"\r\n]*/.exec(rest)?.[0] ?? '') : quoted[0];
    cells.push(quoted === null ? cell : (quoted[1] ?? '').replaceAll('""', '"'));
    rest = rest.slice(cell.length);
    if (rest === '') return cells;
    expect(rest[0]).toBe(',');
    rest = rest.slice(1);
  }
}

describe('CSV', () => {
  it('R58: cells are separated by commas, and what needs quotes has them', () => {
    expect(csvLine(['a', 'b,c', 'd"e', 'f\ng', null, 3, -1, { a: 1 }])).toBe(
      'a,"b,c","d""e","f\ng",,3,-1,"{""a"":1}"\r\n',
    );
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '\n=1'])('R58: %j does not run in a spreadsheet', (text) => {
    expect(readCells(csvLine([text]))).toEqual([`'${text}`]);
  });

  it('R58: every text is read back as it was, save for the apostrophe', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (texts) => {
        const cells = readCells(csvLine(texts));
        expect(cells.map((cell, index) => (cell === texts[index] ? cell : cell.replace(/^'/, '')))).toEqual(texts);
        for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r\n]/);
      }),
    );
  });
});
