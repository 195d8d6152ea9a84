import { describe, expect, it } from 'vitest';
import { planUserImport, readUserImport } from './user-import.js';

describe('the file of an import', () => {
  it.each([
    ['username,groups', 'anna,a;b', ['a', 'b']],
    ['username,groups', 'anna,"a, b"', ['a', 'b']],
    ['username,groups', 'anna,"a;b,"', ['a;b']],
    ['username,groups', 'anna,a b', ['a b']],
    ['UserName, Groups ', 'anna,a', ['a']],
  ])('R97: %s, then %s is in the groups %j', (header, line, groups) => {
    const { users, errors } = readUserImport(`${header}\n${line}\n`);
    expect(errors).toEqual([]);
    expect(users).toEqual([expect.objectContaining({ username: 'anna', groups })]);
  });
});

describe('the plan of an import', () => {
  // Each membership is a row: 500,000 of them in one mebibyte held the lock of the directory for many seconds.
  it('R112: a file within its size cannot write any number of memberships', () => {
    const names = Array.from({ length: 1_000 }, (_, index) => index.toString(36));
    const lines = Array.from({ length: 300 }, (_, index) => `user${index},"${names.join(',')}"\n`);
    const csv = `username,groups\n${lines.join('')}`;
    expect(csv.length).toBeLessThan(1_048_576);
    const { users, errors } = readUserImport(csv);
    expect(errors).toEqual([]);
    const plan = planUserImport(users, new Map(), new Set(names));
    expect(plan.users.length).toBe(21);
    expect(plan.errors).toEqual([{ line: 22, message: expect.stringContaining('several parts') as string }]);
  });

  it('R112: nor remove any number of them', () => {
    const groups = Array.from({ length: 1_000 }, (_, index) => `group${index}`);
    const names = Array.from({ length: 100 }, (_, index) => `user${index}`);
    const known = new Map(
      names.map((username) => [
        username,
        { username, displayName: username, email: null, active: true, groups, directory: 'local' },
      ]),
    );
    const { users } = readUserImport(`username,groups\n${names.map((name) => `${name},\n`).join('')}`);
    expect(planUserImport(users, known, new Set()).errors).toHaveLength(1);
  });
});
