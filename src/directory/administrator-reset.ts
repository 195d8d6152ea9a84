import { describeChange } from '@scopegate/audit';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import type { ChangeRecorder } from '../audit/change.recorder.js';
import type { Clock } from '../common/time/clock.js';
import type { Unit } from '../database/unit-of-work.js';
import { ADMINISTRATORS, LOCAL } from './directory-user.js';
import type { DirectoryRepository } from './directory.repository.js';
import type { LoginsEndingHook } from './directory.service.js';
import { administratorRow, FIRST_ADMINISTRATOR } from './first-administrator.js';
import { UserEntity } from './user.entity.js';

const LOCAL_USER = { directory: LOCAL, directoryEntry: null, goneAtMs: null };

export interface ResetParts {
  readonly repository: DirectoryRepository;
  readonly changes: ChangeRecorder;
  readonly clock: Clock;
  /** Ends the sessions of a user. */
  readonly endLogins: LoginsEndingHook;
}

/**
 * Makes `admin` an active administrator, and creates the user if needed. The old password stops working at once.
 * @returns false if the server has never been started on this database
 */
export async function resetAdministrator(
  { repository, changes, clock, endLogins }: ResetParts,
  unit: Unit,
  passwordHash: string,
): Promise<boolean> {
  const { manager } = unit;
  await repository.lock(manager);
  if (!(await repository.isGroup(manager, ADMINISTRATORS))) return false;
  const existing = await repository.findUser(manager, FIRST_ADMINISTRATOR);
  const before =
    existing === null ? {} : { active: existing.active, groups: await repository.groupsOf(manager, existing.id) };
  const groups = [...new Set([...(before.groups ?? []), ADMINISTRATORS])].sort();
  const made = administratorRow(passwordHash, clock.nowMs());
  const id = existing?.id ?? made.id;
  if (existing === null) {
    await manager.insert(UserEntity, made);
  } else {
    // A directory that took the name keeps out of it from now on.
    await manager.update(UserEntity, id, { passwordHash, active: true, ...LOCAL_USER });
    await endLogins(unit, [id]);
  }
  if (before.groups?.includes(ADMINISTRATORS) !== true) await repository.addMember(manager, ADMINISTRATORS, id);
  changes.record(manager, SYSTEM_ACTOR, {
    type: existing === null ? 'user.created' : 'user.changed',
    detail: {
      subject: existing?.username ?? FIRST_ADMINISTRATOR,
      changes: describeChange(before, { active: true, groups }),
      passwordChange: (existing?.passwordHash ?? null) === null ? 'set' : 'changed',
      command: 'admin:reset',
    },
  });
  unit.changed('directory', id);
  return true;
}
