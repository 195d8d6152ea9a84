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

/** 2^11 rounds take about a tenth of a second. */
const COST = 11;

/** bcrypt runs in Node's pool of four threads, which files and DNS need as well. */
const MAX_AT_ONCE = 2;

/** More would not get their turn in time. */
const MAX_WAITING = 1_000;

/** Several people can share an address. */
const MAX_WAITING_PER_ADDRESS = 32;

const MAX_WAIT_MS = 30_000;

/** A password that matched is accepted without bcrypt for this time. */
const RECOGNISED_MS = 5 * 60_000;

/** The same wrong password from the same address is refused without bcrypt for this time. */
const REFUSED_MS = 60_000;

/** The account may not exist. */
export interface PasswordAccount {
  /** From `userNameKey`. */
  readonly nameKey: string;
  /** Null if the user is unknown, inactive or without a password. */
  readonly stored: string | null;
}

/** All workers together leave one core free, but each checks at least one password. */
export function passwordsAtOnce(cores: number, workers: number): number {
  return Math.max(1, Math.min(MAX_AT_ONCE, Math.floor((cores - 1) / workers)));
}

/**
 * HTTP Basic sends the password with every request, so a password that has just matched is recognised by a keyed
 * digest; only this process has the key. The digest includes the stored hash, so that a new password counts at once,
 * and the name, so that equal passwords of two users cannot be noticed by timing.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  readonly #key = randomBytes(32);
  readonly #matched = new LRUCache<string, true>({ max: 1_000, ttl: RECOGNISED_MS });
  /** By address as well, so that no client learns what another one has tried. */
  readonly #refused = new LRUCache<string, true>({ max: 1_000, ttl: REFUSED_MS });
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #queue: FairQueue;
  /** For users without a password: a comparison with this hash takes as long. */
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

  /** @throws a 503 if too many passwords are being checked */
  hash(password: string, origin: LoginOrigin): Promise<string> {
    if (isTooLongPassword(password)) throw new Error('bcrypt would truncate this password.');
    return this.#queue.run(placeOf(origin), () => hash(password, COST));
  }

  /**
   * Takes as long if there is no such account. A password of more than 72 bytes never matches.
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
    // The same password in several requests at once is compared once.
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
