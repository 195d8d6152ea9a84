import { describe, expect, it } from 'vitest';
import { parsePathPattern } from '@scopegate/path';
import { APPLICATION_KINDS, productOf } from './index.js';

describe('the products', () => {
  it('R13: the proposed exceptions are valid, by POST, and exist for jira and confluence', () => {
    for (const exception of APPLICATION_KINDS.flatMap((kind) => productOf(kind).proposedExceptions)) {
      expect(parsePathPattern(exception)).toEqual({ ok: true });
      expect(exception.method).toBe('POST');
    }
    expect(productOf('jira').proposedExceptions).toContainEqual({
      name: 'search',
      method: 'POST',
      path: '/rest/api/2/search',
    });
  });
});
