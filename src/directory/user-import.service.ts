import { Injectable } from '@nestjs/common';
import { MAX_ERRORS } from '@scopegate/problem';
import { userNameKey } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { invalidFields, ProblemException } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { Turn } from '../common/time/turn.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { shownUser } from './directory.mapper.js';
import { DirectoryRepository } from './directory.repository.js';
import { ADMINISTRATORS, LOCAL } from './directory-user.js';
import { connectedDirectories, ofDirectory } from './local.rule.js';
import type { UserImportDto } from './dto/user-import.dto.js';
import {
  leavingAdministrators,
  planUserImport,
  readUserImport,
  type ImportedUser,
  type ImportError,
  type PlannedUser,
} from './user-import.js';
import { newUser, UserWriter } from './user.writer.js';

interface Plan {
  readonly users: readonly PlannedUser[];
  readonly errors: readonly ImportError[];
  /** By the key of the name. */
  readonly ids: ReadonlyMap<string, string>;
}

/** On a busy machine, the limit of other changes could end a full import. */
const IMPORT_MS = 30_000;

/** Users from a CSV file (R97). */
@Injectable()
export class UserImportService {
  constructor(
    private readonly repository: DirectoryRepository,
    private readonly writer: UserWriter,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async dryRun(csv: string): Promise<UserImportDto> {
    const { users, errors } = readUserImport(csv);
    const plan = await this.unitOfWork.read((manager) => this.#plan(manager, users), { lane: 'lists' });
    return resultOf({ ...plan, errors: [...errors, ...plan.errors] });
  }

  /**
   * All users in one transaction, or none.
   * @throws a 400 with the errors of the lines
   */
  async apply(csv: string, actor: Actor): Promise<UserImportDto> {
    const { users, errors } = readUserImport(csv);
    if (errors.length > 0) throw refused(errors);
    return this.unitOfWork.run(
      async (unit) => {
        await this.repository.lock(unit.manager);
        const plan = await this.#plan(unit.manager, users);
        if (plan.errors.length > 0) throw refused(plan.errors);
        const nowMs = this.clock.nowMs();
        const made = plan.users.filter(({ before }) => before === null).map(({ after }) => newUser(after, null, nowMs));
        await this.writer.insert(unit, made, actor);
        const turn = new Turn(true);
        for (const { before, after } of plan.users) {
          // SQLite works in this thread: let requests run in between (R112).
          if (turn.isDue) await turn.yield();
          const id = plan.ids.get(userNameKey(after.username));
          if (before !== null && id !== undefined) await this.writer.update(unit, id, before, after, null, actor);
        }
        return resultOf(plan);
      },
      { timeoutMs: IMPORT_MS },
    );
  }

  async #plan(manager: EntityManager, users: readonly ImportedUser[]): Promise<Plan> {
    const groups = [...new Set(users.flatMap((user) => user.groups ?? []))];
    const missing = new Set(await this.repository.missingGroups(manager, groups));
    const stored = await this.repository.usersNamed(
      manager,
      users.map(({ username }) => userNameKey(username)),
    );
    const known = new Map([...stored].map(([key, user]) => [key, shownUser(user)] as const));
    const plan = planUserImport(users, known, new Set(groups.filter((name) => !missing.has(name))));
    const ids = new Map([...stored].map(([key, { facts }]) => [key, facts.id] as const));
    const connected = await connectedDirectories(manager);
    const foreign = foreignErrors(plan.users, await this.repository.directoriesOfGroups(manager, groups), connected);
    const last = await this.#administratorErrors(manager, plan.users, ids);
    return { ...plan, ids, errors: [...plan.errors, ...foreign, ...last] };
  }

  /** R26: an administrator stays. */
  async #administratorErrors(
    manager: EntityManager,
    users: readonly PlannedUser[],
    ids: Plan['ids'],
  ): Promise<readonly ImportError[]> {
    const leaving = leavingAdministrators(users);
    if (leaving.length === 0) return [];
    const leavingIds = leaving.flatMap(({ after }) => ids.get(userNameKey(after.username)) ?? []);
    if (await this.repository.hasActiveMember(manager, ADMINISTRATORS, leavingIds)) return [];
    const message = `No active administrator would be left. Keep the group "${ADMINISTRATORS}" of one of them.`;
    return leaving.map(({ line }) => ({ line, message }));
  }
}

/** R93: what comes from a directory is changed there. */
function foreignErrors(
  users: readonly PlannedUser[],
  directoriesOfGroups: ReadonlyMap<string, string>,
  connected: ReadonlySet<string>,
): readonly ImportError[] {
  return users.flatMap(({ line, before, after }) => {
    if (before !== null && before.directory !== LOCAL) {
      return { line, message: ofDirectory(before.directory, 'Change the user', connected) };
    }
    const group = after.groups.find((name) => directoriesOfGroups.has(name));
    if (group === undefined) return [];
    const message = ofDirectory(directoriesOfGroups.get(group) ?? LOCAL, 'Change its members', connected);
    return { line, message: `The group "${group}": ${message}` };
  });
}

function resultOf({ users, errors }: Pick<Plan, 'users' | 'errors'>): UserImportDto {
  const create = users.filter(({ before }) => before === null).length;
  const inOrder = [...errors].sort((one, other) => one.line - other.line);
  return { create, change: users.length - create, errors: inOrder.slice(0, MAX_ERRORS) };
}

function refused(errors: readonly ImportError[]): ProblemException {
  return invalidFields(
    errors.map(({ line, message }) => ({ field: `line ${line}`, message: `line ${line}: ${message}` })),
  );
}
