import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fingerprintOf } from './sync-fingerprint.js';
import { isNoPlan, planSync, SAME_USER_MS, type SyncPlan } from './sync-plan.js';
import type { FoundState, FoundUser, StoredState, StoredUser, SyncOptions } from './sync-state.js';

const NOW_MS = 1_800_000_000_000;

const OPTIONS: SyncOptions = {
  nowMs: NOW_MS,
  maxDeactivations: 20,
  rules: {
    username: (name) => (/^[\w.-]+$/.test(name) ? null : 'must have other characters'),
    displayName: (name) => (name === '' ? 'must not be empty' : null),
    email: (text) => (text.includes('@') ? null : 'must be an email address'),
    group: (name) => (name.includes(',') ? 'must not contain a comma' : null),
  },
};

function found(username: string, more: Partial<FoundUser> = {}): FoundUser {
  const base = { entry: `e-${username}`, username, displayName: username, email: null, isDisabled: false };
  return { ...base, groups: new Set(), ...more };
}

function stored(username: string, more: Partial<StoredUser> = {}): StoredUser {
  const base = { id: `id-${username}`, entry: `e-${username}`, username, displayName: username, email: null };
  return { ...base, active: true, groups: [], goneAtMs: null, ...more };
}

function state(users: readonly StoredUser[], more: Partial<StoredState> = {}): StoredState {
  return { users, groups: [], otherUsers: new Map(), otherGroups: new Map(), ...more };
}

function plan(users: readonly FoundUser[], before: StoredState, options = OPTIONS, groups: string[] = []): SyncPlan {
  const made = planSync({ users, groups }, before, options);
  if (isNoPlan(made)) throw new Error(made.refusal);
  return made;
}

const MANY = Array.from({ length: 10 }, (_, index) => `user${index}`);

describe('the plan of a synchronisation', () => {
  it('R93: creates, changes and deactivates what differs, and nothing else', () => {
    const before = state([
      stored('same'),
      stored('other-mail', { email: 'old@x' }),
      stored('disabled'),
      stored('vanished'),
      ...MANY.map((name) => stored(name)),
    ]);
    const users = [
      found('same'),
      found('new', { email: 'new@x' }),
      found('other-mail', { email: 'new@x' }),
      found('disabled', { isDisabled: true }),
      ...MANY.map((name) => found(name)),
    ];
    const made = plan(users, before);
    expect(made.create.map(({ username }) => username)).toEqual(['new']);
    expect(made.change.map((change) => change.before.username)).toEqual(['other-mail', 'disabled']);
    expect(made.vanished.map(({ username }) => username)).toEqual(['vanished']);
    expect(made.deactivations).toBe(2);
    expect(made.hold).toBeNull();
  });

  it('R93: renames a user whose entry has another name', () => {
    const made = plan([found('anna.b', { entry: 'e-anna' })], state([stored('anna')]));
    expect(made.create).toEqual([]);
    expect(made.vanished).toEqual([]);
    expect(made.change).toMatchObject([{ before: { id: 'id-anna' }, after: { username: 'anna.b' }, isBack: false }]);
  });

  it('R93: knows a user again who comes back with the same entry, or soon with a new one', () => {
    const gone = (ageMs: number): StoredUser => stored('anna', { active: false, goneAtMs: NOW_MS - ageMs });
    const isBack = { before: { id: 'id-anna' }, after: { active: true }, isBack: true };
    expect(plan([found('anna')], state([gone(10 * SAME_USER_MS)])).change).toMatchObject([isBack]);
    expect(plan([found('anna', { entry: 'e-2' })], state([gone(SAME_USER_MS - 1)])).change).toMatchObject([isBack]);
  });

  it('R26: does not give a new person what an earlier one of the name had', () => {
    const gone = stored('anna', { active: false, goneAtMs: NOW_MS - SAME_USER_MS });
    const made = plan([found('anna', { entry: 'e-2' }), found('bob')], state([gone, stored('bob')]));
    expect(made.create).toEqual([]);
    expect(made.change).toEqual([]);
    expect(made.conflicts).toMatchObject([{ kind: 'user', name: 'anna' }]);
  });

  it('R95: takes no user over who is local or of another directory', () => {
    const others = new Map([
      ['admin', 'local'],
      ['bob', 'paris'],
    ]);
    const made = plan([found('Admin'), found('bob'), found('carl')], state([], { otherUsers: others }));
    expect(made.create.map(({ username }) => username)).toEqual(['carl']);
    expect(made.conflicts.map(({ message }) => message)).toEqual([
      '"Admin" is also a local user, and stays local. Rename one of them.',
      '"bob" is also a user of the directory "paris", and stays there. Rename one of them.',
    ]);
  });

  it('R93: leaves a user as it is whose name is there twice, or may not be', () => {
    const before = state([stored('anna'), stored('bob')]);
    const twice = plan([found('anna', { email: 'a@x' }), found('Anna', { entry: 'e-2' }), found('bob')], before);
    expect([twice.create, twice.change, twice.vanished]).toEqual([[], [], []]);
    expect(twice.conflicts).toHaveLength(2);
    const bad = plan([found('an na', { entry: 'e-anna' }), found('bob')], before);
    expect([bad.create, bad.change, bad.vanished]).toEqual([[], [], []]);
    const sameEntry = plan([found('anna'), found('bob', { entry: 'e-anna' }), found('carl')], before);
    expect(sameEntry.create.map(({ username }) => username)).toEqual(['carl']);
    expect(sameEntry.change).toEqual([]);
  });

  it.each([
    ['it may not be', 'an na'],
    ['a local user has it', 'admin'],
    ['another entry has it, too', 'bob'],
  ])('R26, R93: deactivates a disabled user, although its name is refused because %s', (_why, username) => {
    const before = state([stored('anna'), stored('bob'), ...MANY.map((name) => stored(name))], {
      otherUsers: new Map([['admin', 'local']]),
    });
    const others = [found('bob'), ...MANY.map((name) => found(name))];
    const anna = { entry: 'e-anna', displayName: 'Somebody', email: 'else@x' };
    const made = plan([found(username, { ...anna, isDisabled: true }), ...others], before);
    const kept = { username: 'anna', displayName: 'anna', email: null };
    expect(made.change).toMatchObject([{ before: { id: 'id-anna' }, after: { ...kept, active: false } }]);
    expect([made.create, made.vanished, made.deactivations]).toEqual([[], [], 1]);
    // The name alone changes nothing, and makes nobody active again.
    expect(plan([found(username, anna), ...others], before).change).toEqual([]);
    const inactive = { ...before, users: before.users.map((user) => ({ ...user, active: user.id !== 'id-anna' })) };
    expect(plan([found(username, anna), ...others], inactive).change).toEqual([]);
  });

  it('R93: takes a group from a user whose name is refused, and gives none', () => {
    const users = [stored('anna', { groups: ['dev', 'ops'] }), stored('bob', { groups: ['dev', 'ops'] })];
    const before = state(users, { groups: ['dev', 'ops', 'new'] });
    const bob = found('bob', { groups: new Set(['dev', 'ops']) });
    const anna = found('an na', { entry: 'e-anna', groups: new Set(['ops', 'new']) });
    const made = plan([anna, bob], before, OPTIONS, ['dev', 'ops', 'new']);
    expect(made.change).toMatchObject([{ before: { id: 'id-anna' }, after: { active: true, groups: ['ops'] } }]);
  });

  it('R93: renames in a chain one after the other', () => {
    const before = state([stored('anna'), stored('bob')]);
    const users = [found('bob', { entry: 'e-anna' }), found('carl', { entry: 'e-bob' })];
    const first = plan(users, before);
    expect(first.change.map(({ after }) => after.username)).toEqual(['carl']);
    expect(first.vanished).toEqual([]);
    const second = plan(users, state([stored('anna'), stored('bob', { username: 'carl', displayName: 'carl' })]));
    expect(second.change.map(({ after }) => after.username)).toEqual(['bob']);
  });

  it('R93: gives no user a group that may not be let in', () => {
    const users = [found('anna', { groups: new Set(['administrators', 'Dev', 'dev', 'a,b', 'Ops']) })];
    const before = state([], { groups: ['ops', 'old'], otherGroups: new Map([['administrators', 'local']]) });
    const made = plan(users, before, OPTIONS, ['administrators', 'Dev', 'dev', 'a,b', 'Ops']);
    expect(made.create[0]?.groups).toEqual(['ops']);
    expect(made.groups).toMatchObject({ create: [], vanished: ['old'] });
    expect(made.conflicts.map(({ name }) => name)).toEqual(['administrators', 'Dev', 'a,b']);
    expect(made.conflicts[0]?.message).toBe(
      '"administrators" is also a local group, and stays local. Rename one of them.',
    );
    expect(made.conflicts[2]?.message).toMatch(/^The group "a,b" is not taken from the directory: the name .*\.$/);
  });

  it('keeps what a directory says about a person within the bounds of a user', () => {
    const made = plan([found('anna', { displayName: ' ', email: 'no address' })], state([]));
    expect(made.create).toMatchObject([{ displayName: 'anna', email: null }]);
  });

  it('R94: is none for a directory without a user', () => {
    expect(planSync({ users: [], groups: ['dev'] }, state([]), OPTIONS)).toHaveProperty('refusal');
    expect(planSync({ users: [], groups: [] }, state([stored('anna')]), OPTIONS)).toHaveProperty('refusal');
  });
});

describe('the hold', () => {
  it.each([
    [8, 20, false],
    [7, 20, true],
    [0.5, 100, false],
    [9, 0, true],
    [10, 0, false],
  ])('R94: with %s of 10 users left and at most %s per cent: %s', (left, maxDeactivations, isHeld) => {
    const users = [...MANY.slice(0, left), 'new'].map((name) => found(name));
    const made = plan(users, state(MANY.map((name) => stored(name))), { ...OPTIONS, maxDeactivations });
    expect(made.hold !== null).toBe(isHeld);
  });

  it('R94: counts users who are disabled as well as those who vanish', () => {
    const users = MANY.map((name) => found(name, { isDisabled: true }));
    expect(plan(users, state(MANY.map((name) => stored(name)))).hold).toMatchObject({ deactivations: 10 });
  });

  it('R94: asks before groups lose all their members', () => {
    const members = MANY.map((name, index) => stored(name, { groups: [`group${index % 5}`] }));
    const groups = ['group0', 'group1', 'group2', 'group3', 'group4'];
    const before = state(members, { groups });
    const withGroups = (left: readonly string[]): FoundUser[] =>
      MANY.map((name, index) =>
        found(name, { groups: new Set(left.filter((group) => group === `group${index % 5}`)) }),
      );
    expect(plan(withGroups([]), before, OPTIONS, []).hold).toMatchObject({
      emptiedGroups: 5,
      groups: 5,
      deactivations: 0,
    });
    expect(plan(withGroups(groups.slice(2)), before, OPTIONS, groups.slice(2)).hold).toMatchObject({
      emptiedGroups: 2,
    });
    expect(plan(withGroups(groups.slice(1)), before, OPTIONS, groups.slice(1)).hold).toBeNull();
    const one = state([stored('anna', { groups: ['dev'] })], { groups: ['dev'] });
    expect(plan([found('anna')], one, OPTIONS, []).hold).not.toBeNull();
    const renamed = [found('anna', { groups: new Set(['developers']) })];
    expect(plan(renamed, one, OPTIONS, ['developers']).hold).toBeNull();
  });

  it('R94: is another question where other users would be deactivated, or other groups emptied', () => {
    const groups = ['group0', 'group1', 'group2', 'group3', 'group4'];
    const before = state(
      MANY.map((name, index) => stored(name, { groups: [`group${index % 5}`] })),
      { groups },
    );
    // The groups stay; who is left in them?
    const asked = (users: readonly string[], left: readonly string[], more: readonly string[] = []): string => {
      const members = users.map((name) => {
        const own = `group${MANY.indexOf(name) % 5}`;
        return found(name, { groups: new Set([...left.filter((group) => group === own), ...more]) });
      });
      return fingerprintOf(plan(members, before, OPTIONS, [...groups, ...more]));
    };
    const three = asked(MANY, ['group3', 'group4']);
    expect(asked(MANY.toReversed(), ['group4', 'group3'])).toBe(three);
    const others = [
      asked(MANY, []),
      asked(MANY, ['group0', 'group1']),
      asked(MANY, ['group3', 'group4'], ['new']),
      asked(MANY.slice(1), ['group3', 'group4']),
    ];
    expect(new Set([three, ...others]).size).toBe(5);
  });
});

const NAMES = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'A', 'admin', 'x y');
const FOUND = fc.record({
  entry: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6'),
  username: NAMES,
  displayName: fc.constantFrom('One', 'Two', null),
  email: fc.constantFrom('a@x', 'bad', null),
  isDisabled: fc.boolean(),
  groups: fc.uniqueArray(fc.constantFrom('dev', 'ops', 'administrators')).map((names) => new Set(names)),
});
const STORED = fc
  .uniqueArray(
    fc.record({
      entry: fc.constantFrom('e1', 'e2', 'e3', 'e4', 'e5', 'e6'),
      username: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      active: fc.boolean(),
      isGone: fc.boolean(),
    }),
    { selector: ({ username }) => username },
  )
  .map((rows) => {
    const entries = new Set<string>();
    return rows
      .filter(({ entry }) => !entries.has(entry) && entries.add(entry))
      .map(({ isGone, ...row }) =>
        stored(row.username, { ...row, active: row.active && !isGone, goneAtMs: isGone ? NOW_MS - 5 : null }),
      );
  });

/** What is stored once the plan is carried out. */
function carriedOut(made: SyncPlan, before: StoredState): StoredState {
  const users = new Map(before.users.map((user) => [user.id, user]));
  for (const { id } of made.vanished) {
    const user = users.get(id);
    if (user !== undefined) users.set(id, { ...user, active: false, groups: [], goneAtMs: NOW_MS });
  }
  for (const change of made.change) users.set(change.before.id, { ...change.before, ...change.after, goneAtMs: null });
  for (const target of made.create) {
    const id = `new-${users.size}`;
    users.set(id, { ...target, id, goneAtMs: null });
  }
  const gone = new Set(made.groups.vanished);
  return {
    ...before,
    users: [...users.values()],
    groups: [...before.groups.filter((name) => !gone.has(name)), ...made.groups.create],
  };
}

describe('every plan', () => {
  const others = { otherUsers: new Map([['admin', 'local']]), otherGroups: new Map([['administrators', 'local']]) };

  function forEveryPlan(check: (made: SyncPlan, users: readonly FoundUser[], before: StoredState) => void): void {
    fc.assert(
      fc.property(fc.array(FOUND, { minLength: 1, maxLength: 8 }), STORED, (users, rows) => {
        const before = state(rows, { ...others, groups: ['ops'] });
        check(plan(users, before, OPTIONS, ['dev', 'ops', 'administrators']), users, before);
      }),
      { numRuns: 500 },
    );
  }

  it('R93: leaves each name to one user, and none to a directory that is not its own', () => {
    forEveryPlan((made, _users, before) => {
      const after = carriedOut(made, before).users;
      const names = after.map(({ username }) => username.toLowerCase());
      expect(new Set(names).size).toBe(names.length);
      expect(names).not.toContain('admin');
      expect(after.flatMap(({ groups }) => groups)).not.toContain('administrators');
    });
  });

  it('R93: forgets no user', () => {
    forEveryPlan((made, _users, before) => {
      const after = new Set(carriedOut(made, before).users.map(({ id }) => id));
      expect(before.users.every(({ id }) => after.has(id))).toBe(true);
    });
  });

  it('R93: is followed by an empty one, once every name is free', () => {
    forEveryPlan((made, users, before) => {
      let now = before;
      for (let round = 0, next = made; round < 8; round += 1, next = plan(users, now, OPTIONS, GROUPS)) {
        now = carriedOut(next, now);
      }
      const last = plan(users, now, OPTIONS, GROUPS);
      expect([last.create, last.change, last.vanished, last.groups.create, last.groups.vanished]).toEqual([
        [],
        [],
        [],
        [],
        [],
      ]);
    });
  });

  it('R94: says how many active users it deactivates', () => {
    forEveryPlan((made, _users, before) => {
      const active = new Set(before.users.filter((user) => user.active).map(({ id }) => id));
      const inactive = carriedOut(made, before).users.filter((user) => !user.active && active.has(user.id));
      expect(made.deactivations).toBe(inactive.length);
      if (made.deactivations * 5 > active.size) expect(made.hold).not.toBeNull();
    });
  });
});

const GROUPS = ['dev', 'ops', 'administrators'];

describe('the state of a directory', () => {
  it('R112: is planned for 20,000 users in a moment', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `u${index}`);
    const answer: FoundState = { users: names.map((name) => found(name)), groups: [] };
    const made = planSync(answer, state(names.map((name) => stored(name))), OPTIONS);
    expect(made).toMatchObject({ create: [], change: [], vanished: [] });
  });
});
