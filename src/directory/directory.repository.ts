import { Injectable } from '@nestjs/common';
import { userNameKey } from '@scopegate/token';
import { In, type EntityManager } from 'typeorm';
import { findExactRow } from '../database/exact-row.js';
import { rowLock } from '../database/row-lock.js';
import { ADMINISTRATORS, buildDirectorySnapshot, type DirectorySnapshot } from './directory.snapshot.js';
import { GroupMemberEntity } from './group-member.entity.js';
import { GroupEntity } from './group.entity.js';
import { UserEntity } from './user.entity.js';

/** The tables of the directory. Every method takes the manager of the transaction it is part of. */
@Injectable()
export class DirectoryRepository {
  /**
   * Holds the directory until the transaction ends. Every write takes it first: what one checks (who administers,
   * which groups there are) cannot change before it is stored. Writes are rare, so one lock for all of them will do,
   * and there is no second one to wait for in a circle. It is the row of the group that is never deleted.
   */
  async lock(manager: EntityManager): Promise<void> {
    await manager.findOne(GroupEntity, { where: { name: ADMINISTRATORS }, ...rowLock(manager) });
  }

  async readAll(manager: EntityManager): Promise<DirectorySnapshot> {
    const users = await manager.find(UserEntity);
    const groups = await manager.find(GroupEntity);
    const members = await manager.find(GroupMemberEntity);
    return buildDirectorySnapshot(
      users,
      groups.map((group) => group.name),
      members,
    );
  }

  /** Names are compared without case, by a rule of our own (R44). */
  findUser(manager: EntityManager, username: string): Promise<UserEntity | null> {
    return findExactRow(manager, UserEntity, { usernameKey: userNameKey(username) });
  }

  async isGroup(manager: EntityManager, name: string): Promise<boolean> {
    return (await findExactRow(manager, GroupEntity, { name })) !== null;
  }

  /** Ordered by name. */
  async groupNames(manager: EntityManager): Promise<string[]> {
    const rows = await manager.find(GroupEntity, { order: { name: 'ASC' } });
    return rows.map((row) => row.name);
  }

  /** The groups of a user, ordered by name. */
  async groupsOf(manager: EntityManager, userId: string): Promise<string[]> {
    const rows = await manager.find(GroupMemberEntity, { where: { userId }, order: { groupName: 'ASC' } });
    return rows.map((row) => row.groupName);
  }

  /** Which of these groups there are not. */
  async missingGroups(manager: EntityManager, names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const rows = await manager.findBy(GroupEntity, { name: In([...names]) });
    const there = new Set(rows.map((row) => row.name));
    return names.filter((name) => !there.has(name));
  }

  isMember(manager: EntityManager, groupName: string, userId: string): Promise<boolean> {
    return manager.existsBy(GroupMemberEntity, { groupName, userId });
  }

  async addMember(manager: EntityManager, groupName: string, userId: string): Promise<void> {
    await manager.insert(GroupMemberEntity, { groupName, userId });
  }

  async removeMember(manager: EntityManager, groupName: string, userId: string): Promise<void> {
    await manager.delete(GroupMemberEntity, { groupName, userId });
  }

  /** The names of a group's members. */
  async memberNames(manager: EntityManager, groupName: string): Promise<string[]> {
    const rows = await manager.find(GroupMemberEntity, { where: { groupName } });
    const names: string[] = [];
    for (let at = 0; at < rows.length; at += 500) {
      const ids = rows.slice(at, at + 500).map((row) => row.userId);
      const users = await manager.find(UserEntity, { where: { id: In(ids) } });
      names.push(...users.map((user) => user.username));
    }
    return names;
  }

  async isAnyAdministratorActive(manager: EntityManager): Promise<boolean> {
    const count = await manager
      .createQueryBuilder(UserEntity, 'user')
      .innerJoin(GroupMemberEntity, 'member', 'member.userId = user.id')
      .where('member.groupName = :group AND user.active = :active', { group: ADMINISTRATORS, active: true })
      .getCount();
    return count > 0;
  }
}
