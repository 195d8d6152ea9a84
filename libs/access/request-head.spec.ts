import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestHead } from './request-head.js';

const LINES = ['Host', 'gateway.example', 'Authorization', 'Bearer one', 'Content-Length', '3'];

/** The same characters in texts of their own, as a parser gives them. */
function again(lines: readonly string[]): string[] {
  return lines.map((text) => Buffer.from(text).toString());
}

describe('the head of a request', () => {
  it('R67: serves the next request with the same lines and no other', () => {
    const first = RequestHead.of(LINES);
    expect(first.isRepeated).toBe(false);
    expect(RequestHead.of(again(LINES), first)).toBe(first);
    expect(first.isRepeated).toBe(true);
    const changed = (index: number, text: string): string[] => again(LINES).with(index, text);
    const others = [
      ...LINES.flatMap((text, index) => [
        changed(index, `${text} `),
        changed(index, text.slice(1)),
        changed(index, text.toUpperCase()),
      ]).filter((lines) => lines.join() !== LINES.join()),
      again(LINES).slice(2),
      [...again(LINES), 'X', 'y'],
      ['Authorization', 'Bearer one', 'Host', 'gateway.example', 'Content-Length', '3'],
    ];
    for (const lines of others) {
      const other = RequestHead.of(lines, first);
      expect(other).not.toBe(first);
      expect([other.lines, other.isRepeated]).toEqual([lines, false]);
    }
  });

  it('R67: any difference makes two lists unequal', () => {
    const list = fc.array(fc.constantFrom('a', 'A', 'b', '', 'a '), { maxLength: 6 });
    fc.assert(
      fc.property(list, list, (before, lines) => {
        const first = RequestHead.of(before);
        const isSame = JSON.stringify(before) === JSON.stringify(lines);
        expect(RequestHead.of(lines, first) === first).toBe(isSame);
      }),
    );
  });

  it('reads each thing once, also where there is nothing', () => {
    let reads = 0;
    const lines = new Proxy(LINES, {
      get: (target, key, receiver): unknown => {
        reads += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    const head = RequestHead.of(lines);
    const readAll = (): unknown[] => [
      head.hostLine,
      head.contentLength,
      head.announcesBody,
      head.transferCodings,
      head.announcesForm,
      head.credential,
      head.session,
      head.overridingMethods,
      head.userAgent,
    ];
    const answers = readAll();
    const readsBefore = reads;
    expect(readAll()).toEqual(answers);
    expect([readsBefore > 0, reads]).toEqual([true, readsBefore]);
  });

  it('R67: says nothing of the lines of another', () => {
    const first = RequestHead.of(LINES);
    const next = RequestHead.of(again(LINES).with(3, 'Bearer two').with(5, '7'), first);
    expect([first.contentLength, next.contentLength]).toEqual([3, 7]);
    expect(next.values('authorization')).toEqual(['Bearer two']);
  });
});
