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
import { GroupEntity } from '../group.entity.js';
import { GroupsService } from '../groups.service.js';
import { UserEntity } from '../user.entity.js';
import { UserRenamingService } from '../user-renaming.service.js';
import { newUser, UserWriter } from '../user.writer.js';
import { DirectoriesService } from './directories.service.js';
import { DirectoryChanged, isCarriedOut } from './sync-steps.js';

/** In one transaction, which other changes of users and groups wait for. */
const USERS_AT_ONCE = 200;

/** On a busy machine, the limit of other changes could end a batch. */
const BATCH_MS = 30_000;

export interface CarriedOut {
  /** False: the rest of the plan is left to the next synchronisation. */
  readonly isComplete: boolean;
  /** Groups that were created, or deleted. */
  readonly groups: number;
  /** What could not be carried out. */
  readonly conflicts: readonly SyncConflict[];
}

/** The directory whose users and groups are written. */
interface Target {
  readonly key: string;
  /** As it was planned for; null if it does not matter. */
  readonly version: number | null;
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

  /**
   * Ends early where the directory is changed meanwhile.
   * @param mayGoOn asked before each batch; false ends it
   */
  async carryOut(target: Target, plan: SyncPlan, actor: Actor, mayGoOn: () => Promise<boolean>): Promise<CarriedOut> {
    const conflicts: SyncConflict[] = [];
    let groups = 0;
    const steps = [
      ...batchesOf(plan.groups.create).map((part) => async () => {
        const created = await this.#createGroups(target, part, actor);
        groups += created;
      }),
      ...batchesOf(plan.vanished).map((part) => async () => {
        conflicts.push(...(await this.#deactivate(target, part, actor)));
      }),
      ...batchesOf(plan.change).map((part) => async () => {
        conflicts.push(...(await this.#change(target, part, actor)));
      }),
      ...batchesOf(plan.create).map((part) => () => this.#create(target, part, actor)),
      ...plan.groups.vanished.map((name) => async () => {
        const outcome = await this.#removeGroup(target, name, actor);
        if (outcome === 'removed') groups += 1;
        if (outcome === 'in-use') conflicts.push(groupInUse(name));
      }),
    ];
    const isComplete = await isCarriedOut(steps, mayGoOn);
    return { isComplete, groups, conflicts };
  }

  /**
   * Deactivates all users of a directory and removes its groups, as far as no permission names them.
   * @throws a 409 if no active administrator would be left
   */
  async disconnect(key: string, users: readonly StoredUser[], groups: readonly string[], actor: Actor): Promise<void> {
    const target = { key, version: null };
    // Before the first batch: a refusal must change nothing.
    const isSafe = await this.#batch(target, ({ manager }) =>
      this.repository.hasActiveAdministratorOutside(manager, key),
    );
    if (!isSafe) throw new ProblemException('conflict', LAST_ADMINISTRATOR);
    for (const part of batchesOf(users)) {
      const [left] = await this.#deactivate(target, part, actor);
      // Another administrator has left meanwhile.
      if (left !== undefined) throw new ProblemException('conflict', LAST_ADMINISTRATOR);
    }
    for (const name of groups) await this.#removeGroup(target, name, actor);
  }

  #createGroups(target: Target, names: readonly string[], actor: Actor): Promise<number> {
    const { key: directory } = target;
    return this.#batch(target, async ({ manager }) => {
      let count = 0;
      for (const name of names) {
        // Made meanwhile, or its members are still being removed: the next synchronisation sees to it.
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

  #create(target: Target, targets: readonly UserTarget[], actor: Actor): Promise<void> {
    const { key: directory } = target;
    return this.#batch(target, async (unit) => {
      const { manager } = unit;
      const keys = targets.map(({ username }) => userNameKey(username));
      const taken = await this.repository.usersNamed(manager, keys);
      const own = await this.#ownGroups(
        unit,
        directory,
        targets.flatMap(({ groups }) => groups),
      );
      const nowMs = this.clock.nowMs();
      const made = targets
        .filter(({ username }) => !taken.has(userNameKey(username)))
        .map(({ entry, groups, ...user }) => {
          const there = groups.filter((name) => own.has(name));
          return newUser({ ...user, groups: there, directory }, null, nowMs, entry);
        });
      await this.users.insert(unit, made, actor);
    });
  }

  async #change(target: Target, changes: readonly PlannedChange[], actor: Actor): Promise<readonly SyncConflict[]> {
    const renamed: string[] = [];
    const conflicts = await this.#batch(target, async (unit) => {
      const { manager } = unit;
      const known = await this.#usersOf(
        unit,
        changes.map(({ before }) => before.id),
      );
      const leaving = changes.filter(({ after }) => !after.active).map(({ before }) => before.id);
      const kept = await this.#lastAdministrators(unit, known, leaving);
      const wanted = changes.flatMap(({ after }) => after.groups);
      const own = await this.#ownGroups(unit, target.key, [...wanted, ...groupsOf(known)]);
      for (const { before, after, isBack } of changes) {
        const user = known.get(before.id);
        if (user?.directory !== target.key || kept.has(before.id)) continue;
        const shown = shownUser(user);
        const isRenamed =
          shown.username !== after.username &&
          (await this.renaming.renameInUnit(unit, before.id, after.username, actor));
        if (isRenamed) renamed.push(before.id);
        const now = isRenamed ? { ...shown, username: after.username } : shown;
        const groups = groupsAfter(shown.groups, after.groups, own);
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

  #deactivate(target: Target, vanished: readonly StoredUser[], actor: Actor): Promise<readonly SyncConflict[]> {
    return this.#batch(target, async (unit) => {
      const ids = vanished.map(({ id }) => id);
      const known = await this.#usersOf(unit, ids);
      const kept = await this.#lastAdministrators(unit, known, ids);
      const own = await this.#ownGroups(unit, target.key, groupsOf(known));
      const goneAtMs = this.clock.nowMs();
      for (const { id } of vanished) {
        const user = known.get(id);
        if (user === undefined || kept.has(id)) continue;
        const before = shownUser(user);
        const after = { ...before, active: false, groups: groupsAfter(before.groups, [], own) };
        await this.users.update(unit, id, before, after, null, actor);
        await unit.manager.update(UserEntity, id, { goneAtMs });
      }
      return conflictsOf(kept, known);
    });
  }

  async #removeGroup({ key, version }: Target, name: string, actor: Actor): Promise<'removed' | 'in-use' | 'gone'> {
    try {
      await this.groups.remove(name, actor, async (unit) => {
        await this.#lock(unit, { key, version });
        const own = await this.#ownGroups(unit, key, [name]);
        if (!own.has(name)) throw new ProblemException('not_found', 'No group of the directory has this name.');
      });
      return 'removed';
    } catch (error) {
      if (!(error instanceof ProblemException)) throw error;
      return error.code === 'conflict' ? 'in-use' : 'gone';
    }
  }

  /** Those of the names that are groups of the directory now: others may have been made since the plan. */
  async #ownGroups({ manager }: Unit, directory: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    const directories = await this.repository.directoriesOfGroups(manager, [...new Set(names)]);
    return new Set(names.filter((name) => directories.get(name) === directory));
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

  /** Under the lock that every change of users and groups takes. @throws as `#lock` */
  #batch<Result>(target: Target, work: (unit: Unit) => Promise<Result>): Promise<Result> {
    return this.unitOfWork.run(
      async (unit) => {
        await this.repository.lock(unit.manager);
        await this.#lock(unit, target);
        return work(unit);
      },
      { timeoutMs: BATCH_MS },
    );
  }

  /**
   * @throws a 404 if the directory has been disconnected: its users must not become active any more
   * @throws DirectoryChanged
   */
  async #lock(unit: Unit, { key, version }: Target): Promise<void> {
    const now = await this.directories.lock(unit, key);
    if (version !== null && version !== now.version) throw new DirectoryChanged();
  }
}

const LAST_ADMINISTRATOR = `The directory has the last active administrator. Add an active local user to the group "${ADMINISTRATORS}" first.`;

function conflictsOf(ids: ReadonlySet<string>, known: ReadonlyMap<string, DirectoryUser>): readonly SyncConflict[] {
  return [...ids].map((id) => lastAdministrator(known.get(id)?.facts.username ?? id));
}

function groupsOf(users: ReadonlyMap<string, DirectoryUser>): readonly string[] {
  return [...users.values()].flatMap(({ facts }) => [...facts.groups]);
}

/** Groups of other directories and local ones stay: an administrator has put the user there. */
function groupsAfter(now: readonly string[], wanted: readonly string[], own: ReadonlySet<string>): string[] {
  return [...new Set([...now.filter((name) => !own.has(name)), ...wanted.filter((name) => own.has(name))])].sort();
}

function batchesOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  for (let at = 0; at < items.length; at += USERS_AT_ONCE) batches.push(items.slice(at, at + USERS_AT_ONCE));
  return batches;
}
