import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { describeChange } from '@scopegate/audit';
import { userNameKey } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { FormerNames } from '../audit/former-names.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, pageOf, type Page } from '../common/paging/page.js';
import { Clock } from '../common/time/clock.js';
import { applyMergePatch } from '../common/validation/merge-patch.js';
import { validateAs } from '../common/validation/validation.pipe.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DeletionsService } from './deletions.service.js';
import { shownUser, toUserDto } from './directory.mapper.js';
import { DirectoryRepository } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import { ADMINISTRATORS, LOCAL, isActiveAdministrator, type DirectoryUser } from './directory-user.js';
import type { UserDto } from './dto/user.dto.js';
import { ChangedUserDto, type CreateUserDto, type UserListQuery } from './dto/user.input.dto.js';
import { connectedDirectories, ofDirectory, requireLocal } from './local.rule.js';
import { trustedOrigin, type LoginOrigin } from './login-origin.js';
import { PasswordHasher } from './password.hasher.js';
import { passwordProblem } from './password.rule.js';
import { UserEntity } from './user.entity.js';
import { newUser, passwordChange, UserWriter } from './user.writer.js';

const NULLABLE = ['email', 'password'];

@Injectable()
export class UsersService {
  constructor(
    private readonly directory: DirectoryService,
    private readonly repository: DirectoryRepository,
    private readonly writer: UserWriter,
    private readonly deletions: DeletionsService,
    private readonly passwords: PasswordHasher,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly formerNames: FormerNames,
    private readonly clock: Clock,
  ) {}

  async list(query: UserListQuery): Promise<Page<UserDto>> {
    const after = decodeCursor(query.cursor, 1)?.[0] ?? '';
    if (typeof after !== 'string') throw invalidField('cursor', 'does not belong to this list.');
    const users = await this.unitOfWork.read(
      (manager) => this.repository.userPage(manager, query, after, query.limit + 1),
      { lane: 'lists' },
    );
    return pageOf(users, query.limit, ({ facts }) => [userNameKey(facts.username)], shownUser);
  }

  get(username: string): Promise<UserDto> {
    return this.unitOfWork.read(async (manager) => {
      const row = await this.#requireUser(manager, username);
      const [user] = await this.repository.usersOf(manager, [row.id]);
      if (user === undefined) throw unknownUser();
      return shownUser(user);
    });
  }

  /** @throws a 409 if the name is taken; names are compared without case */
  async create(input: CreateUserDto, actor: Actor): Promise<UserDto> {
    const passwordHash =
      typeof input.password === 'string'
        ? await this.passwords.hash(input.password, trustedOrigin(actor.clientIp))
        : null;
    const { username, displayName = username, email = null, active = true, groups = [] } = input;
    const user = newUser(
      { username, displayName, email, active, groups, directory: LOCAL },
      passwordHash,
      this.clock.nowMs(),
    );
    const made = toUserDto({ ...user.row, groups });
    try {
      await this.unitOfWork.run(async (unit) => {
        await this.repository.lock(unit.manager);
        await this.#requireGroups(unit.manager, groups);
        await this.#requireLocalGroups(unit.manager, groups);
        if ((await this.repository.findUser(unit.manager, username)) !== null) throw nameTaken();
        await this.writer.insert(unit, [user], actor);
        await actor.idempotencyClaim?.keep(unit.manager, made);
      });
    } catch (error) {
      throw isDuplicateKey(error) ? nameTaken() : error;
    }
    return made;
  }

  /**
   * Applies a merge patch.
   * @throws a 400 if it is not valid, a 404, or a 409 if no active administrator would be left
   */
  async update(username: string, patch: unknown, actor: Actor): Promise<UserDto> {
    // Before the transaction, which delays all other changes: bcrypt is slow.
    const newHash = await this.#hashOf(patch, actor);
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await this.#requireUser(manager, username);
      const before = toUserDto({ ...row, groups: await this.repository.groupsOf(manager, row.id) });
      const merged = await validateAs(ChangedUserDto, applyMergePatch({ ...before }, patch, NULLABLE));
      if (merged.username !== row.username) throw invalidField('username', 'must not change. Rename the user.');
      if (merged.directory !== before.directory) throw invalidField('directory', 'cannot be changed.');
      const after = toUserDto(merged);
      const isPasswordSet = merged.password !== undefined && (merged.password !== null || row.passwordHash !== null);
      if (Object.keys(describeChange(before, after)).length === 0 && !isPasswordSet) return after;

      const added = after.groups.filter((group) => !before.groups.includes(group));
      const left = before.groups.filter((group) => !after.groups.includes(group));
      const isOtherwiseChanged = Object.keys(describeChange(before, { ...after, groups: before.groups })).length > 0;
      if (isOtherwiseChanged || isPasswordSet) await requireLocal(manager, row.directory, 'Change the user');
      await this.#requireGroups(manager, added);
      await this.#requireLocalGroups(manager, [...added, ...left]);
      const password = isPasswordSet ? { before: row.passwordHash, after: newHash } : null;
      await this.writer.update(unit, row.id, before, after, password, actor);
      if (isActiveAdministrator(before)) await requireAdministrator(this.repository, manager);
      return after;
    });
  }

  /**
   * Makes the user's tokens invalid at once, then revokes them.
   * @throws a 404, or a 409 if no active administrator would be left
   */
  async delete(username: string, actor: Actor): Promise<void> {
    const userId = await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await this.#requireUser(manager, username);
      // An active one would be back after the next synchronisation, as another user.
      if (row.active) await requireLocal(manager, row.directory, 'Remove or disable the user');
      const before = toUserDto({ ...row, groups: await this.repository.groupsOf(manager, row.id) });
      await this.repository.removeFromAllGroups(manager, row.id);
      await manager.delete(UserEntity, row.id);
      await this.formerNames.forget(manager, row.id);
      await this.directory.loginsEnding(unit, [row.id]);
      await this.deletions.note(unit, 'user', row.id, actor);
      if (isActiveAdministrator(before)) await requireAdministrator(this.repository, manager);
      this.audit.recordChange(manager, actor, {
        type: 'user.deleted',
        detail: { subject: row.username, changes: describeChange(before, {}) },
      });
      unit.changed('directory', row.id);
      return row.id;
    });
    await this.deletions.finish('user', userId, actor);
  }

  /**
   * @returns null if this is not the password of the user
   * @throws a 409 if the user comes from a directory
   */
  async checkOwnPassword(user: PrincipalFacts, current: string, origin: LoginOrigin): Promise<DirectoryUser | null> {
    await this.unitOfWork.read(async (manager) => {
      const known = await manager.findOneBy(UserEntity, { id: user.id });
      const directory = known?.directory ?? LOCAL;
      await requireLocal(manager, directory, 'Your password is the one of the directory. Change it');
    });
    const verified = await this.directory.checkPassword(user.username, current, origin);
    return verified?.facts.id === user.id ? verified : null;
  }

  /**
   * @param verified from `checkOwnPassword`
   * @throws a 409 if another request has changed the password meanwhile
   */
  async changeOwnPassword(verified: DirectoryUser, next: string, actor: Actor): Promise<void> {
    const newHash = await this.passwords.hash(next, trustedOrigin(actor.clientIp));
    await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await manager.findOneBy(UserEntity, { id: verified.facts.id });
      // Compares the hashes, because bcrypt would delay the transaction and all other changes.
      if (row?.active !== true || row.passwordHash !== verified.passwordHash) {
        throw new ProblemException('conflict', 'Your password has been changed by another request.');
      }
      await manager.update(UserEntity, row.id, { passwordHash: newHash });
      await this.directory.loginsEnding(unit, [row.id]);
      this.audit.recordChange(manager, actor, {
        type: 'user.changed',
        detail: {
          subject: row.username,
          changes: {},
          passwordChange: passwordChange({ before: row.passwordHash, after: newHash }),
        },
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

  /** R93: the members of a group of a directory are those that it has there. */
  async #requireLocalGroups(manager: EntityManager, names: readonly string[]): Promise<void> {
    const [foreign] = await this.repository.directoriesOfGroups(manager, names);
    if (foreign === undefined) return;
    const [name, directory] = foreign;
    const reason = ofDirectory(directory, 'Change its members', await connectedDirectories(manager));
    throw new ProblemException('conflict', `The group "${name}": ${reason}`);
  }

  async #requireGroups(manager: EntityManager, names: readonly string[]): Promise<void> {
    const missing = await this.repository.missingGroups(manager, names);
    if (missing.length > 0) throw invalidField('groups', `contains unknown groups: ${missing.join(', ')}`);
  }
}

/** @throws a 409 if the transaction would leave no active administrator (R26) */
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

export function nameTaken(): ProblemException {
  return new ProblemException('conflict', 'A user with this name exists. Names are compared without case.');
}
