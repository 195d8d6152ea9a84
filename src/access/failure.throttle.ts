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

/** Several people can share an address, so it may fail this much more often than one user name. */
export const ADDRESS_FACTOR = 5;

/** Milliseconds for which an address stays known after a login. */
const KNOWN_MS = 24 * 60 * 60_000;

const MAX_KNOWN = 10_000;

/** Waiting logins per address and user name. */
const MAX_WAITING_PER_PAIR = 256;

interface PairLogins {
  readonly last: Promise<unknown>;
  readonly count: number;
}

/**
 * R51: counts failures per address and user name, and per address. It acts only after a failed check, so it never
 * refuses a valid token, and an attacker cannot lock a user out everywhere. Ended tokens count separately: a forgotten
 * job of the owner does not prevent logins.
 */
@Injectable()
export class FailureThrottle {
  readonly #logins = new Map<string, PairLogins>();
  /** Addresses of recent logins: their passwords are checked first. */
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN, ttl: KNOWN_MS });

  constructor(
    private readonly settings: SettingsService,
    private readonly counters: FailureCounters,
  ) {}

  /**
   * Counts a failed credential, and returns the refusal to answer with.
   * @param isAsked a caller asks about it (R90). Counts separately, so that a caller who names an address or lets
   * others guess keeps nobody from logging in
   */
  count(denial: Deny, isAsked = false): Deny | Promise<Deny> {
    const kind = failureKindOf(denial);
    if (this.settings.current().throttling.maxFailures === 0 || kind === null) return denial;
    return this.#count(denial, isAsked ? `asked-${kind}` : kind);
  }

  /**
   * After too many wrong passwords it refuses without a check. Logins of one pair take turns, so that a burst of
   * guesses is counted one by one. @param check returns the user, or null for a wrong password
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

  /** Seconds to wait after too many failures, or the standing of the address. */
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

  async #count(denial: Deny, kind: CountedKind): Promise<Deny> {
    const { maxFailures, windowSeconds } = this.settings.current().throttling;
    // Bearer has no user name: counts for the owner if the secret matched, otherwise only for the address.
    const name = denial.username ?? denial.token?.ownerName ?? null;
    const keys = keysOf(kind, denial.address?.client ?? null, name);
    const address = await this.counters.add(keys.address, windowSeconds);
    let waitSeconds = address.failures > maxFailures * ADDRESS_FACTOR ? address.remainingSeconds : 0;
    // A blocked address cannot fill the table with made-up names.
    if (waitSeconds === 0) {
      const pair = await this.counters.add(keys.pair, windowSeconds);
      if (pair.failures > maxFailures) waitSeconds = pair.remainingSeconds;
    }
    if (waitSeconds === 0) return denial;
    const code = 'too_many_failures';
    return { ...denial, code, detail: REASONS[code].detail, retryAfterSeconds: waitSeconds };
  }
}

interface FailureKeys {
  readonly pair: string;
  readonly address: string;
  /** The block of the client address. */
  readonly block: string;
}

/** Each is counted by itself. */
type CountedKind = FailureKind | `asked-${FailureKind}`;

function keysOf(kind: CountedKind, client: string | null, name: string | null): FailureKeys {
  const block = blockOf(client);
  return {
    // No address contains a blank, so two pairs never look alike.
    pair: `${kind}:pair:${block} ${name === null ? '' : userNameKey(name).slice(0, 255)}`,
    address: `${kind}:address:${block}`,
    block,
  };
}
