import { Injectable } from '@nestjs/common';
import { describeChange } from '@scopegate/audit';
import {
  groupInUse,
  lastAdministrator,
  type PlannedChange,
  type StoredUser,
  type SyncConflict,
  type SyncPlan,
  type UserTarget,
} from '@scopegate/directory';
import { userNameKey } from '@scopegate/token';
import type { Actor } from '../../audit/actor.js';
import { AuditService } from '../../audit/audit.service.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import { Clock } from '../../common/time/clock.js';
import { UnitOfWork, type Unit } from '../../database/unit-of-work.js';
import { DeletionsService } from '../deletions.service.js';
import { shownUser } from '../directory.mapper.js';
import { DirectoryRepository } from '../directory.repository.js';
import { ADMINISTRATORS, type DirectoryUser } from '../directory-user.js';
import type { UserDto } from '../dto/user.dto.js';
import { GroupEntity } from '../group.entity.js';
import { GroupsService } from '../groups.service.js';
import { UserEntity } from '../user.entity.js';
import { UserRenamingService } from '../user-renaming.service.js';
import { newUser, UserWriter } from '../user.writer.js';
import { DirectoriesService } from './directories.service.js';

/** In one transaction, which other changes of users and groups wait for. */
const USERS_AT_ONCE = 200;

/** On a busy machine, the limit of other changes could end a batch. */
const BATCH_MS = 30_000;

export interface CarriedOut {
  /** Groups that were created, or deleted. */
  readonly groups: number;
  /** What could not be carried out. */
  readonly conflicts: readonly SyncConflict[];
}

/**
 * Carries out a plan in batches, each in a transaction with its events. A batch looks at its users again, because
 * somebody may have changed them since the plan was made; what stays undone is planned again by the next
 * synchronisation.
 */
@Injectable()
export class DirectorySyncWriter {
  constructor(
    private readonly directories: DirectoriesService,
    private readonly repository: DirectoryRepository,
    private readonly users: UserWriter,
    private readonly renaming: UserRenamingService,
    private readonly groups: GroupsService,
    private readonly deletions: DeletionsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @param mayGoOn asked before each batch; false ends it */
  async carryOut(
    directory: string,
    plan: SyncPlan,
    actor: Actor,
    mayGoOn: () => Promise<boolean>,
  ): Promise<CarriedOut> {
    const conflicts: SyncConflict[] = [];
    const created = await this.#createGroups(directory, plan.groups.create, actor);
    for (const part of batchesOf(plan.vanished)) {
      if (await mayGoOn()) conflicts.push(...(await this.#deactivate(directory, part, actor)));
    }
    for (const part of batchesOf(plan.change)) {
      if (await mayGoOn()) conflicts.push(...(await this.#change(directory, part, actor)));
    }
    for (const part of batchesOf(plan.create)) if (await mayGoOn()) await this.#create(directory, part, actor);
    const vanished = (await mayGoOn()) ? plan.groups.vanished : [];
    const { removed, inUse } = await this.#removeGroups(vanished, actor);
    return { groups: created + removed, conflicts: [...conflicts, ...inUse] };
  }

  /**
   * Deactivates all users of a directory and removes its groups, as far as no permission names them.
   * @throws a 409 if no active administrator would be left
   */
  async disconnect(
    directory: string,
    users: readonly StoredUser[],
    groups: readonly string[],
    actor: Actor,
  ): Promise<void> {
    // Before the first batch: a refusal must change nothing.
    const isSafe = await this.#batch(directory, ({ manager }) =>
      this.repository.hasActiveAdministratorOutside(manager, directory),
    );
    if (!isSafe) throw new ProblemException('conflict', LAST_ADMINISTRATOR);
    for (const part of batchesOf(users)) {
      const [left] = await this.#deactivate(directory, part, actor);
      // Another administrator has left meanwhile.
      if (left !== undefined) throw new ProblemException('conflict', LAST_ADMINISTRATOR);
    }
    await this.#removeGroups(groups, actor);
  }

  async #createGroups(directory: string, names: readonly string[], actor: Actor): Promise<number> {
    if (names.length === 0) return 0;
    return this.#batch(directory, async ({ manager }) => {
      let count = 0;
      for (const name of names) {
        // Made by hand meanwhile, or its members are still being removed: the next synchronisation sees to it.
        if (await this.repository.isGroupInAnyCase(manager, name)) continue;
        if (await this.deletions.isUnfinished(manager, 'group', name)) continue;
        const nameKey = userNameKey(name);
        await manager.insert(GroupEntity, { name, nameKey, directory, createdAtMs: this.clock.nowMs() });
        this.audit.recordChange(manager, actor, { type: 'group.created', detail: { subject: name, directory } });
        count += 1;
      }
      return count;
    });
  }

  #create(directory: string, targets: readonly UserTarget[], actor: Actor): Promise<void> {
    return this.#batch(directory, async (unit) => {
      const { manager } = unit;
      const keys = targets.map(({ username }) => userNameKey(username));
      const taken = await this.repository.usersNamed(manager, keys);
      const missing = new Set(
        await this.repository.missingGroups(manager, [...new Set(targets.flatMap(({ groups }) => groups))]),
      );
      const nowMs = this.clock.nowMs();
      const made = targets
        .filter(({ username }) => !taken.has(userNameKey(username)))
        .map(({ entry, groups, ...user }) => {
          const there = groups.filter((name) => !missing.has(name));
          return newUser({ ...user, groups: there, directory }, null, nowMs, entry);
        });
      await this.users.insert(unit, made, actor);
    });
  }

  async #change(directory: string, changes: readonly PlannedChange[], actor: Actor): Promise<readonly SyncConflict[]> {
    const renamed: string[] = [];
    const conflicts = await this.#batch(directory, async (unit) => {
      const { manager } = unit;
      const known = await this.#usersOf(
        unit,
        changes.map(({ before }) => before.id),
      );
      const leaving = changes.filter(({ after }) => !after.active).map(({ before }) => before.id);
      const kept = await this.#lastAdministrators(unit, known, leaving);
      for (const { before, after, isBack } of changes) {
        const user = known.get(before.id);
        if (user?.directory !== directory || kept.has(before.id)) continue;
        const shown = shownUser(user);
        const isRenamed =
          shown.username !== after.username &&
          (await this.renaming.renameInUnit(unit, before.id, after.username, actor));
        if (isRenamed) renamed.push(before.id);
        const now = isRenamed ? { ...shown, username: after.username } : shown;
        const groups = await this.#groupsAfter(unit, shown, before.groups, after.groups);
        const { displayName, email, active } = after;
        const next = { ...now, displayName, email, active, groups };
        if (isBack || Object.keys(describeChange(now, next)).length > 0) {
          await this.users.update(unit, before.id, now, next, null, actor);
        }
        if (isBack) await manager.update(UserEntity, before.id, { directoryEntry: after.entry, goneAtMs: null });
      }
      return conflictsOf(kept, known);
    });
    for (const id of renamed) await this.deletions.finish('renaming', id, actor);
    return conflicts;
  }

  #deactivate(directory: string, vanished: readonly StoredUser[], actor: Actor): Promise<readonly SyncConflict[]> {
    return this.#batch(directory, async (unit) => {
      const ids = vanished.map(({ id }) => id);
      const known = await this.#usersOf(unit, ids);
      const kept = await this.#lastAdministrators(unit, known, ids);
      const goneAtMs = this.clock.nowMs();
      for (const { id, groups } of vanished) {
        const user = known.get(id);
        if (user === undefined || kept.has(id)) continue;
        const before = shownUser(user);
        const after = { ...before, active: false, groups: before.groups.filter((name) => !groups.includes(name)) };
        await this.users.update(unit, id, before, after, null, actor);
        await unit.manager.update(UserEntity, id, { goneAtMs });
      }
      return conflictsOf(kept, known);
    });
  }

  async #removeGroups(
    names: readonly string[],
    actor: Actor,
  ): Promise<{ readonly removed: number; readonly inUse: readonly SyncConflict[] }> {
    const inUse: SyncConflict[] = [];
    for (const name of names) {
      try {
        await this.groups.remove(name, actor);
      } catch (error) {
        if (!(error instanceof ProblemException)) throw error;
        // Else it has been deleted by hand meanwhile.
        if (error.code === 'conflict') inUse.push(groupInUse(name));
      }
    }
    return { removed: names.length - inUse.length, inUse };
  }

  /** Groups of other directories and local ones stay: an administrator has put the user there. */
  async #groupsAfter(
    { manager }: Unit,
    user: UserDto,
    before: readonly string[],
    after: readonly string[],
  ): Promise<string[]> {
    const others = user.groups.filter((name) => !before.includes(name));
    const missing = new Set(await this.repository.missingGroups(manager, after));
    return [...new Set([...others, ...after.filter((name) => !missing.has(name))])].sort();
  }

  async #usersOf({ manager }: Unit, ids: readonly string[]): Promise<ReadonlyMap<string, DirectoryUser>> {
    const users = await this.repository.usersOf(manager, ids);
    return new Map(users.map((user) => [user.facts.id, user]));
  }

  /** R26: of the users who are to become inactive, the administrators, if no other one would be left. */
  async #lastAdministrators(
    { manager }: Unit,
    known: ReadonlyMap<string, DirectoryUser>,
    leaving: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const administrators = leaving.filter((id) => {
      const facts = known.get(id)?.facts;
      return facts?.active === true && facts.groups.has(ADMINISTRATORS);
    });
    if (administrators.length === 0) return new Set();
    const isSafe = await this.repository.hasActiveMember(manager, ADMINISTRATORS, administrators);
    return new Set(isSafe ? [] : administrators);
  }

  /**
   * Under the lock that every change of users and groups takes.
   * @throws a 404 if the directory has been disconnected: its users must not become active any more
   */
  #batch<Result>(directory: string, work: (unit: Unit) => Promise<Result>): Promise<Result> {
    return this.unitOfWork.run(
      async (unit) => {
        await this.repository.lock(unit.manager);
        await this.directories.lock(unit, directory);
        return work(unit);
      },
      { timeoutMs: BATCH_MS },
    );
  }
}

const LAST_ADMINISTRATOR = `The directory has the last active administrator. Add an active local user to the group "${ADMINISTRATORS}" first.`;

function conflictsOf(ids: ReadonlySet<string>, known: ReadonlyMap<string, DirectoryUser>): readonly SyncConflict[] {
  return [...ids].map((id) => lastAdministrator(known.get(id)?.facts.username ?? id));
}

function batchesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  for (let at = 0; at < items.length; at += USERS_AT_ONCE) batches.push(items.slice(at, at + USERS_AT_ONCE));
  return batches;
}
