import { describe, expect, it } from 'vitest';
import { buildDirectorySnapshot, type UserRow } from './directory.snapshot.js';

function user(username: string, active = true): UserRow {
  return {
    id: `id-${username}`,
    username,
    usernameKey: username.toLowerCase(),
    displayName: username,
    email: null,
    passwordHash: null,
    active,
  };
}

describe('buildDirectorySnapshot', () => {
  const snapshot = buildDirectorySnapshot(
    [user('Zoe'), user('anna'), user('Ben', false)],
    ['staff', 'administrators', 'empty'],
    [
      { groupName: 'staff', userId: 'id-anna' },
      { groupName: 'staff', userId: 'id-Ben' },
      { groupName: 'administrators', userId: 'id-anna' },
      { groupName: 'deleted', userId: 'id-anna' },
      { groupName: 'staff', userId: 'id-nobody' },
    ],
  );

  it('R44: users are found and ordered by their names without case', () => {
    expect(snapshot.users.map((entry) => entry.facts.username)).toEqual(['anna', 'Ben', 'Zoe']);
    expect(snapshot.byKey.get('zoe')?.facts.id).toBe('id-Zoe');
    expect(snapshot.byKey.get('Zoe')).toBeUndefined();
  });

  it('R26: a membership left over from a group that is gone gives nothing', () => {
    expect([...(snapshot.byId.get('id-anna')?.facts.groups ?? [])].sort()).toEqual(['administrators', 'staff']);
  });

  it('R23: groups are counted by their active members', () => {
    expect(Object.fromEntries(snapshot.groupSizes)).toEqual({ administrators: 1, empty: 0, staff: 1 });
    expect([...snapshot.groupNames]).toEqual(['administrators', 'empty', 'staff']);
  });
});
