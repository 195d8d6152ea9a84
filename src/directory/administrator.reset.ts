import { describeChange } from '@scopegate/audit';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import type { ChangeRecorder } from '../audit/change.recorder.js';
import type { Clock } from '../common/time/clock.js';
import type { Unit } from '../database/unit-of-work.js';
import { ADMINISTRATORS } from './directory-user.js';
import type { DirectoryRepository } from './directory.repository.js';
import { administratorRow, FIRST_ADMINISTRATOR } from './first-administrator.js';
import { UserEntity } from './user.entity.js';

/** What a reset needs besides the transaction it is made in. */
export interface ResetParts {
  readonly repository: DirectoryRepository;
  readonly changes: ChangeRecorder;
  readonly clock: Clock;
}

/**
 * Gives the user `admin` another password, and makes it an active administrator where it is none any more. A user that was
 * deleted is made anew. Logins with the old password end with it, since the password is sent with every request.
 * @param passwordHash of the new password
 * @returns false where the server has never been started on this database
 */
export async function resetAdministrator(
  { repository, changes, clock }: ResetParts,
  unit: Unit,
  passwordHash: string,
): Promise<boolean> {
  const { manager } = unit;
  await repository.lock(manager);
  if (!(await repository.isGroup(manager, ADMINISTRATORS))) return false;
  const there = await repository.findUser(manager, FIRST_ADMINISTRATOR);
  const before = there === null ? {} : { active: there.active, groups: await repository.groupsOf(manager, there.id) };
  const groups = [...new Set([...(before.groups ?? []), ADMINISTRATORS])].sort();
  const made = administratorRow(passwordHash, clock.nowMs());
  const id = there?.id ?? made.id;
  if (there === null) {
    await manager.insert(UserEntity, made);
  } else {
    await manager.update(UserEntity, id, { passwordHash, active: true });
  }
  if (before.groups?.includes(ADMINISTRATORS) !== true) await repository.addMember(manager, ADMINISTRATORS, id);
  changes.record(manager, SYSTEM_ACTOR, {
    type: there === null ? 'user.created' : 'user.changed',
    detail: {
      subject: there?.username ?? FIRST_ADMINISTRATOR,
      changes: describeChange(before, { active: true, groups }),
      passwordChange: (there?.passwordHash ?? null) === null ? 'set' : 'changed',
      command: 'admin:reset',
    },
  });
  unit.changed('directory', id);
  return true;
}
