import { Injectable } from '@nestjs/common';
import { denyAdmitted, REASONS, type Admitted, type Deny } from '@scopegate/access';
import { userNameKey } from '@scopegate/token';
import type { Exchange } from '../common/access/exchange.js';
import { SettingsService } from '../settings/settings.service.js';
import { FailureCounters } from './failure-counters.js';

/** The public codes that count as a failed credential (R51). */
const COUNTED: ReadonlySet<string> = new Set(['credential_invalid', 'token_expired', 'token_revoked']);

/** An address may fail this many times as often as one user name from it: several people can share an address. */
const ADDRESS_FACTOR = 5;

/**
 * Slows down who tries credentials: counts failures per pair of address and user name, and per address. It answers in
 * place of a failed check, so a valid token is never refused by it, and nobody can lock a user out from everywhere (R51).
 */
@Injectable()
export class FailureThrottle {
  /** The last login under way, by pair of address and user name. */
  readonly #logins = new Map<string, Promise<unknown>>();

  constructor(
    private readonly settings: SettingsService,
    private readonly counters: FailureCounters,
  ) {}

  /** Takes a guard's refusal: counts it where it is a failed credential. Always answers false, for the guard. */
  refuse(exchange: Exchange, deny: Deny): boolean | Promise<boolean> {
    const { maxFailures } = this.settings.current().throttling;
    if (maxFailures === 0 || !COUNTED.has(REASONS[deny.code].publicCode)) {
      exchange.denial = deny;
      return false;
    }
    return this.#count(exchange, deny);
  }

  /**
   * Has a password looked at, unless there were too many wrong ones: then it is refused without. The logins of one
   * pair of address and user name take turns, so that a burst of guesses does not pass before the first is counted.
   * @param check looks at the password and takes its refusal to `refuse`
   */
  async attemptLogin(exchange: Exchange, admitted: Admitted, check: () => Promise<boolean>): Promise<boolean> {
    if (this.settings.current().throttling.maxFailures === 0) return check();
    const { credential } = admitted;
    const name = credential.kind === 'password' ? credential.username : null;
    const keys = keysOf(admitted.address.client, name);
    const before = this.#logins.get(keys.pair) ?? Promise.resolve();
    const attempt = before.then(async () => !(await this.#refusesLogin(exchange, admitted, keys)) && check());
    const settled = attempt.catch(() => undefined);
    this.#logins.set(keys.pair, settled);
    try {
      return await attempt;
    } finally {
      if (this.#logins.get(keys.pair) === settled) this.#logins.delete(keys.pair);
    }
  }

  async #refusesLogin(exchange: Exchange, admitted: Admitted, keys: FailureKeys): Promise<boolean> {
    const { maxFailures } = this.settings.current().throttling;
    if (maxFailures === 0) return false;
    const [pair, address] = await Promise.all([this.counters.read(keys.pair), this.counters.read(keys.address)]);
    const waitSeconds = Math.max(
      pair.failures >= maxFailures ? pair.remainingSeconds : 0,
      address.failures >= maxFailures * ADDRESS_FACTOR ? address.remainingSeconds : 0,
    );
    if (waitSeconds === 0) return false;
    exchange.denial = {
      ...denyAdmitted(admitted, 'too_many_failures', null),
      retryAfterSeconds: waitSeconds,
    };
    return true;
  }

  async #count(exchange: Exchange, deny: Deny): Promise<boolean> {
    const { maxFailures, windowSeconds } = this.settings.current().throttling;
    // Bearer presents no name: it counts for the owner once the secret has matched, else for nobody.
    const name = deny.username ?? deny.token?.ownerName ?? null;
    const keys = keysOf(deny.address?.client ?? null, name);
    const address = await this.counters.add(keys.address, windowSeconds);
    let waitSeconds = address.failures > maxFailures * ADDRESS_FACTOR ? address.remainingSeconds : 0;
    // An address that has used up its share cannot fill the table with made-up names either.
    if (waitSeconds === 0) {
      const pair = await this.counters.add(keys.pair, windowSeconds);
      if (pair.failures > maxFailures) waitSeconds = pair.remainingSeconds;
    }
    exchange.denial =
      waitSeconds === 0
        ? deny
        : {
            ...deny,
            code: 'too_many_failures',
            detail: REASONS.too_many_failures.detail,
            retryAfterSeconds: waitSeconds,
          };
    return false;
  }
}

/** What failures are counted under. */
interface FailureKeys {
  readonly pair: string;
  readonly address: string;
}

function keysOf(client: string | null, name: string | null): FailureKeys {
  const address = client ?? 'unknown';
  return {
    // No address holds a blank, so no name makes the pair of one address look like that of another.
    pair: `pair:${address} ${name === null ? '' : userNameKey(name).slice(0, 255)}`,
    address: `address:${address}`,
  };
}
