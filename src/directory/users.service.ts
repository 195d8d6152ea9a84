import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import { userNameKey } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, pageOf, type Page } from '../common/paging/page.js';
import { Clock } from '../common/time/clock.js';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from './deletions.service.js';
import { toUserDto } from './directory.mapper.js';
import { DirectoryRepository } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import { ADMINISTRATORS, searchKeyOf, toPrincipal } from './directory-user.js';
import type { UserDto } from './dto/user.dto.js';
import { ChangedUserDto, type CreateUserDto, type UserListQuery } from './dto/user.input.dto.js';
import { trustedOrigin } from './login-origin.js';
import { PasswordHasher } from './password.hasher.js';
import { passwordProblem } from './password.rule.js';
import { UserEntity } from './user.entity.js';

/** What may be null in a merge patch of a user. */
const NULLABLE = ['email', 'password'];

/** Creates, shows, changes and deletes users. */
@Injectable()
export class UsersService {
  constructor(
    private readonly directory: DirectoryService,
    private readonly repository: DirectoryRepository,
    private readonly deletions: DeletionsService,
    private readonly passwords: PasswordHasher,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(query: UserListQuery): Promise<Page<UserDto>> {
    const after = decodeCursor(query.cursor, 1)?.[0] ?? '';
    if (typeof after !== 'string') throw invalidField('cursor', 'does not belong to this list.');
    const users = await this.unitOfWork.read(
      (manager) => this.repository.userPage(manager, query, after, query.limit + 1),
      { lane: 'lists' },
    );
    return pageOf(users, query.limit, (user) => [userNameKey(user.username)], toUserDto);
  }

  /** @throws a 404 where there is no such user */
  async get(username: string): Promise<UserDto> {
    const user = await this.directory.findByName(username);
    if (user === null) throw unknownUser();
    return toUserDto(user);
  }

  /** @throws a 409 where the name is taken, in any case */
  async create(input: CreateUserDto, actor: Actor): Promise<UserDto> {
    const passwordHash =
      typeof input.password === 'string'
        ? await this.passwords.hash(input.password, trustedOrigin(actor.clientIp))
        : null;
    const shown = { displayName: input.displayName ?? input.username, email: input.email ?? null };
    const row: UserEntity = {
      id: randomUUID(),
      username: input.username,
      usernameKey: userNameKey(input.username),
      ...shown,
      searchKey: searchKeyOf(shown),
      passwordHash,
      active: input.active ?? true,
      createdAtMs: this.clock.nowMs(),
    };
    const groups = input.groups ?? [];
    const made = toUserDto(toPrincipal(row, new Set(groups)));
    try {
      await this.unitOfWork.run(async (unit) => {
        await this.repository.lock(unit.manager);
        await this.#requireGroups(unit.manager, groups);
        if ((await this.repository.findUser(unit.manager, row.username)) !== null) throw nameTaken();
        await this.insert(unit, row, groups, actor);
        await actor.idempotencyClaim?.keep(unit.manager, made);
      });
    } catch (error) {
      throw isDuplicateKey(error) ? nameTaken() : error;
    }
    return made;
  }

  /** Stores a new user with its groups, as part of a transaction that has checked both. */
  async insert(unit: Unit, row: UserEntity, groups: readonly string[], actor: Actor): Promise<void> {
    await unit.manager.insert(UserEntity, row);
    for (const group of groups) await this.repository.addMember(unit.manager, group, row.id);
    this.audit.recordChange(unit.manager, actor, {
      type: 'user.created',
      detail: {
        subject: row.username,
        changes: describeChange({}, { ...describe(row, groups), hasPassword: row.passwordHash !== null }),
      },
    });
    unit.changed('directory', row.id);
  }

  /**
   * Applies a merge patch.
   * @param patch the body as it came
   * @throws a 400 where it does not fit, a 404, or a 409 where no active administrator would be left
   */
  async update(username: string, patch: unknown, actor: Actor): Promise<UserDto> {
    // bcrypt takes its time, and a transaction holds everybody else's up.
    const newHash = await this.#hashOf(patch, actor);
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await this.#requireUser(manager, username);
      const groups = await this.repository.groupsOf(manager, row.id);
      const before = describe(row, groups);
      const merged = await validateAs(ChangedUserDto, applyMergePatch(before, patch, NULLABLE));
      if (merged.username !== row.username) throw invalidField('username', 'must not change. Leave it out.');
      const after = { ...before, displayName: merged.displayName, email: merged.email, active: merged.active };
      const next = { ...after, groups: merged.groups.toSorted() };
      const isPasswordSet = merged.password !== undefined && (merged.password !== null || row.passwordHash !== null);
      const changes = describeChange(before, next);
      const answer = (): UserDto => toUserDto(toPrincipal({ ...row, ...after }, new Set(next.groups)));
      if (Object.keys(changes).length === 0 && !isPasswordSet) return answer();

      await this.#requireGroups(
        manager,
        next.groups.filter((group) => !groups.includes(group)),
      );
      await manager.update(UserEntity, row.id, {
        displayName: next.displayName,
        email: next.email,
        searchKey: searchKeyOf(next),
        active: next.active,
        ...(isPasswordSet ? { passwordHash: newHash } : {}),
      });
      for (const group of groups) {
        if (!next.groups.includes(group)) await this.repository.removeMember(manager, group, row.id);
      }
      for (const group of next.groups) {
        if (!groups.includes(group)) await this.repository.addMember(manager, group, row.id);
      }
      if (isActiveAdministrator(before)) await requireAdministrator(this.repository, manager);
      this.audit.recordChange(manager, actor, {
        type: 'user.changed',
        detail: {
          subject: row.username,
          changes,
          ...(isPasswordSet ? { passwordChange: passwordChange(row.passwordHash, newHash) } : {}),
        },
      });
      unit.changed('directory', row.id);
      return answer();
    });
  }

  /**
   * Deletes a user, and then ends its tokens, which are refused from the deletion on.
   * @throws a 404, or a 409 where no active administrator would be left
   */
  async delete(username: string, actor: Actor): Promise<void> {
    const userId = await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await this.#requireUser(manager, username);
      const groups = await this.repository.groupsOf(manager, row.id);
      await this.repository.removeFromAllGroups(manager, row.id);
      await manager.delete(UserEntity, row.id);
      await this.deletions.note(unit, 'user', row.id, actor);
      if (isActiveAdministrator({ active: row.active, groups })) await requireAdministrator(this.repository, manager);
      this.audit.recordChange(manager, actor, {
        type: 'user.deleted',
        detail: { subject: row.username, changes: describeChange(describe(row, groups), {}) },
      });
      unit.changed('directory', row.id);
      return row.id;
    });
    await this.deletions.finish('user', userId, actor);
  }

  /**
   * Sets the caller's own password.
   * @throws a 400 where the current one is wrong, a 409 where it was changed in between
   */
  async changeOwnPassword(user: PrincipalFacts, current: string, next: string, actor: Actor): Promise<void> {
    const origin = trustedOrigin(actor.clientIp);
    const verified = await this.directory.checkPassword(user.username, current, origin);
    if (verified?.facts.id !== user.id) throw invalidField('current', 'is not your current password.');
    const newHash = await this.passwords.hash(next, origin);
    await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await manager.findOneBy(UserEntity, { id: user.id });
      // Compared by the hash: a check would hold the transaction, and everybody's changes, until it has its turn.
      if (row?.active !== true || row.passwordHash !== verified.passwordHash) {
        throw new ProblemException('conflict', 'Your password has been changed by another request.');
      }
      await manager.update(UserEntity, row.id, { passwordHash: newHash });
      this.audit.recordChange(manager, actor, {
        type: 'user.changed',
        detail: { subject: row.username, changes: {}, passwordChange: passwordChange(row.passwordHash, newHash) },
      });
      unit.changed('directory', row.id);
    });
  }

  async #hashOf(patch: unknown, actor: Actor): Promise<string | null> {
    const password = typeof patch === 'object' && patch !== null && 'password' in patch ? patch.password : null;
    const isFit = typeof password === 'string' && passwordProblem(password) === null;
    return isFit ? this.passwords.hash(password, trustedOrigin(actor.clientIp)) : null;
  }

  async #requireUser(manager: EntityManager, username: string): Promise<UserEntity> {
    const row = await this.repository.findUser(manager, username);
    if (row === null) throw unknownUser();
    return row;
  }

  async #requireGroups(manager: EntityManager, names: readonly string[]): Promise<void> {
    const missing = await this.repository.missingGroups(manager, names);
    if (missing.length > 0) throw invalidField('groups', `contains unknown groups: ${missing.join(', ')}`);
  }
}

/** @throws a 409 where a transaction would leave no active administrator (R26) */
export async function requireAdministrator(repository: DirectoryRepository, manager: EntityManager): Promise<void> {
  if (await repository.isAnyAdministratorActive(manager)) return;
  throw new ProblemException(
    'conflict',
    `This is the last active administrator. Add another active user to the group "${ADMINISTRATORS}" first.`,
  );
}

export function unknownUser(): ProblemException {
  return new ProblemException('not_found', 'No user has this name.');
}

function nameTaken(): ProblemException {
  return new ProblemException('conflict', 'A user with this name exists. Names are compared without case.');
}

function isActiveAdministrator(user: { readonly active: boolean; readonly groups: readonly string[] }): boolean {
  return user.active && user.groups.includes(ADMINISTRATORS);
}

/** The members of a user that can be shown. */
function describe(
  row: UserEntity,
  groups: readonly string[],
): Pick<UserEntity, 'username' | 'displayName' | 'email' | 'active'> & { readonly groups: readonly string[] } {
  return {
    username: row.username,
    displayName: row.displayName,
    email: row.email,
    active: row.active,
    groups: groups.toSorted(),
  };
}

/** What became of a password, and no more (R61). */
function passwordChange(before: string | null, after: string | null): 'set' | 'changed' | 'removed' {
  if (after === null) return 'removed';
  return before === null ? 'set' : 'changed';
}
