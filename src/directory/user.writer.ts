import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { describeChange } from '@scopegate/audit';
import { userNameKey } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { Turn } from '../common/time/turn.js';
import type { Unit } from '../database/unit-of-work.js';
import { toUserDto } from './directory.mapper.js';
import { DirectoryRepository } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import { searchKeyOf } from './directory-user.js';
import type { UserDto } from './dto/user.dto.js';
import { UserEntity } from './user.entity.js';

export interface NewUser {
  readonly row: UserEntity;
  readonly groups: readonly string[];
}

/**
 * @param passwordHash null: the user cannot log in with a password
 * @param directoryEntry of a user who comes from a directory
 */
export function newUser(
  user: UserDto,
  passwordHash: string | null,
  nowMs: number,
  directoryEntry: string | null = null,
): NewUser {
  const { username, displayName, email, active, groups, directory } = user;
  return {
    row: {
      id: randomUUID(),
      username,
      usernameKey: userNameKey(username),
      displayName,
      email,
      searchKey: searchKeyOf(user),
      passwordHash,
      active,
      directory,
      directoryEntry,
      goneAtMs: null,
      createdAtMs: nowMs,
    },
    groups,
  };
}

/** Null: the password stays. */
export type PasswordChange = { readonly before: string | null; readonly after: string | null } | null;

/** Each write with its event. The transaction must have checked names, groups and the last administrator. */
@Injectable()
export class UserWriter {
  constructor(
    private readonly repository: DirectoryRepository,
    private readonly directory: DirectoryService,
    private readonly audit: AuditService,
  ) {}

  async insert(unit: Unit, users: readonly NewUser[], actor: Actor): Promise<void> {
    const { manager } = unit;
    await this.repository.insertUsers(
      manager,
      users.map(({ row }) => row),
    );
    await this.repository.addMembers(
      manager,
      users.flatMap(({ row, groups }) => groups.map((groupName) => ({ groupName, userId: row.id }))),
    );
    const turn = new Turn(true);
    for (const { row, groups } of users) {
      if (turn.isDue) await turn.yield();
      this.audit.recordChange(manager, actor, {
        type: 'user.created',
        detail: {
          subject: row.username,
          changes: describeChange({}, { ...toUserDto({ ...row, groups }), hasPassword: row.passwordHash !== null }),
        },
      });
      unit.changed('directory', row.id);
    }
  }

  async update(
    unit: Unit,
    id: string,
    before: UserDto,
    after: UserDto,
    password: PasswordChange,
    actor: Actor,
  ): Promise<void> {
    const { manager } = unit;
    await manager.update(UserEntity, id, {
      displayName: after.displayName,
      email: after.email,
      searchKey: searchKeyOf(after),
      active: after.active,
      ...(password === null ? {} : { passwordHash: password.after }),
    });
    if (password !== null || (before.active && !after.active)) await this.directory.loginsEnding(unit, [id]);
    await this.#replaceGroups(manager, id, before.groups, after.groups);
    this.audit.recordChange(manager, actor, {
      type: 'user.changed',
      detail: {
        subject: before.username,
        changes: describeChange(before, after),
        ...(password === null ? {} : { passwordChange: passwordChange(password) }),
      },
    });
    unit.changed('directory', id);
  }

  async #replaceGroups(
    manager: EntityManager,
    userId: string,
    before: readonly string[],
    after: readonly string[],
  ): Promise<void> {
    for (const group of before) {
      if (!after.includes(group)) await this.repository.removeMember(manager, group, userId);
    }
    const added = after.filter((group) => !before.includes(group));
    await this.repository.addMembers(
      manager,
      added.map((groupName) => ({ groupName, userId })),
    );
  }
}

/** The audit log must not hold a password (R61). */
export function passwordChange({ before, after }: NonNullable<PasswordChange>): 'set' | 'changed' | 'removed' {
  if (after === null) return 'removed';
  return before === null ? 'set' : 'changed';
}
