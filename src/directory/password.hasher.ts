import { createHmac, randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { compare, hash } from 'bcrypt';
import { LRUCache } from 'lru-cache';
import { ProblemException } from '../common/http/problem.exception.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { FairQueue } from './fair-queue.js';
import { placeOf, RANK_COUNT, type LoginOrigin } from './login-origin.js';
import { isTooLongPassword } from './password.rule.js';

/** 2^11 rounds: about a tenth of a second on the machines this was made on. */
const COST = 11;

/** bcrypt runs in Node's pool of four threads, which files and DNS need as well. */
const MAX_AT_ONCE = 2;

/** More would not get their turn in time. */
const MAX_WAITING = 1_000;

/** Several people can share an address. */
const MAX_WAITING_PER_ADDRESS = 32;

/** About as long as clients wait. */
const MAX_WAIT_MS = 30_000;

/** How long a password that matched is accepted without bcrypt. */
const RECOGNISED_MS = 5 * 60_000;

/** How long the same wrong password from the same address is refused without bcrypt. */
const REFUSED_MS = 60_000;

/** The account that a password is compared with, whether it exists or not. */
export interface PasswordAccount {
  /** The name that was given, by `userNameKey`. */
  readonly nameKey: string;
  /** The stored hash; null if the user is unknown, inactive or without a password. */
  readonly stored: string | null;
}

/** How many passwords a worker checks at once: all workers together leave one core free, but each checks at least one. */
export function passwordsAtOnce(cores: number, workers: number): number {
  return Math.max(1, Math.min(MAX_AT_ONCE, Math.floor((cores - 1) / workers)));
}

/**
 * Hashes and compares passwords, few at once and fairly by address. HTTP Basic sends the password with every request, so
 * one that has just matched is recognised by a keyed digest. Its key exists in this process alone. The stored hash is part
 * of the digest, so that a changed password has another one. So is the name: a check of one name is not faster because
 * another name has the same password, whether they exist or not.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  readonly #key = randomBytes(32);
  readonly #matched = new LRUCache<string, true>({ max: 1_000, ttl: RECOGNISED_MS });
  /** By address as well, so that no client learns what another one has tried. */
  readonly #refused = new LRUCache<string, true>({ max: 1_000, ttl: REFUSED_MS });
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #queue: FairQueue;
  /** The hash of a random password, for users who have none: comparing with it takes as long. */
  #decoy = '';

  constructor(@Inject(CONFIGURATION) { workers }: Pick<Configuration, 'workers'>) {
    this.#queue = new FairQueue({
      maxRunning: passwordsAtOnce(availableParallelism(), workers),
      rankCount: RANK_COUNT,
      maxWaiting: MAX_WAITING,
      maxPerKey: MAX_WAITING_PER_ADDRESS,
      maxWaitMs: MAX_WAIT_MS,
      refuse: tooManyPasswords,
    });
  }

  async onModuleInit(): Promise<void> {
    this.#decoy = await hash(randomBytes(24).toString('base64'), COST);
  }

  get running(): number {
    return this.#queue.running;
  }

  get waiting(): number {
    return this.#queue.waiting;
  }

  /**
   * The bcrypt hash of a password that keeps the rule.
   * @throws a 503 if too many passwords are being checked
   */
  hash(password: string, origin: LoginOrigin): Promise<string> {
    if (isTooLongPassword(password)) throw new Error('bcrypt would truncate this password.');
    return this.#queue.run(placeOf(origin), () => hash(password, COST));
  }

  /**
   * Whether this is the password of the account. Takes as long if there is no such account. A password of more than 72
   * bytes never matches.
   * @throws a 503 if too many passwords are being checked
   */
  async matches({ nameKey, stored }: PasswordAccount, password: string, origin: LoginOrigin): Promise<boolean> {
    const isHopeless = stored === null || isTooLongPassword(password);
    const against = isHopeless ? this.#decoy : stored;
    const text = JSON.stringify([nameKey, against, password]);
    const entry = createHmac('sha256', this.#key).update(text).digest('base64');
    if (!isHopeless && this.#matched.has(entry)) return true;
    const attempt = `${origin.block} ${entry}`;
    if (this.#refused.has(attempt)) return false;
    // The same password sent with several requests at once is compared once.
    let comparing = this.#underWay.get(attempt);
    if (comparing === undefined) {
      comparing = this.#queue
        .run(placeOf(origin), () => compare(password, against))
        .finally(() => this.#underWay.delete(attempt));
      this.#underWay.set(attempt, comparing);
    }
    const isMatch = (await comparing) && !isHopeless;
    if (isMatch) this.#matched.set(entry, true);
    else this.#refused.set(attempt, true);
    return isMatch;
  }
}

export function tooManyPasswords(): ProblemException {
  return new ProblemException(
    'policy_unavailable',
    'Too many passwords are being checked. Try again in a moment. Tokens are not affected.',
  );
}
