import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineDecoder } from './line-decoder.js';

const bytesOf = (lines: readonly string[]): Buffer[] => lines.map((text) => Buffer.from(text, 'latin1'));

describe('the header lines of an upstream’s answers', () => {
  it('R02: are what came, whatever came before', () => {
    const text = fc.oneof(
      fc.constantFrom('Server', 'nginx', 'nginy', 'Date', '', 'a', 'é'),
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 60 }),
    );
    const answers = fc.array(fc.array(text, { maxLength: 8 }), { maxLength: 8 });
    fc.assert(
      fc.property(answers, (all) => {
        const decoder = new LineDecoder();
        for (const lines of all) expect(decoder.decode(bytesOf(lines))).toEqual(lines);
      }),
    );
  });

  it('R02: differ where one byte differs, at any place', () => {
    const decoder = new LineDecoder();
    const line = 'Content-Type';
    for (let index = 0; index < line.length; index += 1) {
      const other = `${line.slice(0, index)}\xff${line.slice(index + 1)}`;
      expect(decoder.decode(bytesOf([line]))).toEqual([line]);
      expect(decoder.decode(bytesOf([other]))).toEqual([other]);
    }
  });
});
