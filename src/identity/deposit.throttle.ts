import { Injectable } from '@nestjs/common';
import { REASONS } from '@scopegate/access';
import { ProblemException } from '../common/http/problem.exception.js';
import { FailureCounters } from '../peers/failure-counters.js';
import { SettingsService } from '../settings/settings.service.js';

/** A trial holds a connection for some seconds, and few are needed at a time. */
const MAX_AT_ONCE = 32;

/**
 * A trial shows whether a password of the upstream is right: it must not be a way to guess one. A user has one trial at
 * a time, and failures count as those of logins do (R51).
 */
@Injectable()
export class DepositThrottle {
  readonly #users = new Set<string>();

  constructor(
    private readonly counters: FailureCounters,
    private readonly settings: SettingsService,
  ) {}

  /**
   * @param hasFailed whether the result counts as a failure
   * @throws a 429 after too many failures, a 409 during another trial of the user, a 503 if too many run
   */
  async run<Result>(
    userId: string,
    trial: () => Promise<Result>,
    hasFailed: (result: Result) => boolean,
  ): Promise<Result> {
    if (this.#users.has(userId)) {
      throw new ProblemException('conflict', 'Another credential of yours is being tried. Wait for its result.');
    }
    if (this.#users.size >= MAX_AT_ONCE) {
      throw new ProblemException('policy_unavailable', 'Other credentials are being tried. Try again in a moment.');
    }
    this.#users.add(userId);
    try {
      const key = `deposit:${userId}`;
      await this.#refuseAfterFailures(key);
      const result = await trial();
      const { maxFailures, windowSeconds } = this.settings.current().throttling;
      if (maxFailures !== 0 && hasFailed(result)) await this.counters.add(key, windowSeconds);
      return result;
    } finally {
      this.#users.delete(userId);
    }
  }

  async #refuseAfterFailures(key: string): Promise<void> {
    const { maxFailures } = this.settings.current().throttling;
    if (maxFailures === 0) return;
    const { failures, remainingSeconds } = await this.counters.read(key);
    if (failures < maxFailures) return;
    const code = 'too_many_failures';
    throw new ProblemException(code, REASONS[code].detail, undefined, remainingSeconds);
  }
}
