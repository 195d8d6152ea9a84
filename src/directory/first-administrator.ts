import { randomInt, randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DirectoryService } from './directory.service.js';
import { ADMINISTRATORS, LOCAL, searchKeyOf } from './directory-user.js';
import { GroupEntity } from './group.entity.js';
import { trustedOrigin } from './login-origin.js';
import { PasswordHasher } from './password.hasher.js';
import { UserEntity } from './user.entity.js';
import { UserWriter } from './user.writer.js';

export const FIRST_ADMINISTRATOR = 'admin';

export function administratorRow(passwordHash: string, nowMs: number): UserEntity {
  const displayName = 'Administrator';
  return {
    id: randomUUID(),
    username: FIRST_ADMINISTRATOR,
    usernameKey: FIRST_ADMINISTRATOR,
    displayName,
    email: null,
    searchKey: searchKeyOf({ displayName, email: null }),
    passwordHash,
    active: true,
    directory: LOCAL,
    directoryEntry: null,
    goneAtMs: null,
    createdAtMs: nowMs,
  };
}

/** 57 characters that look different from each other: 24 of them hold 139 random bits. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const PASSWORD_LENGTH = 24;

/** Only once the port is open: a start that fails earlier must not use up the password, which is shown once. */
@Injectable()
export class FirstAdministrator {
  constructor(
    @Inject(CONFIGURATION) private readonly configuration: Configuration,
    private readonly directory: DirectoryService,
    private readonly users: UserWriter,
    private readonly passwords: PasswordHasher,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async isMissing(): Promise<boolean> {
    return !(await this.directory.hasUsers());
  }

  /** Shows the password if it was generated here. */
  async make(): Promise<void> {
    const given = this.configuration.adminPassword;
    const password = given ?? drawPassword();
    const isMade = await this.#make(await this.passwords.hash(password, trustedOrigin(null)));
    if (isMade && given === null) {
      // Not on standard output: a log is kept, and must not hold a password (R61).
      process.stderr.write(
        `First administrator: user name "${FIRST_ADMINISTRATOR}", password "${password}". It is shown only once; keep it.
`,
      );
    }
  }

  /** If several nodes start at the same time, one creates the user. @returns false if there is a user already */
  async #make(passwordHash: string): Promise<boolean> {
    try {
      return await this.unitOfWork.run(async (unit) => {
        const { manager } = unit;
        if ((await manager.count(UserEntity)) > 0) return false;
        const nowMs = this.clock.nowMs();
        if (!(await manager.existsBy(GroupEntity, { name: ADMINISTRATORS }))) {
          await manager.insert(GroupEntity, {
            name: ADMINISTRATORS,
            nameKey: ADMINISTRATORS,
            directory: LOCAL,
            createdAtMs: nowMs,
          });
          this.audit.recordChange(manager, SYSTEM_ACTOR, {
            type: 'group.created',
            detail: { subject: ADMINISTRATORS },
          });
        }
        await this.users.insert(
          unit,
          [{ row: administratorRow(passwordHash, nowMs), groups: [ADMINISTRATORS] }],
          SYSTEM_ACTOR,
        );
        return true;
      });
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}

/** Never begins with `sg_`: the alphabet has no underscore. */
export function drawPassword(): string {
  return Array.from({ length: PASSWORD_LENGTH }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
}
