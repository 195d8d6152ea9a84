import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_GROUP_DEPTH, walkGroups, type GroupWalk, type ReadGroup } from './nested-groups.js';

const dn = (name: string): string => `cn=${name},dc=x`;

function group(name: string, ...members: readonly string[]): ReadGroup {
  return { dn: dn(name), name, members: members.map(dn) };
}

interface Carried {
  readonly walk: GroupWalk | null;
  readonly steps: number;
}

function carryOut(groups: readonly ReadGroup[], users: readonly string[], isNested = true, maxPairs = 1_000): Carried {
  const walk = walkGroups(groups, users, isNested, maxPairs);
  for (let steps = 0; ; steps += 1) {
    const step = walk.next();
    if (step.done === true) return { walk: step.value, steps };
  }
}

function groupsOf(groups: readonly ReadGroup[], users: readonly string[], isNested = true): readonly string[][] {
  const { walk } = carryOut(groups, users.map(dn), isNested);
  if (walk === null) throw new Error('It is too large.');
  return walk.groupsOf.map((names) => [...names].sort());
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
    expect(carryOut(groups, []).walk?.hasCycle).toBe(true);
  });

  it('R112: are walked to a depth', () => {
    const names = Array.from({ length: MAX_GROUP_DEPTH + 5 }, (_, index) => `g${index}`);
    const groups = names.map((name, index) => group(name, names[index + 1] ?? 'anna'));
    const [found] = groupsOf(groups, ['anna']);
    expect(found).toHaveLength(MAX_GROUP_DEPTH + 1);
    expect(found).not.toContain('g0');
  });

  it('R92: that contain each other are refused before they fill the memory with their members', () => {
    const users = Array.from({ length: 500 }, (_, index) => `user${index}`);
    const names = Array.from({ length: 200 }, (_, index) => `g${index}`);
    const ring = names.map((name, index) =>
      group(name, names[(index + 1) % names.length] ?? '', ...(index === 0 ? users : [])),
    );
    const { walk, steps } = carryOut(ring, users.map(dn), true, 10_000);
    expect(walk).toBeNull();
    // One for each name that is read, and few for the walk.
    expect(steps).toBeLessThan(2 * (users.length + names.length) + names.length + 100);
    // To the limit, and no pair further.
    expect(carryOut([group('a', 'anna', 'anna'), group('b', 'a')], [dn('anna')], true, 2).walk).not.toBeNull();
    expect(carryOut([group('a', 'anna', 'anna'), group('b', 'a')], [dn('anna')], true, 1).walk).toBeNull();
  });

  it('R92: that take too long to walk are refused, also if hardly anybody is in them', () => {
    const names = Array.from({ length: 300 }, (_, index) => `g${index}`);
    expect(
      carryOut(
        names.map((name) => group(name, 'anna', ...names)),
        [dn('anna')],
      ).walk,
    ).toBeNull();
    expect(
      carryOut(
        names.map((name) => group(name, 'anna', ...names)),
        [dn('anna')],
        false,
      ).walk,
    ).not.toBeNull();
  });

  it('R92: give way all the time', () => {
    const groups = [group('a', 'b', 'anna'), group('b', 'a')];
    const long = groups.map((one) => ({ ...one, members: Array.from({ length: 400 }, () => one.members).flat() }));
    const { walk, steps } = carryOut(long, [dn('anna')]);
    expect(walk?.groupsOf).toEqual([new Set(['a', 'b'])]);
    const read = long.reduce((sum, { members: { length } }) => sum + length, 1 + groups.length);
    // Each group looks at the members of both.
    expect(steps).toBe(read + Math.floor((2 * 1_200) / 250));
  });

  it('name users by their names only where the attribute has names', () => {
    const named: ReadGroup = { dn: dn('posix'), name: 'posix', members: ['anna'] };
    expect(carryOut([named], [dn('anna')]).walk?.groupsOf[0]?.size).toBe(0);
    expect(carryOut([named], ['Anna']).walk?.groupsOf[0]?.has('posix')).toBe(true);
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
