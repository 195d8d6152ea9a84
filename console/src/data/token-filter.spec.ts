import { describe, expect, it } from 'vitest';
import { lookQuery, readTokenFilter, TOKEN_LOOKS, writeTokenFilter, type TokenLook } from './token-filter';

const NOW_MS = Date.parse('2026-11-29T12:00:00.000Z');

describe('the filter of all tokens', () => {
  it('R103: is held by the address', () => {
    const search = 'owner=anna&scope=read-only&status=active&q=a%26b&look=ends-7d';
    expect(writeTokenFilter(readTokenFilter(new URLSearchParams(search))).toString()).toBe(search);
    expect(writeTokenFilter(readTokenFilter(new URLSearchParams('look=toString&x=1'))).toString()).toBe('');
  });

  it('R103: knows which tokens need a look', () => {
    expect(lookQuery('ends-7d', NOW_MS)).toMatchObject({ status: 'active', expiresTo: '2026-12-06T12:00:00.000Z' });
    expect(lookQuery('unused-90d', NOW_MS)).toMatchObject({ lastUsedTo: '2026-08-31T12:00:00.000Z' });
    for (const look of Object.keys(TOKEN_LOOKS)) expect(lookQuery(look as TokenLook, NOW_MS)['status']).toBe('active');
    expect(lookQuery('', NOW_MS)).toEqual({});
  });
});
