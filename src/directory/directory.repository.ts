import { Injectable } from '@nestjs/common';
import { isStorableText } from '@scopegate/kernel';
import { userNameKey } from '@scopegate/token';
import { In, MoreThan, Not, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import { findExactRow } from '../database/exact-row.js';
import { insertRows, partsOf, ROWS_IN_ONE_STATEMENT } from '../database/insert-rows.js';
import { rowLock } from '../database/row-lock.js';
import { ADMINISTRATORS, LOCAL, type DirectoryUser } from './directory-user.js';
import { GroupMemberEntity } from './group-member.entity.js';
import { GroupEntity } from './group.entity.js';
import { UserEntity } from './user.entity.js';

export const USERS_IN_ONE_READ = ROWS_IN_ONE_STATEMENT;

/** A list of members starts from the members up to this number, else from the users. */
const FEW_MEMBERS = 2_000;

export interface UserFilter {
  /** Searched without case in the user name, the display name and the email address. */
  readonly q?: string;
  readonly active?: boolean;
  /** The exact name of a group. */
  readonly group?: string;
}

export interface GroupMember {
  readonly userId: string;
  readonly username: string | null;
}

/** Every method takes the manager of the transaction that it belongs to. */
@Injectable()
export class DirectoryRepository {
  /**
   * Every write takes this lock first, so that what it has checked cannot change before it is stored. Writes are rare,
   * and one lock cannot deadlock. It is the row of the group that is never deleted.
   */
  async lock(manager: EntityManager): Promise<void> {
    await manager.findOne(GroupEntity, { where: { name: ADMINISTRATORS }, ...rowLock(manager) });
  }

  usersOf(manager: EntityManager, ids: readonly string[]): Promise<DirectoryUser[]> {
    return ids.length === 0 ? Promise.resolve([]) : readUsers(manager, ids);
  }

  /** In the order of names without case. */
  async userPage(manager: EntityManager, filter: UserFilter, after: string, limit: number): Promise<DirectoryUser[]> {
    const query = manager
      .createQueryBuilder(UserEntity, 'user')
      .select('user.id', 'id')
      .where('user.usernameKey > :after', { after })
      .orderBy('user.usernameKey', 'ASC')
      .limit(limit);
    if (filter.active !== undefined) query.andWhere('user.active = :active', { active: filter.active });
    if (filter.q !== undefined) {
      if (!isStorableText(filter.q)) return [];
      const part = filter.q.toLowerCase();
      query.andWhere('(INSTR(user.usernameKey, :part) > 0 OR INSTR(user.searchKey, :part) > 0)', { part });
    }
    if (filter.group !== undefined) {
      const members = await this.#fewMembers(manager, filter.group);
      if (members.length === 0) return [];
      if (members.length <= FEW_MEMBERS) query.andWhere('user.id IN (:...members)', { members });
      else query.andWhere(`(${countMembership(query)}) > 0`, { group: filter.group });
    }
    const ids = (await query.getRawMany<{ readonly id: string }>()).map(({ id }) => id);
    const users = new Map((await this.usersOf(manager, ids)).map((user) => [user.facts.id, user]));
    return ids.flatMap((id) => users.get(id) ?? []);
  }

  /** Returns at most one more than FEW_MEMBERS. */
  async #fewMembers(manager: EntityManager, groupName: string): Promise<string[]> {
    if (!(await this.isGroup(manager, groupName))) return [];
    const rows = await manager.find(GroupMemberEntity, { where: { groupName }, take: FEW_MEMBERS + 1 });
    return rows.map(({ userId }) => userId);
  }

  /** Compares names by our own rule and not by the collation of the database (R44). */
  findUser(manager: EntityManager, username: string): Promise<UserEntity | null> {
    return findExactRow(manager, UserEntity, { usernameKey: userNameKey(username) });
  }

  async isGroup(manager: EntityManager, name: string): Promise<boolean> {
    return (await findExactRow(manager, GroupEntity, { name })) !== null;
  }

  async isGroupInAnyCase(manager: EntityManager, name: string): Promise<boolean> {
    return (await findExactRow(manager, GroupEntity, { nameKey: userNameKey(name) })) !== null;
  }

  groupsAfter(manager: EntityManager, after: string, limit: number): Promise<GroupEntity[]> {
    return manager.find(GroupEntity, { where: { name: MoreThan(after) }, order: { name: 'ASC' }, take: limit });
  }

  async groupsOf(manager: EntityManager, userId: string): Promise<string[]> {
    const [user] = await this.usersOf(manager, [userId]);
    return [...(user?.facts.groups ?? [])].sort();
  }

  async missingGroups(manager: EntityManager, names: readonly string[]): Promise<string[]> {
    const there = new Set<string>();
    for (const part of partsOf(names.filter(isStorableText))) {
      for (const { name } of await manager.findBy(GroupEntity, { name: In(part) })) there.add(name);
    }
    return names.filter((name) => !there.has(name));
  }

  /** Of those among the groups that come from a directory, the key of that directory. */
  async directoriesOfGroups(manager: EntityManager, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const owners = new Map<string, string>();
    for (const part of partsOf(names.filter(isStorableText))) {
      const rows = await manager.findBy(GroupEntity, { name: In(part), directory: Not(LOCAL) });
      for (const { name, directory } of rows) owners.set(name, directory);
    }
    return owners;
  }

  isMember(manager: EntityManager, groupName: string, userId: string): Promise<boolean> {
    return manager.existsBy(GroupMemberEntity, { groupName, userId });
  }

  async addMember(manager: EntityManager, groupName: string, userId: string): Promise<void> {
    await manager.insert(GroupMemberEntity, { groupName, userId });
  }

  async addMembers(manager: EntityManager, members: readonly GroupMemberEntity[]): Promise<void> {
    await insertRows(manager, GroupMemberEntity, members);
  }

  async insertUsers(manager: EntityManager, rows: readonly UserEntity[]): Promise<void> {
    await insertRows(manager, UserEntity, rows);
  }

  /** @param keys from `userNameKey` @returns the users by these keys */
  async usersNamed(manager: EntityManager, keys: readonly string[]): Promise<ReadonlyMap<string, DirectoryUser>> {
    const wanted = new Set(keys);
    const found = new Map<string, DirectoryUser>();
    for (const part of partsOf(keys)) {
      const rows = await manager.find(UserEntity, { select: { id: true }, where: { usernameKey: In(part) } });
      const ids = rows.map(({ id }) => id);
      for (const user of await this.usersOf(manager, ids)) {
        // Compared again, because a collation can be more tolerant (R44).
        const key = userNameKey(user.facts.username);
        if (wanted.has(key)) found.set(key, user);
      }
    }
    return found;
  }

  async removeMember(manager: EntityManager, groupName: string, userId: string): Promise<void> {
    await manager.delete(GroupMemberEntity, { groupName, userId });
  }

  async removeFromAllGroups(manager: EntityManager, userId: string): Promise<void> {
    await manager.delete(GroupMemberEntity, { userId });
  }

  /** The group may have been deleted. */
  someMembers(manager: EntityManager, groupName: string, limit: number): Promise<GroupMember[]> {
    return manager
      .createQueryBuilder(GroupMemberEntity, 'member')
      .leftJoin(UserEntity, 'user', 'user.id = member.userId')
      .where('member.groupName = :groupName', { groupName })
      .orderBy('member.userId', 'ASC')
      .select('member.userId', 'userId')
      .addSelect('user.username', 'username')
      .limit(limit)
      .getRawMany<GroupMember>();
  }

  async removeMembers(manager: EntityManager, groupName: string, members: readonly GroupMember[]): Promise<void> {
    if (members.length === 0) return;
    await manager.delete(GroupMemberEntity, { groupName, userId: In(members.map(({ userId }) => userId)) });
  }

  countMembers(manager: EntityManager, groupName: string): Promise<number> {
    return manager.countBy(GroupMemberEntity, { groupName });
  }

  async isAnyAdministratorActive(manager: EntityManager): Promise<boolean> {
    return this.hasActiveMember(manager, ADMINISTRATORS);
  }

  /** @param directory whose users do not count */
  async hasActiveAdministratorOutside(manager: EntityManager, directory: string): Promise<boolean> {
    const query = activeMembers(manager, ADMINISTRATORS).andWhere('user.directory <> :directory', { directory });
    return (await query.getRawOne<object>()) !== undefined;
  }

  async hasActiveMember(
    manager: EntityManager,
    groupName: string,
    leavingIds: readonly string[] = [],
  ): Promise<boolean> {
    const query = activeMembers(manager, groupName);
    if (leavingIds.length > 0) query.andWhere('member.userId NOT IN (:...leavingIds)', { leavingIds });
    return (await query.getRawOne<object>()) !== undefined;
  }
}

/** At most one. */
function activeMembers(manager: EntityManager, groupName: string): SelectQueryBuilder<GroupMemberEntity> {
  return manager
    .createQueryBuilder(GroupMemberEntity, 'member')
    .innerJoin(UserEntity, 'user', 'user.id = member.userId')
    .where('member.groupName = :groupName AND user.active = :active', { groupName, active: true })
    .select('member.userId', 'userId')
    .limit(1);
}

/** A count, because databases turn other forms into a join. */
function countMembership(query: SelectQueryBuilder<UserEntity>): string {
  return query
    .subQuery()
    .select('COUNT(*)')
    .from(GroupMemberEntity, 'membership')
    .where('membership.groupName = :group AND membership.userId = user.id')
    .getQuery();
}

interface UserGroupRow {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly email: string | null;
  readonly passwordHash: string | null;
  readonly directory: string;
  readonly active: number | boolean;
  readonly groupName: string | null;
}

/**
 * One statement, so that users and groups belong to the same moment. A membership counts only if its group exists: a
 * new group does not inherit the members of a deleted one.
 */
async function readUsers(manager: EntityManager, ids: readonly string[]): Promise<DirectoryUser[]> {
  const rows = await manager
    .createQueryBuilder(UserEntity, 'user')
    .leftJoin(GroupMemberEntity, 'member', 'member.userId = user.id')
    .leftJoin(GroupEntity, 'held', 'held.name = member.groupName')
    .where('user.id IN (:...ids)', { ids })
    .select('user.id', 'id')
    .addSelect('user.username', 'username')
    .addSelect('user.displayName', 'displayName')
    .addSelect('user.email', 'email')
    .addSelect('user.passwordHash', 'passwordHash')
    .addSelect('user.directory', 'directory')
    .addSelect('user.active', 'active')
    .addSelect('held.name', 'groupName')
    .getRawMany<UserGroupRow>();
  const users = new Map<string, { readonly row: UserGroupRow; readonly groups: Set<string> }>();
  for (const row of rows) {
    const user = users.get(row.id) ?? { row, groups: new Set<string>() };
    if (row.groupName !== null) user.groups.add(row.groupName);
    users.set(row.id, user);
  }
  return [...users.values()].map(({ row, groups }) => ({
    facts: {
      id: row.id,
      username: row.username,
      displayName: row.displayName,
      email: row.email,
      active: Boolean(row.active),
      groups,
    },
    directory: row.directory,
    passwordHash: row.passwordHash,
  }));
}
