import { Injectable, type OnModuleInit } from '@nestjs/common';
import { userNameKey } from '@scopegate/token';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, pageOf, type Page, type PageQuery } from '../common/paging/page.js';
import { Clock } from '../common/time/clock.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from './deletions.service.js';
import { toGroupDto } from './directory.mapper.js';
import { DirectoryRepository, type GroupMember } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import { ADMINISTRATORS, LOCAL } from './directory-user.js';
import type { GroupDto } from './dto/group.dto.js';
import { GroupEntity } from './group.entity.js';
import { connectedDirectories, requireLocal } from './local.rule.js';
import type { UserEntity } from './user.entity.js';
import { requireAdministrator, unknownUser } from './users.service.js';

/** One transaction removes at most this many, with one event. */
const MEMBERS_AT_ONCE = 500;

@Injectable()
export class GroupsService implements OnModuleInit {
  constructor(
    private readonly directory: DirectoryService,
    private readonly repository: DirectoryRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly deletions: DeletionsService,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.deletions.addStep('group', (name, actor) => this.#removeMembers(name, actor));
  }

  async list(query: PageQuery): Promise<Page<GroupDto>> {
    const after = decodeCursor(query.cursor, 1)?.[0] ?? '';
    if (typeof after !== 'string') throw invalidField('cursor', 'does not belong to this list.');
    const groups = await this.unitOfWork.read(
      (manager) => this.repository.groupsAfter(manager, after, query.limit + 1),
      { lane: 'lists' },
    );
    return pageOf(groups, query.limit, ({ name }) => [name], toGroupDto);
  }

  /** @throws a 409 if the name is taken; names are compared without case */
  async create(name: string, actor: Actor): Promise<GroupDto> {
    const made: GroupDto = { name };
    try {
      await this.unitOfWork.run(async (unit) => {
        await this.repository.lock(unit.manager);
        if (await this.repository.isGroupInAnyCase(unit.manager, name)) throw nameTaken();
        // The members of the deleted group must not become members of this one.
        if (await this.deletions.isUnfinished(unit.manager, 'group', name)) throw stillEmptied();
        const nameKey = userNameKey(name);
        await unit.manager.insert(GroupEntity, { name, nameKey, directory: LOCAL, createdAtMs: this.clock.nowMs() });
        this.audit.recordChange(unit.manager, actor, { type: 'group.created', detail: { subject: name } });
        await actor.idempotencyClaim?.keep(unit.manager, made);
      });
    } catch (error) {
      throw isDuplicateKey(error) ? nameTaken() : error;
    }
    return made;
  }

  /** @throws a 404, or a 409 if the group is in use (R26) or a connected directory has it */
  async delete(name: string, actor: Actor): Promise<void> {
    await this.unitOfWork.read(async (manager) => {
      const directory = await this.#directoryOf(manager, name);
      const connected = await connectedDirectories(manager);
      // What is left of another one is deleted by hand.
      if (connected.has(directory)) await requireLocal(manager, directory, 'Delete the group');
    });
    await this.remove(name, actor);
  }

  /**
   * Also a group of a directory.
   * @param check called once no other change of groups is possible; what it throws is thrown
   * @throws a 404, or a 409 if the group is in use (R26)
   */
  async remove(name: string, actor: Actor, check?: (unit: Unit) => Promise<void>): Promise<void> {
    const isUnfinished = await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      await check?.(unit);
      await this.#requireGroup(unit, name);
      if (name === ADMINISTRATORS) {
        throw new ProblemException('conflict', `The group "${ADMINISTRATORS}" cannot be deleted.`);
      }
      await this.directory.groupDeleting(unit, name);
      const members = await this.repository.someMembers(manager, name, MEMBERS_AT_ONCE + 1);
      const isLarge = members.length > MEMBERS_AT_ONCE;
      if (isLarge) await this.deletions.note(unit, 'group', name, actor);
      else await this.repository.removeMembers(manager, name, members);
      const left = isLarge
        ? { memberCount: await this.repository.countMembers(manager, name) }
        : { members: namesOf(members) };
      await manager.delete(GroupEntity, { name });
      this.audit.recordChange(manager, actor, { type: 'group.deleted', detail: { subject: name, ...left } });
      unit.changed('group', name);
      return isLarge;
    });
    if (isUnfinished) await this.deletions.finish('group', name, actor);
  }

  /** In batches. The memberships have no effect any more. */
  async #removeMembers(name: string, actor: Actor): Promise<void> {
    for (let removed = MEMBERS_AT_ONCE; removed === MEMBERS_AT_ONCE;) {
      removed = await this.unitOfWork.run(async ({ manager }) => {
        await this.repository.lock(manager);
        const members = await this.repository.someMembers(manager, name, MEMBERS_AT_ONCE);
        if (members.length === 0) return 0;
        await this.repository.removeMembers(manager, name, members);
        this.audit.recordChange(manager, actor, {
          type: 'group.member-removed',
          detail: { subject: name, members: namesOf(members) },
        });
        return members.length;
      });
    }
  }

  /** Does nothing if the user is already in the group. @throws a 404 if there is no such user or group */
  async addMember(name: string, username: string, actor: Actor): Promise<void> {
    await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const user = await this.#lockBoth(unit, name, username);
      if (await this.repository.isMember(manager, name, user.id)) return;
      await this.repository.addMember(manager, name, user.id);
      this.audit.recordChange(manager, actor, {
        type: 'group.member-added',
        detail: { subject: name, member: user.username },
      });
      unit.changed('directory', user.id);
    });
  }

  /** @throws a 404 if the user is not in the group, or a 409 if no active administrator would be left */
  async removeMember(name: string, username: string, actor: Actor): Promise<void> {
    await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const user = await this.#lockBoth(unit, name, username);
      if (!(await this.repository.isMember(manager, name, user.id))) {
        throw new ProblemException('not_found', 'The user is not in this group.');
      }
      await this.repository.removeMember(manager, name, user.id);
      if (name === ADMINISTRATORS && user.active) await requireAdministrator(this.repository, manager);
      this.audit.recordChange(manager, actor, {
        type: 'group.member-removed',
        detail: { subject: name, member: user.username },
      });
      unit.changed('directory', user.id);
    });
  }

  async #lockBoth(unit: Unit, name: string, username: string): Promise<UserEntity> {
    await this.repository.lock(unit.manager);
    await this.#requireGroup(unit, name);
    await requireLocal(unit.manager, await this.#directoryOf(unit.manager, name), 'Change its members');
    const user = await this.repository.findUser(unit.manager, username);
    if (user === null) throw unknownUser();
    return user;
  }

  async #directoryOf(manager: EntityManager, name: string): Promise<string> {
    return (await this.repository.directoriesOfGroups(manager, [name])).get(name) ?? LOCAL;
  }

  async #requireGroup(unit: Unit, name: string): Promise<void> {
    if (await this.repository.isGroup(unit.manager, name)) return;
    throw new ProblemException('not_found', 'No group has this name.');
  }
}

function nameTaken(): ProblemException {
  return new ProblemException('conflict', 'A group with this name exists, perhaps in another case.');
}

function stillEmptied(): ProblemException {
  return new ProblemException(
    'conflict',
    'A group with this name has just been deleted, and its members are still being removed. Try again in a moment.',
  );
}

function namesOf(members: readonly GroupMember[]): string[] {
  return members.flatMap(({ username }) => username ?? []).sort();
}
