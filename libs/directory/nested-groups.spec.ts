import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_GROUP_DEPTH, memberKey, walkGroups, type ReadGroup } from './nested-groups.js';

const dn = (name: string): string => `cn=${name},dc=x`;

function group(name: string, ...members: readonly string[]): ReadGroup {
  return { dn: dn(name), name, members: members.map(dn) };
}

function groupsOf(groups: readonly ReadGroup[], users: readonly string[], isNested = true): readonly string[][] {
  const keys = users.map((name) => [memberKey(dn(name))]);
  return walkGroups(groups, keys, isNested).groupsOf.map((names) => [...names].sort());
}

describe('nested groups', () => {
  it('R93: give their users to the groups around them', () => {
    const groups = [group('all', 'dev', 'ops'), group('dev', 'anna', 'web'), group('web', 'bob'), group('ops')];
    expect(groupsOf(groups, ['anna', 'bob', 'carl'])).toEqual([['all', 'dev'], ['all', 'dev', 'web'], []]);
    expect(groupsOf(groups, ['anna', 'bob'], false)).toEqual([['dev'], ['web']]);
  });

  it('R93: are given to nobody whose name only looks like that of a member, as others read it', () => {
    const [real, lookalike] = ['anna', 'ＡＮＮＡ'];
    const groups = [group('deployers', real), group('all', 'deployers')];
    expect(groupsOf(groups, [real, 'bob'])).toEqual([['all', 'deployers'], []]);
    for (const users of [
      [real, lookalike],
      [lookalike, real],
    ]) {
      expect(groupsOf(groups, users)).toEqual([[], []]);
    }
    const twins = [group('outer', 'inner'), group('inner', 'bob'), { ...group('INNER', 'anna'), name: 'other' }];
    expect(groupsOf(twins, ['anna', 'bob'])).toEqual([['other'], ['inner']]);
  });

  it('R93: may contain each other', () => {
    const groups = [group('a', 'b', 'anna'), group('b', 'c'), group('c', 'a', 'c')];
    expect(groupsOf(groups, ['anna'])).toEqual([['a', 'b', 'c']]);
    expect(walkGroups(groups, [], true).hasCycle).toBe(true);
  });

  it('R112: are walked to a depth', () => {
    const names = Array.from({ length: MAX_GROUP_DEPTH + 5 }, (_, index) => `g${index}`);
    const groups = names.map((name, index) => group(name, names[index + 1] ?? 'anna'));
    const [found] = groupsOf(groups, ['anna']);
    expect(found).toHaveLength(MAX_GROUP_DEPTH + 1);
    expect(found).not.toContain('g0');
  });

  it('name users by their names only where the attribute has names', () => {
    const named: ReadGroup = { dn: dn('posix'), name: 'posix', members: ['anna'] };
    expect(walkGroups([named], [[memberKey(dn('anna'))]], true).groupsOf[0]?.size).toBe(0);
    expect(walkGroups([named], [[memberKey('Anna')]], true).groupsOf[0]?.has('posix')).toBe(true);
  });

  it('R93: have exactly the users that can be reached', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names, 'anna', 'bob')), { maxLength: 25 }),
        (edges) => {
          const groups = names.map((name) =>
            group(name, ...edges.filter(([outer]) => outer === name).map(([, inner]) => inner)),
          );
          const reaches = (from: string, to: string, seen: ReadonlySet<string> = new Set()): boolean =>
            edges.some(
              ([outer, inner]) =>
                outer === from &&
                (inner === to || (!seen.has(inner) && reaches(inner, to, new Set([...seen, from, inner])))),
            );
          const expected = ['anna', 'bob'].map((user) => names.filter((name) => reaches(name, user)));
          expect(groupsOf(groups, ['anna', 'bob'])).toEqual(expected);
        },
      ),
    );
  });
});
