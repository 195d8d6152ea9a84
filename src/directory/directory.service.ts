import { Injectable } from '@nestjs/common';
import { isAdministrator, type PrincipalFacts } from '@scopegate/access';
import { userNameKey } from '@scopegate/token';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DirectoryRepository } from './directory.repository.js';
import { LOCAL, type DirectoryUser } from './directory-user.js';
import { DirectoryLogins } from './ldap/directory-login.service.js';
import type { LoginOrigin } from './login-origin.js';
import { PasswordHasher } from './password.hasher.js';
import { UserCache } from './user.cache.js';
import { UserEntity } from './user.entity.js';

/** Runs in the transaction that deletes a group. An error, such as a 409, keeps the group. */
export type GroupDeletingHook = (unit: Unit, groupName: string) => Promise<void>;

/** Runs in the transaction that renames a user. */
export type UserRenamingHook = (unit: Unit, userId: string, username: string) => Promise<void>;

/** Runs in the transaction that changes the password of users, or deactivates or deletes them. */
export type LoginsEndingHook = (unit: Unit, userIds: readonly string[]) => Promise<void>;

/** The owners of tokens come from memory, everything else about users and groups from the database. */
@Injectable()
export class DirectoryService {
  readonly #groupDeletingHooks: GroupDeletingHook[] = [];
  readonly #userRenamingHooks: UserRenamingHook[] = [];
  readonly #loginsEndingHooks: LoginsEndingHook[] = [];

  constructor(
    private readonly repository: DirectoryRepository,
    private readonly known: UserCache,
    private readonly passwords: PasswordHasher,
    private readonly logins: DirectoryLogins,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Compared without case (R44). */
  findByName(name: string): Promise<PrincipalFacts | null> {
    return this.unitOfWork.read(async (manager) => {
      const row = await this.repository.findUser(manager, name);
      const [user] = row === null ? [] : await this.repository.usersOf(manager, [row.id]);
      return user?.facts ?? null;
    });
  }

  /**
   * For owners of tokens in use, because the user stays in memory; else use `findAll`. An id is never used again (R26).
   */
  findById(id: string): PrincipalFacts | null | Promise<PrincipalFacts | null> {
    return this.known.find(id);
  }

  findAll(ids: Iterable<string>): Promise<ReadonlyMap<string, PrincipalFacts>> {
    return this.known.findAll(ids);
  }

  /** Null if the user has been deleted. */
  async createdAtMs(id: string): Promise<number | null> {
    const row = await this.unitOfWork.read((manager) =>
      manager.findOne(UserEntity, { select: { id: true, createdAtMs: true }, where: { id } }),
    );
    return row?.createdAtMs ?? null;
  }

  isAdministrator(principal: PrincipalFacts): boolean {
    return isAdministrator(principal);
  }

  hasUsers(): Promise<boolean> {
    return this.unitOfWork.read((manager) => manager.exists(UserEntity));
  }

  groupsWithMembers(names: Iterable<string>): Promise<ReadonlySet<string>> {
    return this.unitOfWork.read(async (manager) => {
      const found = new Set<string>();
      for (const name of new Set(names)) if (await this.repository.hasActiveMember(manager, name)) found.add(name);
      return found;
    });
  }

  /**
   * Takes the same time for a user who is unknown, inactive or without a password.
   * @throws a 503 if too many passwords are being checked, or the user's directory gives no answer
   */
  async verifyPassword(username: string, password: string, origin: LoginOrigin): Promise<PrincipalFacts | null> {
    return (await this.checkPassword(username, password, origin))?.facts ?? null;
  }

  /** As `verifyPassword`, but returns also the hash that was compared. */
  async checkPassword(username: string, password: string, origin: LoginOrigin): Promise<DirectoryUser | null> {
    // Without the groups, so that an existing name takes no longer than an unknown one.
    const user = await this.unitOfWork.read((manager) => this.repository.findUser(manager, username), {
      lane: 'judging',
    });
    if (user !== null && user.directory !== LOCAL) return this.#checkInDirectory(user, password, origin);
    const stored = user?.active === true ? user.passwordHash : null;
    const account = { nameKey: userNameKey(username), stored };
    if (!(await this.passwords.matches(account, password, origin)) || user === null) return null;
    // bcrypt is slow: the user may have been deactivated or got another password meanwhile.
    const [now] = await this.unitOfWork.read((manager) => this.repository.usersOf(manager, [user.id]), {
      lane: 'judging',
    });
    return now?.facts.active === true && now.passwordHash === stored ? now : null;
  }

  /** R95. Takes at least as long as for an unknown name, unless the password is recognised. */
  async #checkInDirectory(row: UserEntity, password: string, origin: LoginOrigin): Promise<DirectoryUser | null> {
    if (!row.active || !this.logins.isRecognised(row, password)) {
      const account = { nameKey: row.usernameKey, stored: null };
      // Before the bind: a bind beside a full line would be a guess that is answered by 503, and counted by nobody.
      await this.passwords.matches(account, password, origin);
      if (!row.active || !(await this.logins.matches(row, password, origin))) return null;
    }
    const [now] = await this.unitOfWork.read((manager) => this.repository.usersOf(manager, [row.id]), {
      lane: 'judging',
    });
    return now?.facts.active === true && now.directory === row.directory ? now : null;
  }

  /** A module that stores names of groups must use `onGroupDeleting` to keep those groups. */
  missingGroups(unit: Unit, names: readonly string[]): Promise<readonly string[]> {
    return this.repository.missingGroups(unit.manager, names);
  }

  /** Whether the user is active, and stays so until the transaction ends. */
  async holdActive({ manager }: Unit, id: string): Promise<boolean> {
    const row = await manager.findOne(UserEntity, { where: { id }, ...rowLock(manager) });
    return row?.active === true;
  }

  /**
   * Whether the user is active and has this password, and stays so until the transaction ends.
   * @param passwordHash null: the user has logged in without a password of ours
   */
  async holdLogin({ manager }: Unit, id: string, passwordHash: string | null): Promise<boolean> {
    const row = await manager.findOne(UserEntity, { where: { id }, ...rowLock(manager) });
    return row?.active === true && (passwordHash === null || row.passwordHash === passwordHash);
  }

  /** Null if the user has been deleted. The name stays until the transaction ends. */
  async holdName({ manager }: Unit, id: string): Promise<string | null> {
    const row = await manager.findOne(UserEntity, { where: { id }, ...rowLock(manager) });
    return row?.username ?? null;
  }

  /** For few rows. More of them belong in a step of `DeletionsService`. */
  onUserRenaming(hook: UserRenamingHook): void {
    this.#userRenamingHooks.push(hook);
  }

  async userRenaming(unit: Unit, userId: string, username: string): Promise<void> {
    for (const hook of this.#userRenamingHooks) await hook(unit, userId, username);
  }

  onLoginsEnding(hook: LoginsEndingHook): void {
    this.#loginsEndingHooks.push(hook);
  }

  /** Call this wherever the logins of users must not go on (R99). */
  async loginsEnding(unit: Unit, userIds: readonly string[]): Promise<void> {
    for (const hook of this.#loginsEndingHooks) await hook(unit, userIds);
  }

  onGroupDeleting(hook: GroupDeletingHook): void {
    this.#groupDeletingHooks.push(hook);
  }

  async groupDeleting(unit: Unit, groupName: string): Promise<void> {
    for (const hook of this.#groupDeletingHooks) await hook(unit, groupName);
  }
}
