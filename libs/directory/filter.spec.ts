import { FilterParser } from 'ldapts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allOf,
  attributeProblem,
  equalityFilter,
  escapeFilterValue,
  filterProblem,
  memberInChainFilter,
} from './filter.js';

describe('a filter', () => {
  it('R95: has no character of a name as syntax', () => {
    expect(escapeFilterValue('*)(uid=*')).toBe('\\2a\\29\\28uid=\\2a');
    expect(escapeFilterValue('a\\b\0')).toBe('a\\5cb\\00');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const text = allOf('(objectClass=person)', equalityFilter('uid', name.toWellFormed()));
        const parsed = FilterParser.parseString(text) as unknown as { filters: { attribute: string; value: string }[] };
        expect(parsed.filters).toHaveLength(2);
        expect(parsed.filters[1]?.attribute).toBe('uid');
        if (name !== '') expect(filterProblem(text)).toBeNull();
      }),
    );
  });

  it('asks for nested members by the name of the group', () => {
    expect(memberInChainFilter('CN=a (b),DC=x')).toBe('(memberOf:1.2.840.113556.1.4.1941:=CN=a \\28b\\29,DC=x)');
    expect(filterProblem(memberInChainFilter('CN=a (b),DC=x'))).toBeNull();
  });

  it.each([
    '(objectClass=*)',
    '(&(objectClass=person)(!(loginShell=/bin/false)))',
    '(|(cn=a*b)(ou:dn:=x)(a>=1)(b<=2)(c~=d))',
    '(userAccountControl:1.2.840.113556.1.4.803:=2)',
  ])('may be %s', (filter) => {
    expect(filterProblem(filter)).toBeNull();
  });

  it.each([
    '',
    'objectClass=*',
    '()',
    '(&)',
    '(!(a=b)(c=d))',
    '(a=b',
    '(a=b))',
    '(a=b)(c=d)',
    '(a=(b)',
    '(a=\\zz)',
    '(=b)',
    `(cn=${'x'.repeat(3_000)})`,
    '('.repeat(100),
    `${'(!'.repeat(30)}(a=b)${')'.repeat(30)}`,
  ])('may not be %s', (filter) => {
    expect(filterProblem(filter)).not.toBeNull();
  });

  it('takes names of attributes, and nothing that could be more', () => {
    expect(attributeProblem('sAMAccountName')).toBeNull();
    for (const name of ['', 'a=b', 'uid)(x', 'member;range=0-*', '1.2.3', ' uid', 'u'.repeat(65)]) {
      expect(attributeProblem(name)).not.toBeNull();
    }
  });
});
