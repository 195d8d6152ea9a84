import { Injectable } from '@nestjs/common';
import { describeChange } from '@scopegate/audit';
import { userNameKey } from '@scopegate/token';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { FormerNames } from '../audit/former-names.js';
import { Clock } from '../common/time/clock.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { DeletionsService } from './deletions.service.js';
import { toUserDto } from './directory.mapper.js';
import { DirectoryRepository } from './directory.repository.js';
import { DirectoryService } from './directory.service.js';
import type { UserDto } from './dto/user.dto.js';
import { UserEntity } from './user.entity.js';
import { requireLocal } from './local.rule.js';
import { nameTaken, unknownUser } from './users.service.js';

/** A user keeps its id, so tokens, deposits and the audit log stay with it (R97). */
@Injectable()
export class UserRenamingService {
  constructor(
    private readonly repository: DirectoryRepository,
    private readonly directory: DirectoryService,
    private readonly deletions: DeletionsService,
    private readonly formerNames: FormerNames,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The new name takes effect at once; the lists of tokens follow before this returns.
   * @throws a 404, or a 409 if the name is taken; names are compared without case
   */
  async rename(username: string, next: string, actor: Actor): Promise<UserDto> {
    try {
      const { id, shown, isRenamed } = await this.unitOfWork.run((unit) => this.#rename(unit, username, next, actor));
      if (isRenamed) await this.deletions.finish('renaming', id, actor);
      return shown;
    } catch (error) {
      throw isDuplicateKey(error) ? nameTaken() : error;
    }
  }

  async #rename(
    unit: Unit,
    username: string,
    next: string,
    actor: Actor,
  ): Promise<{ readonly id: string; readonly shown: UserDto; readonly isRenamed: boolean }> {
    const { manager } = unit;
    await this.repository.lock(manager);
    const row = await this.repository.findUser(manager, username);
    if (row === null) throw unknownUser();
    await requireLocal(manager, row.directory, 'Rename the user');
    const { id } = row;
    const shown = toUserDto({ ...row, username: next, groups: await this.repository.groupsOf(manager, id) });
    if (row.username === next) return { id, shown, isRenamed: false };
    const other = await this.repository.findUser(manager, next);
    if (other !== null && other.id !== id) throw nameTaken();
    await this.#change(unit, row, next, actor);
    return { id, shown, isRenamed: true };
  }

  /**
   * As a part of a larger change, which holds the lock and afterwards finishes the renaming.
   * @returns false if another user has the name
   */
  async renameInUnit(unit: Unit, id: string, next: string, actor: Actor): Promise<boolean> {
    const row = await unit.manager.findOneBy(UserEntity, { id });
    const other = await this.repository.findUser(unit.manager, next);
    if (row === null || (other !== null && other.id !== id)) return false;
    await this.#change(unit, row, next, actor);
    return true;
  }

  async #change(unit: Unit, row: UserEntity, next: string, actor: Actor): Promise<void> {
    const { manager } = unit;
    const { id, createdAtMs, username } = row;
    await manager.update(UserEntity, id, { username: next, usernameKey: userNameKey(next) });
    await this.formerNames.note(manager, { userId: id, createdAtMs, from: username, to: next }, this.clock.nowMs());
    await this.directory.userRenaming(unit, id, next);
    await this.deletions.note(unit, 'renaming', id, actor);
    this.audit.recordChange(manager, actor, {
      type: 'user.changed',
      detail: { subject: username, changes: describeChange({ username }, { username: next }) },
    });
    unit.changed('directory', id);
  }
}
