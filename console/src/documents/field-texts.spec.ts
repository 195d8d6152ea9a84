import { describe, expect, it } from 'vitest';
import { problemOf } from '../api/problem';
import { errorAt, otherErrors, placed } from './field-texts';

const PROBLEM = problemOf(
  400,
  {
    code: 'validation_failed',
    errors: [
      { field: 'ipRestriction.allowList.1', message: 'ipRestriction.allowList.1: "x" is no address.' },
      { field: 'throttling.maxFailures', message: 'throttling.maxFailures must be an integer' },
      { field: 'colour', message: 'colour should not exist' },
    ],
  },
  null,
);

describe('texts beside fields', () => {
  it('R102: an error stands beside its field, without the name that the label says', () => {
    expect(errorAt(PROBLEM, 'throttling.maxFailures')).toBe('Must be an integer');
    expect(errorAt(PROBLEM, 'throttling')).toBe('maxFailures Must be an integer');
    expect(errorAt(PROBLEM, 'throttling.max')).toBeNull();
    expect(errorAt(new Error('other'), 'throttling')).toBeNull();
  });

  it('R102: an error of a list says the line', () => {
    expect(errorAt(PROBLEM, 'ipRestriction.allowList')).toBe('Line 2: "x" is no address.');
  });

  it('R102: what belongs to no field of the page is left for the top', () => {
    const fields = ['throttling.maxFailures', 'ipRestriction.allowList'];
    expect(otherErrors(PROBLEM, fields).map(({ field }) => field)).toEqual(['colour']);
  });

  it('R102: a warning stands beside each field that it is about, or at the top', () => {
    const one = { code: 'one', message: 'First.' };
    const two = { code: 'two', message: 'Second.' };
    const places = placed([one, two], ({ code }) => (code === 'one' ? ['a', 'b'] : []));
    expect(places.get('a')).toEqual([one]);
    expect(places.get('b')).toEqual([one]);
    expect(places.get('')).toEqual([two]);
  });
});
