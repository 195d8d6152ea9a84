import { productOf, type ApplicationKind } from '@scopegate/product';
import { describe, expect, it } from 'vitest';
import { MAX_EXCEPTIONS, readExceptions, type AskedExceptions } from './read-only-exceptions.js';

function read(asked: AskedExceptions, kind: ApplicationKind): { readonly paths: string[]; readonly faults: string[] } {
  const faults: string[] = [];
  const exceptions = readExceptions(asked, kind, (field, message) => faults.push(`${field} ${message}`));
  return { paths: exceptions.map(({ method, path }) => `${method} ${path}`), faults };
}

describe('read-only exceptions by name', () => {
  it('R73: "proposed" is every proposal of the kind, and never GraphQL', () => {
    for (const kind of ['jira', 'gitlab', 'gitea', 'confluence', 'generic'] as const) {
      const proposals = productOf(kind).proposedExceptions.map(({ method, path }) => `${method} ${path}`);
      expect(read('proposed', kind)).toEqual({ paths: proposals, faults: [] });
      expect(proposals.join(' ')).not.toMatch(/graphql/i);
    }
    expect(read('proposed', 'jira').paths).toContain('POST /rest/api/3/search/jql');
    expect(read('proposed', 'confluence').paths).toEqual([]);
  });

  it('R73: a name stands for its calls, beside calls', () => {
    const own = { method: 'POST', path: '/rest/x/1/find' };
    expect(read(['search', own, own, { method: 'POST', path: '/rest/api/2/search' }], 'jira').paths).toEqual([
      'POST /rest/api/2/search',
      'POST /rest/api/3/search',
      'POST /rest/api/latest/search',
      'POST /rest/x/1/find',
    ]);
  });

  it('R73: an unknown name is refused, with those that there are', () => {
    expect(read(['find'], 'jira').faults.join()).toMatch(/readOnlyExceptions\.0 .*search, search-jql/);
    expect(read(['search'], 'generic').faults.join()).toMatch(/no proposals/);
    expect(read(['proposed'], 'jira').faults).toHaveLength(1);
  });

  it('R13: names do not make more calls than a list may have', () => {
    const calls = Array.from({ length: MAX_EXCEPTIONS - 1 }, (_, index) => ({ method: 'POST', path: `/x/${index}` }));
    expect(read(['git-fetch', ...calls], 'gitlab').faults).toHaveLength(1);
    expect(read(calls, 'gitlab').faults).toEqual([]);
  });
});
