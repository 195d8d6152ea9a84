import { Injectable } from '@nestjs/common';
import {
  deny,
  failureKindOf,
  REASONS,
  type Admitted,
  type Deny,
  type FailureKind,
  type LoginResult,
  type PrincipalFacts,
} from '@scopegate/access';
import { userNameKey } from '@scopegate/token';
import { LRUCache } from 'lru-cache';
import { blockOf, type LoginOrigin, type Standing } from '../directory/login-origin.js';
import { tooManyPasswords } from '../directory/password.hasher.js';
import { FailureCounters } from '../peers/failure-counters.js';
import { SettingsService } from '../settings/settings.service.js';

/** An address may fail this many times as often as one user name from it: several people can share an address. */
const ADDRESS_FACTOR = 5;

/** How long an address stays known after a login from it, in milliseconds. */
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
 * place of a failed check, so it never refuses a valid token, and an attacker cannot lock a user out of all addresses (R51).
 * Tokens that have ended have counts of their own: a forgotten job of the owner does not prevent logins.
 */
@Injectable()
export class FailureThrottle {
  /** The logins under way, by pair of address and user name. */
  readonly #logins = new Map<string, PairLogins>();
  /** The address blocks of recent logins: passwords from there are checked first. */
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: KNOWN_MS });

  constructor(
    private readonly settings: SettingsService,
    private readonly counters: FailureCounters,
  ) {}

  /** Counts a refusal if it is one of a failed credential. Returns the refusal to answer with. */
  count(denial: Deny): Deny | Promise<Deny> {
    const kind = failureKindOf(denial);
    return this.settings.current().throttling.maxFailures === 0 || kind === null ? denial : this.#count(denial, kind);
  }

  /**
   * Checks a password, unless there were too many wrong ones: then it is refused without a check. The logins of one
   * pair of address and user name take turns, so that a burst of guesses does not pass before the first is counted.
   * @param check returns the user, or null for a wrong password
   */
  async attemptLogin(
    admitted: Admitted,
    check: (origin: LoginOrigin) => Promise<PrincipalFacts | null>,
  ): Promise<LoginResult> {
    const { credential } = admitted;
    const name = credential.kind === 'password' ? credential.username : null;
    const keys = keysOf('guess', admitted.address.client, name);
    const before = this.#logins.get(keys.pair) ?? { last: Promise.resolve(), count: 0 };
    if (before.count >= MAX_WAITING_PER_PAIR) throw tooManyPasswords();
    const attempt = before.last.then(async (): Promise<LoginResult> => {
      const standing = await this.#standingOf(keys);
      if (typeof standing === 'number') return { matched: false, retryAfterSeconds: standing };
      const user = await check({ block: keys.block, standing });
      if (user === null) {
        const { retryAfterSeconds } = await this.count(deny('password_wrong', admitted));
        return { matched: false, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
      }
      this.#known.set(keys.block, true);
      return { matched: true, user };
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

  /** How the address of a login stands, or how many seconds it has to wait after too many failures. */
  async #standingOf(keys: FailureKeys): Promise<Standing | number> {
    const { maxFailures } = this.settings.current().throttling;
    const standing = this.#known.has(keys.block) ? 'known' : 'new';
    if (maxFailures === 0) return standing;
    const [pair, address] = await Promise.all([this.counters.read(keys.pair), this.counters.read(keys.address)]);
    const waitSeconds = Math.max(
      pair.failures >= maxFailures ? pair.remainingSeconds : 0,
      address.failures >= maxFailures * ADDRESS_FACTOR ? address.remainingSeconds : 0,
    );
    if (waitSeconds === 0) return standing === 'new' && address.failures > 0 ? 'failing' : standing;
    return waitSeconds;
  }

  async #count(denial: Deny, kind: FailureKind): Promise<Deny> {
    const { maxFailures, windowSeconds } = this.settings.current().throttling;
    // Bearer has no user name: it counts for the owner if the secret has matched, and otherwise only for the address.
    const name = denial.username ?? denial.token?.ownerName ?? null;
    const keys = keysOf(kind, denial.address?.client ?? null, name);
    const address = await this.counters.add(keys.address, windowSeconds);
    let waitSeconds = address.failures > maxFailures * ADDRESS_FACTOR ? address.remainingSeconds : 0;
    // An address that has used up its share cannot fill the table with made-up names either.
    if (waitSeconds === 0) {
      const pair = await this.counters.add(keys.pair, windowSeconds);
      if (pair.failures > maxFailures) waitSeconds = pair.remainingSeconds;
    }
    if (waitSeconds === 0) return denial;
    const code = 'too_many_failures';
    return { ...denial, code, detail: REASONS[code].detail, retryAfterSeconds: waitSeconds };
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
