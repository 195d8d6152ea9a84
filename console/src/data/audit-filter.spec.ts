import { describe, expect, it } from 'vitest';
import { readAuditFilter, setFilters, writeAuditFilter } from './audit-filter';

describe('the filter of the audit page', () => {
  it('R104: is held by the address, whole', () => {
    const search = 'last=7d&type=token.created&outcome=denied&user=a%26b&clientIp=2001%3Adb8%3A%3A1&q=%3Cb%3E';
    expect(writeAuditFilter(readAuditFilter(new URLSearchParams(search))).toString()).toBe(search);
  });

  it('R104: leaves out what is not set, and what the page does not know', () => {
    const filter = readAuditFilter(new URLSearchParams('outcome=&secret=x&code=token_expired'));
    expect(setFilters(filter)).toEqual({ code: 'token_expired' });
    expect(writeAuditFilter(filter).toString()).toBe('last=24h&code=token_expired');
  });
});
