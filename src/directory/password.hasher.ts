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

/** bcrypt runs in Node's pool of four threads, which files and name look-ups need as well. */
const MAX_AT_ONCE = 2;

/** A request that waits is small; more than these would not have their turns in time. */
const MAX_WAITING = 1_000;

/** Several people can share an address. */
const MAX_WAITING_PER_ADDRESS = 32;

/** Clients wait about as long. */
const MAX_WAIT_MS = 30_000;

/** How long a password that matched is recognised without bcrypt, in milliseconds. */
const RECOGNISED_MS = 5 * 60_000;

/** How long the same wrong password from the same address is refused without bcrypt, in milliseconds. */
const REFUSED_MS = 60_000;

/** The account that a password is held against, whether there is one or not. */
export interface PasswordAccount {
  /** The name that was given, as names are compared. */
  readonly nameKey: string;
  /** The stored hash; null for a user who is unknown, inactive or without a password. */
  readonly stored: string | null;
}

/** How many passwords are worked on at once: fewer than there are cores, those of all workers together, and at least 1. */
export function passwordsAtOnce(cores: number, workers: number): number {
  return Math.max(1, Math.min(MAX_AT_ONCE, Math.floor((cores - 1) / workers)));
}

/**
 * Hashes and compares passwords, few at once and fairly by address. HTTP Basic sends the password with every request, so
 * one that has just matched is recognised by a keyed digest: the key lives in this process alone, and the stored hash is
 * part of what is digested, so that a changed password is another entry. So is the name: of two names with the same
 * password, neither is answered sooner because of the other one, whether they exist or not.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  readonly #key = randomBytes(32);
  readonly #matched = new LRUCache<string, true>({ max: 1_000, ttl: RECOGNISED_MS });
  /** By address as well: nobody learns what somebody else has tried. */
  readonly #refused = new LRUCache<string, true>({ max: 1_000, ttl: REFUSED_MS });
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #queue: FairQueue;
  /** The hash of nobody's password: comparing with it takes as long as comparing with somebody's. */
  #nobody = '';

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
    this.#nobody = await hash(randomBytes(24).toString('base64'), COST);
  }

  /** Passwords that are being hashed or compared now. */
  get running(): number {
    return this.#queue.running;
  }

  /** Passwords that wait for it. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /**
   * The bcrypt hash of a password that fits the rule.
   * @throws a 503 where it has no turn in time
   */
  hash(password: string, origin: LoginOrigin): Promise<string> {
    if (isTooLongPassword(password)) throw new Error('bcrypt would truncate this password.');
    return this.#queue.run(placeOf(origin), () => hash(password, COST));
  }

  /**
   * Whether this is the password of the account. It takes as long where there is no such account, and a password of more
   * than 72 bytes never matches.
   * @throws a 503 where it has no turn in time
   */
  async matches({ nameKey, stored }: PasswordAccount, password: string, origin: LoginOrigin): Promise<boolean> {
    const isHopeless = stored === null || isTooLongPassword(password);
    const against = isHopeless ? this.#nobody : stored;
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

/** The answer to a password that has no turn in time. */
export function tooManyPasswords(): ProblemException {
  return new ProblemException(
    'policy_unavailable',
    'Too many passwords are being checked. Try again in a moment. Tokens are not affected.',
  );
}
