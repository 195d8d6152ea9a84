import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedDetail, boundedErrors, detailOfErrors, MAX_ERRORS } from './bounds.js';
import type { FieldError } from './problem.js';

const error = (index: number): FieldError => ({ field: `field${index}`, message: `field${index} must be a text` });

describe('the size of an answer', () => {
  it('R112: few short errors stay as they are', () => {
    const errors = [error(1), error(2)];
    expect(boundedErrors(errors)).toEqual(errors);
    expect(detailOfErrors(errors)).toBe('field1 must be a text · field2 must be a text');
  });

  it('R112: of many errors it holds fifty, and says how many more there are', () => {
    const errors = Array.from({ length: 180_000 }, (_, index) => error(index));
    expect(boundedErrors(errors)).toEqual(errors.slice(0, MAX_ERRORS));
    expect(detailOfErrors(errors)).toMatch(/ · and 179950 more$/);
  });

  it('R112: is bounded, whatever names and values a caller sends', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    fc.assert(
      fc.property(fc.array(fc.record({ field: text, message: text }), { maxLength: 60 }), text, (errors, detail) => {
        const answer = JSON.stringify({ errors: boundedErrors(errors), detail: detailOfErrors(errors) });
        expect(answer.length).toBeLessThan(50 * 6 * (128 + 400 + 30) + 6_100);
        expect(detailOfErrors(errors).length).toBeLessThanOrEqual(1_000);
        expect(boundedDetail(detail).length).toBeLessThanOrEqual(1_000);
      }),
      { numRuns: 30 },
    );
    expect(boundedDetail(`${'x'.repeat(998)}😀😀`)).toBe(`${'x'.repeat(998)}…`);
  });
});
