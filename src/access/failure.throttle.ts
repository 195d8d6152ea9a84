import { Injectable } from '@nestjs/common';
import { denyAdmitted, failureKindOf, REASONS, type Admitted, type Deny, type FailureKind } from '@scopegate/access';
import { userNameKey } from '@scopegate/token';
import { LRUCache } from 'lru-cache';
import type { Exchange } from '../common/access/exchange.js';
import { blockOf, type LoginOrigin, type Standing } from '../directory/login-origin.js';
import { tooManyPasswords } from '../directory/password.hasher.js';
import { FailureCounters } from '../peers/failure-counters.js';
import { SettingsService } from '../settings/settings.service.js';

/** An address may fail this many times as often as one user name from it: several people can share an address. */
const ADDRESS_FACTOR = 5;

/** How long an address is known from which somebody has logged in, in milliseconds. */
const KNOWN_MS = 24 * 60 * 60_000;

/** Addresses that are known at a time. */
const MAX_KNOWN = 10_000;

/** Logins of one pair of address and user name that may wait for each other. */
const MAX_WAITING_PER_PAIR = 256;

/** The logins of one pair that are under way. */
interface PairLogins {
  readonly last: Promise<unknown>;
  readonly count: number;
}

/**
 * Slows down who tries credentials: counts failures per pair of address and user name, and per address. It answers in
 * place of a failed check, so a valid token is never refused by it, and nobody can lock a user out from everywhere (R51).
 * Tokens that have ended have counts of their own: a forgotten job of the owner's keeps nobody from logging in.
 */
@Injectable()
export class FailureThrottle {
  /** The logins under way, by pair of address and user name. */
  readonly #logins = new Map<string, PairLogins>();
  /** The blocks of addresses from which somebody has logged in: their passwords have the first turns. */
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: KNOWN_MS });

  constructor(
    private readonly settings: SettingsService,
    private readonly counters: FailureCounters,
  ) {}

  /** Takes a guard's refusal: counts it where it is a failed credential. Always answers false, for the guard. */
  refuse(exchange: Exchange, deny: Deny): boolean | Promise<boolean> {
    const { maxFailures } = this.settings.current().throttling;
    const kind = failureKindOf(deny);
    if (maxFailures === 0 || kind === null) {
      exchange.denial = deny;
      return false;
    }
    return this.#count(exchange, deny, kind);
  }

  /**
   * Has a password looked at, unless there were too many wrong ones: then it is refused without. The logins of one
   * pair of address and user name take turns, so that a burst of guesses does not pass before the first is counted.
   * @param check looks at the password and takes its refusal to `refuse`
   */
  async attemptLogin(
    exchange: Exchange,
    admitted: Admitted,
    check: (origin: LoginOrigin) => Promise<boolean>,
  ): Promise<boolean> {
    const { credential } = admitted;
    const name = credential.kind === 'password' ? credential.username : null;
    const keys = keysOf('guess', admitted.address.client, name);
    const before = this.#logins.get(keys.pair) ?? { last: Promise.resolve(), count: 0 };
    if (before.count >= MAX_WAITING_PER_PAIR) throw tooManyPasswords();
    const attempt = before.last.then(async () => {
      const standing = await this.#standingOf(exchange, admitted, keys);
      if (standing === null || !(await check({ block: keys.block, standing }))) return false;
      this.#known.set(keys.block, true);
      return true;
    });
    const settled = attempt.catch(() => undefined);
    this.#logins.set(keys.pair, { last: settled, count: before.count + 1 });
    try {
      return await attempt;
    } finally {
      const { last, count } = this.#logins.get(keys.pair) ?? before;
      if (count <= 1) this.#logins.delete(keys.pair);
      else this.#logins.set(keys.pair, { last, count: count - 1 });
    }
  }

  /** How the address of a login stands; null where it has failed too often, which is its refusal. */
  async #standingOf(exchange: Exchange, admitted: Admitted, keys: FailureKeys): Promise<Standing | null> {
    const { maxFailures } = this.settings.current().throttling;
    const standing = this.#known.has(keys.block) ? 'known' : 'new';
    if (maxFailures === 0) return standing;
    const [pair, address] = await Promise.all([this.counters.read(keys.pair), this.counters.read(keys.address)]);
    const waitSeconds = Math.max(
      pair.failures >= maxFailures ? pair.remainingSeconds : 0,
      address.failures >= maxFailures * ADDRESS_FACTOR ? address.remainingSeconds : 0,
    );
    if (waitSeconds === 0) return standing === 'new' && address.failures > 0 ? 'failing' : standing;
    exchange.denial = {
      ...denyAdmitted(admitted, 'too_many_failures', null),
      retryAfterSeconds: waitSeconds,
    };
    return null;
  }

  async #count(exchange: Exchange, deny: Deny, kind: FailureKind): Promise<boolean> {
    const { maxFailures, windowSeconds } = this.settings.current().throttling;
    // Bearer presents no name: it counts for the owner once the secret has matched, else for nobody.
    const name = deny.username ?? deny.token?.ownerName ?? null;
    const keys = keysOf(kind, deny.address?.client ?? null, name);
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
  /** The block of the client's address. */
  readonly block: string;
}

function keysOf(kind: FailureKind, client: string | null, name: string | null): FailureKeys {
  const block = blockOf(client);
  return {
    // No address holds a blank, so no name makes the pair of one address look like that of another.
    pair: `${kind}:pair:${block} ${name === null ? '' : userNameKey(name).slice(0, 255)}`,
    address: `${kind}:address:${block}`,
    block,
  };
}
