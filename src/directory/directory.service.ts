import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { userNameKey } from '@scopegate/token';
import type { Actor } from '../audit/actor.js';
import { ChangeFeed } from '../database/change-feed.js';
import { Snapshot } from '../database/snapshot.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DirectoryRepository } from './directory.repository.js';
import { ADMINISTRATORS, type DirectorySnapshot, type DirectoryUser } from './directory.snapshot.js';
import type { LoginOrigin } from './login-origin.js';
import { PasswordHasher } from './password.hasher.js';

/** Takes part in the transaction that deletes a user; what it throws keeps the user. */
export type UserDeletingHook = (unit: Unit, user: PrincipalFacts, actor: Actor) => Promise<void>;

/** Takes part in the transaction that deletes a group; what it throws, a 409 for example, keeps the group. */
export type GroupDeletingHook = (unit: Unit, groupName: string) => Promise<void>;

/** Who there is: users and groups, from memory. What is written goes through UsersService and GroupsService. */
@Injectable()
export class DirectoryService implements OnModuleInit, OnModuleDestroy {
  readonly #snapshot: Snapshot<DirectorySnapshot>;
  readonly #userDeletingHooks: UserDeletingHook[] = [];
  readonly #groupDeletingHooks: GroupDeletingHook[] = [];

  constructor(
    private readonly repository: DirectoryRepository,
    private readonly passwords: PasswordHasher,
    unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
  ) {
    this.#snapshot = new Snapshot('users and groups', () =>
      unitOfWork.read((manager) => this.repository.readAll(manager)),
    );
  }

  async onModuleInit(): Promise<void> {
    this.changes.subscribe('directory', () => this.#snapshot.reload());
    await this.#snapshot.reload();
  }

  onModuleDestroy(): void {
    this.#snapshot.close();
  }

  /** Reads the directory again, where another node may have changed it. */
  reload(): Promise<void> {
    return this.#snapshot.reload();
  }

  /** The user of this name, compared without case (R44), or null. */
  findByName(name: string): PrincipalFacts | null {
    return this.#snapshot.current.byKey.get(userNameKey(name))?.facts ?? null;
  }

  /** The user of this id, or null; an id is never given again (R26). */
  findById(id: string): PrincipalFacts | null {
    return this.#snapshot.current.byId.get(id)?.facts ?? null;
  }

  isAdministrator(principal: PrincipalFacts): boolean {
    return principal.groups.has(ADMINISTRATORS);
  }

  /** All users, ordered by their names without case. */
  users(): readonly DirectoryUser[] {
    return this.#snapshot.current.users;
  }

  /** All groups, ordered by name. */
  groupNames(): ReadonlySet<string> {
    return this.#snapshot.current.groupNames;
  }

  /** The number of active members of each group. */
  groupSizes(): ReadonlyMap<string, number> {
    return this.#snapshot.current.groupSizes;
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
    const nameKey = userNameKey(username);
    const user = this.#snapshot.current.byKey.get(nameKey);
    const stored = user?.facts.active === true ? user.passwordHash : null;
    if (!(await this.passwords.matches({ nameKey, stored }, password, origin)) || user === undefined) return null;
    // Comparing took its time: the user may have been deactivated or given another password by now.
    const now = this.#snapshot.current.byId.get(user.facts.id);
    return now?.facts.active === true && now.passwordHash === stored ? now : null;
  }

  /**
   * Which of these groups there are not, as seen by a transaction. Whoever stores the names of groups keeps them from
   * being deleted by `onGroupDeleting`.
   */
  missingGroups(unit: Unit, names: readonly string[]): Promise<readonly string[]> {
    return this.repository.missingGroups(unit.manager, names);
  }

  /** Has a module that is built on this one take part when a user is deleted. */
  onUserDeleting(hook: UserDeletingHook): void {
    this.#userDeletingHooks.push(hook);
  }

  /** Has a module that is built on this one take part when a group is deleted. */
  onGroupDeleting(hook: GroupDeletingHook): void {
    this.#groupDeletingHooks.push(hook);
  }

  /** Tells those who take part that a user is being deleted. */
  async userDeleting(unit: Unit, user: PrincipalFacts, actor: Actor): Promise<void> {
    for (const hook of this.#userDeletingHooks) await hook(unit, user, actor);
  }

  /** Tells those who take part that a group is being deleted. */
  async groupDeleting(unit: Unit, groupName: string): Promise<void> {
    for (const hook of this.#groupDeletingHooks) await hook(unit, groupName);
  }
}
