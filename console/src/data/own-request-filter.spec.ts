import { describe, expect, it } from 'vitest';
import { chosenFilters, readOwnRequestFilter, writeOwnRequestFilter } from './own-request-filter';

describe('the filter of the own requests', () => {
  it('R101: is in the address, and comes back from it', () => {
    const address = 'last=7d&outcome=denied&application=a%26b&code=token_expired&q=report';
    const filter = readOwnRequestFilter(new URLSearchParams(address));
    expect(writeOwnRequestFilter(filter).toString()).toBe(address);
    expect(chosenFilters(filter)).toEqual({
      outcome: 'denied',
      application: 'a&b',
      code: 'token_expired',
      q: 'report',
    });
  });

  it('R101: what is not known counts as not given, and what is too long is cut', () => {
    const params = new URLSearchParams({ last: 'forever', outcome: 'changed', code: 'x'.repeat(99) });
    const filter = readOwnRequestFilter(params);
    expect(filter.range.last).toBe('24h');
    expect(chosenFilters(filter)).toEqual({ code: 'x'.repeat(40) });
  });
});
