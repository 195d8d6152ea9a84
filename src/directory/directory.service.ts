import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { userNameKey } from '@scopegate/token';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DirectoryRepository } from './directory.repository.js';
import { ADMINISTRATORS, type DirectoryUser } from './directory-user.js';
import type { LoginOrigin } from './login-origin.js';
import { PasswordHasher } from './password.hasher.js';
import { UserCache } from './user.cache.js';
import { UserEntity } from './user.entity.js';

/** Takes part in the transaction that deletes a group; what it throws, a 409 for example, keeps the group. */
export type GroupDeletingHook = (unit: Unit, groupName: string) => Promise<void>;

/**
 * Who there is. The owners of tokens are known from memory; everything else about users and groups is asked of the
 * database. What is written goes through UsersService and GroupsService.
 */
@Injectable()
export class DirectoryService {
  readonly #groupDeletingHooks: GroupDeletingHook[] = [];

  constructor(
    private readonly repository: DirectoryRepository,
    private readonly known: UserCache,
    private readonly passwords: PasswordHasher,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The user of this name, compared without case (R44), or null. */
  findByName(name: string): Promise<PrincipalFacts | null> {
    return this.unitOfWork.read(async (manager) => {
      const row = await this.repository.findUser(manager, name);
      const [user] = row === null ? [] : await this.repository.usersOf(manager, [row.id]);
      return user?.facts ?? null;
    });
  }

  /**
   * The user of this id, or null; an id is never given again (R26). It is kept in memory: ask here for the owners of
   * tokens that are used, and `findAll` for the rest.
   */
  findById(id: string): PrincipalFacts | null | Promise<PrincipalFacts | null> {
    return this.known.find(id);
  }

  /** Users by their ids; those there are not are left out. */
  findAll(ids: Iterable<string>): Promise<ReadonlyMap<string, PrincipalFacts>> {
    return this.known.findAll(ids);
  }

  isAdministrator(principal: PrincipalFacts): boolean {
    return principal.groups.has(ADMINISTRATORS);
  }

  /** Whether there is any user at all. */
  hasUsers(): Promise<boolean> {
    return this.unitOfWork.read((manager) => manager.exists(UserEntity));
  }

  /** Those of the groups that an active user is in. */
  groupsWithMembers(names: Iterable<string>): Promise<ReadonlySet<string>> {
    return this.unitOfWork.read(async (manager) => {
      const found = new Set<string>();
      for (const name of new Set(names)) if (await this.repository.hasActiveMember(manager, name)) found.add(name);
      return found;
    });
  }

  /**
   * The user who logs in, or null. It takes as long for a user who is unknown, inactive or without a password.
   * @throws a 503 where the check has no turn in time
   */
  async verifyPassword(username: string, password: string, origin: LoginOrigin): Promise<PrincipalFacts | null> {
    return (await this.checkPassword(username, password, origin))?.facts ?? null;
  }

  /** The same with the hash that the password was held against. */
  async checkPassword(username: string, password: string, origin: LoginOrigin): Promise<DirectoryUser | null> {
    // Without the groups: a name that there is would take longer than one that there is not.
    const user = await this.unitOfWork.read((manager) => this.repository.findUser(manager, username), {
      lane: 'judging',
    });
    const stored = user?.active === true ? user.passwordHash : null;
    const account = { nameKey: userNameKey(username), stored };
    if (!(await this.passwords.matches(account, password, origin)) || user === null) return null;
    // Comparing took its time: the user may have been deactivated or given another password by now.
    const [now] = await this.unitOfWork.read((manager) => this.repository.usersOf(manager, [user.id]), {
      lane: 'judging',
    });
    return now?.facts.active === true && now.passwordHash === stored ? now : null;
  }

  /**
   * Which of these groups there are not, as seen by a transaction. Whoever stores the names of groups keeps them from
   * being deleted by `onGroupDeleting`.
   */
  missingGroups(unit: Unit, names: readonly string[]): Promise<readonly string[]> {
    return this.repository.missingGroups(unit.manager, names);
  }

  /** Has a module that is built on this one take part when a group is deleted. */
  onGroupDeleting(hook: GroupDeletingHook): void {
    this.#groupDeletingHooks.push(hook);
  }

  /** Tells those who take part that a group is being deleted. */
  async groupDeleting(unit: Unit, groupName: string): Promise<void> {
    for (const hook of this.#groupDeletingHooks) await hook(unit, groupName);
  }
}
