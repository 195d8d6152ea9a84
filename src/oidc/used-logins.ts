import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LessThanOrEqual } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { ATTEMPT_LIFE_MS, type LoginAttempt } from './login-attempt.js';
import { LoginFailure } from './login-failure.js';
import { UsedLoginEntity } from './used-login.entity.js';

/** Only logins that the provider has confirmed are stored, so that nobody else can fill the table. */
@Injectable()
export class UsedLogins {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @throws LoginFailure if this login has been used, on whatever node */
  async use({ state, startedAtMs }: LoginAttempt): Promise<void> {
    const stateDigest = createHash('sha256').update(state).digest('base64url');
    try {
      await this.unitOfWork.run(async ({ manager }) => {
        await manager.delete(UsedLoginEntity, { expiresAtMs: LessThanOrEqual(this.clock.nowMs() - SPARE_MS) });
        await manager.insert(UsedLoginEntity, { stateDigest, expiresAtMs: startedAtMs + ATTEMPT_LIFE_MS });
      });
    } catch (error) {
      throw isDuplicateKey(error) ? new LoginFailure('oidc_login_lost', 'replayed') : error;
    }
  }
}

/** The clocks of two nodes differ. */
const SPARE_MS = 600_000;
