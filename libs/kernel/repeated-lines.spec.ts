import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderLines } from './header-lines.js';
import { ask, memoryOf, repeatedLines } from './repeated-lines.js';

const LINES = ['Host', 'gateway.example', 'Authorization', 'Bearer one'];

/** The same characters in texts of their own, as a parser gives them. */
function again(lines: HeaderLines): string[] {
  return lines.map((text) => Buffer.from(text).toString());
}

function counted(): { readonly question: (lines: HeaderLines) => string; readonly count: () => number } {
  let count = 0;
  return { question: (lines) => `${(count += 1)} ${lines.join()}`, count: () => count };
}

describe('repeated header lines', () => {
  it('R67: stand for the same lines and for no others', () => {
    expect(repeatedLines(undefined, LINES)).toBe(LINES);
    expect(repeatedLines(LINES, again(LINES))).toBe(LINES);
    const changed = (index: number, text: string): string[] => again(LINES).with(index, text);
    const others = [
      ...LINES.flatMap((text, index) => [
        changed(index, `${text} `),
        changed(index, text.slice(1)),
        changed(index, text.toUpperCase()),
      ]).filter((lines) => lines.join() !== LINES.join()),
      again(LINES).slice(2),
      [...again(LINES), 'X', 'y'],
      ['Authorization', 'Bearer one', 'Host', 'gateway.example'],
    ];
    for (const lines of others) expect(repeatedLines(LINES, lines)).toBe(lines);
  });

  it('R67: any two lists are told apart by any difference', () => {
    const list = fc.array(fc.constantFrom('a', 'A', 'b', '', 'a '), { maxLength: 6 });
    fc.assert(
      fc.property(list, list, (before, lines) => {
        const isSame = JSON.stringify(before) === JSON.stringify(lines);
        expect(repeatedLines(before, lines)).toBe(isSame ? before : lines);
      }),
    );
  });

  it('remember from their first repetition on', () => {
    const lines = again(LINES);
    const { question, count } = counted();
    ask(lines, question);
    ask(lines, question);
    expect([count(), memoryOf(lines)]).toEqual([2, null]);
    const repeated = repeatedLines(lines, again(LINES));
    const answer = ask(repeated, question);
    expect(ask(repeatedLines(repeated, again(LINES)), question)).toBe(answer);
    expect(count()).toBe(3);
  });

  it('remember each question apart, and an answer of null as well', () => {
    const lines = repeatedLines(LINES, again(LINES));
    const first = counted();
    const second = counted();
    let nulls = 0;
    const nothing = (): null => {
      nulls += 1;
      return null;
    };
    for (let time = 0; time < 3; time += 1) {
      expect(ask(lines, first.question)).toContain('Bearer one');
      ask(lines, second.question);
      expect(ask(lines, nothing)).toBeNull();
    }
    expect([first.count(), second.count(), nulls]).toEqual([1, 1, 1]);
  });

  it('R67: what has been noted with lines does not pass to others', () => {
    const lines = again(LINES);
    const repeated = repeatedLines(lines, again(LINES));
    memoryOf(repeated)?.set('note', 1);
    const other = again(LINES).with(3, 'Bearer two');
    expect(memoryOf(repeatedLines(repeated, other))).toBeNull();
    expect(memoryOf(repeatedLines(other, again(other)))?.size).toBe(0);
  });
});
