import type { FoundState, StoredState, StoredUser } from '@scopegate/directory';
import { userNameKey } from '@scopegate/token';
import { In, MoreThan, Not, type EntityManager } from 'typeorm';
import { partsOf, ROWS_IN_ONE_STATEMENT } from '../../database/insert-rows.js';
import { GroupMemberEntity } from '../group-member.entity.js';
import { GroupEntity } from '../group.entity.js';
import { UserEntity } from '../user.entity.js';

/** What is stored of a directory, and the names that others have of what it says now. */
export async function readStoredState(
  manager: EntityManager,
  directory: string,
  found: FoundState,
): Promise<StoredState> {
  const groups = (await manager.findBy(GroupEntity, { directory })).map(({ name }) => name);
  const others = await manager.findBy(GroupEntity, { directory: Not(directory) });
  const names = new Set(found.users.map(({ username }) => userNameKey(username)));
  return {
    users: await readUsers(manager, directory, new Set(groups)),
    groups,
    otherUsers: await readOtherUsers(manager, directory, names),
    otherGroups: new Map(others.map((group) => [group.nameKey, group.directory])),
  };
}

async function readUsers(
  manager: EntityManager,
  directory: string,
  groups: ReadonlySet<string>,
): Promise<readonly StoredUser[]> {
  const users: StoredUser[] = [];
  for (let after = ''; ;) {
    const rows = await manager.find(UserEntity, {
      where: { directory, id: MoreThan(after) },
      order: { id: 'ASC' },
      take: ROWS_IN_ONE_STATEMENT,
    });
    const groupsOf = await readMemberships(
      manager,
      rows.map(({ id }) => id),
    );
    for (const { id, directoryEntry, username, displayName, email, active, goneAtMs } of rows) {
      const own = (groupsOf.get(id) ?? []).filter((name) => groups.has(name));
      users.push({ id, entry: directoryEntry, username, displayName, email, active, goneAtMs, groups: own });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_IN_ONE_STATEMENT) return users;
    after = last.id;
  }
}

async function readMemberships(
  manager: EntityManager,
  userIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const groupsOf = new Map<string, string[]>();
  if (userIds.length === 0) return groupsOf;
  for (const { userId, groupName } of await manager.findBy(GroupMemberEntity, { userId: In(userIds) })) {
    groupsOf.set(userId, [...(groupsOf.get(userId) ?? []), groupName]);
  }
  return groupsOf;
}

async function readOtherUsers(
  manager: EntityManager,
  directory: string,
  keys: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const others = new Map<string, string>();
  for (const part of partsOf([...keys])) {
    const rows = await manager.find(UserEntity, {
      select: { id: true, usernameKey: true, directory: true },
      where: { usernameKey: In(part), directory: Not(directory) },
    });
    for (const row of rows) if (keys.has(row.usernameKey)) others.set(row.usernameKey, row.directory);
  }
  return others;
}
