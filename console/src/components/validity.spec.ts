import { describe, expect, it } from 'vitest';
import { askedEnd } from './validity';

describe('askedEnd', () => {
  it('R100: a choice is sent as it is, and no change as nothing', () => {
    expect(askedEnd({ choice: 'P6M', date: '' })).toEqual({ validity: 'P6M' });
    expect(askedEnd({ choice: 'unchanged', date: '2030-01-01T00:00' })).toEqual({});
  });

  it('R29: a date of the browser becomes an instant with an offset', () => {
    const local = '2030-01-31T12:00';
    expect(askedEnd({ choice: 'date', date: local })).toEqual({ expiresAt: new Date(local).toISOString() });
  });

  it.each(['', 'soon', '2030-13-01T00:00'])('R29: %j is no date', (date) => {
    expect(askedEnd({ choice: 'date', date })).toBeNull();
  });
});
