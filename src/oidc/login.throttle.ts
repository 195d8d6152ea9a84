import { Injectable } from '@nestjs/common';
import { ADDRESS_FACTOR } from '../access/failure.throttle.js';
import { blockOf } from '../directory/login-origin.js';
import { FailureCounters } from '../peers/failure-counters.js';
import { SettingsService } from '../settings/settings.service.js';
import { LoginFailure } from './login-failure.js';

/**
 * Counts failed logins at the identity provider by address, apart from those with passwords (R51). Pages of other sites
 * can send a browser to the callback: such failures never keep its user from a login that is right. Only those for
 * which the provider was asked do.
 */
@Injectable()
export class LoginThrottle {
  constructor(
    private readonly settings: SettingsService,
    private readonly counters: FailureCounters,
  ) {}

  /** Before the provider is asked. @throws LoginFailure after too many failures */
  async requireFewFailures(address: string | null): Promise<void> {
    const { maxFailures } = this.settings.current().throttling;
    if (maxFailures === 0) return;
    const { failures } = await this.counters.read(keyOf('asked', address));
    if (failures >= maxFailures * ADDRESS_FACTOR) throw tooMany();
  }

  /** @returns the failure to answer with */
  async count(failure: LoginFailure, wasAsked: boolean, address: string | null): Promise<LoginFailure> {
    const { maxFailures, windowSeconds } = this.settings.current().throttling;
    // The provider is to blame, or it is counted already.
    const isUncounted = failure.code === 'oidc_unavailable' || failure.code === 'too_many_failures';
    if (maxFailures === 0 || isUncounted) return failure;
    const { failures } = await this.counters.add(keyOf(wasAsked ? 'asked' : 'refused', address), windowSeconds);
    return failures > maxFailures * ADDRESS_FACTOR ? tooMany() : failure;
  }
}

function tooMany(): LoginFailure {
  return new LoginFailure('too_many_failures', 'throttle');
}

function keyOf(kind: 'asked' | 'refused', address: string | null): string {
  return `oidc-${kind}:address:${blockOf(address)}`;
}
