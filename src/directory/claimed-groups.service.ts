import { Injectable, Logger } from '@nestjs/common';
import { ADMINISTRATORS } from '@scopegate/access';
import type { Actor } from '../audit/actor.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { toUserDto } from './directory.mapper.js';
import { DirectoryRepository } from './directory.repository.js';
import { UserEntity } from './user.entity.js';
import { UserWriter } from './user.writer.js';

/** R96: memberships that an identity provider lists at a login. */
@Injectable()
export class ClaimedGroupsService {
  readonly #logger = new Logger(ClaimedGroupsService.name);

  constructor(
    private readonly repository: DirectoryRepository,
    private readonly writer: UserWriter,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Makes the user a member of the claimed groups that exist, and of no other. Groups of a directory stay as the
   * directory says, and the last active administrator stays one.
   * @param names compared exactly; a name without a group creates none
   * @returns false if the user has been deactivated or deleted meanwhile
   */
  apply(userId: string, names: readonly string[], actor: Actor): Promise<boolean> {
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      await this.repository.lock(manager);
      const row = await manager.findOneBy(UserEntity, { id: userId });
      if (row?.active !== true) return false;
      const before = toUserDto({ ...row, groups: await this.repository.groupsOf(manager, userId) });
      const missing = new Set(await this.repository.missingGroups(manager, names));
      const owned = await this.repository.directoriesOfGroups(manager, [...before.groups, ...names]);
      const groups = new Set([
        ...before.groups.filter((name) => owned.has(name)),
        ...names.filter((name) => !missing.has(name) && !owned.has(name)),
      ]);
      const loses = before.groups.includes(ADMINISTRATORS) && !groups.has(ADMINISTRATORS);
      if (loses && !(await this.repository.hasActiveMember(manager, ADMINISTRATORS, [userId]))) {
        groups.add(ADMINISTRATORS);
        this.#logger.warn('The claim does not list "administrators", but the user is the last one and stays it.');
      }
      const after = { ...before, groups: [...groups].sort() };
      if (after.groups.join() === before.groups.join()) return true;
      await this.writer.update(unit, userId, before, after, null, actor);
      return true;
    });
  }
}
