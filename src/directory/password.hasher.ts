import { createHmac, randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { compare, hash } from 'bcrypt';
import { LRUCache } from 'lru-cache';
import { ProblemException } from '../common/http/problem.exception.js';
import { BoundedQueue } from './bounded-queue.js';
import { isTooLongPassword } from './password.rule.js';

/** 2^11 rounds: about a tenth of a second on the machines this was made on. */
const COST = 11;

/** bcrypt runs in Node's pool of four threads, which files and name look-ups need as well. */
const MAX_RUNNING = 2;

/** Beyond a few seconds of waiting it is better to be told. */
const MAX_WAITING = 100;

/** How long a password that matched is recognised without bcrypt, in milliseconds. */
const RECOGNISED_MS = 5 * 60_000;

/**
 * Hashes and compares passwords, at most a few at once. HTTP Basic sends the password with every request, so one that
 * has just matched is recognised by a keyed digest: the key lives in this process alone, and the stored hash is part
 * of what is digested, so that a changed password is another entry.
 */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  readonly #key = randomBytes(32);
  readonly #matched = new LRUCache<string, true>({ max: 1000, ttl: RECOGNISED_MS });
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #queue = new BoundedQueue(
    MAX_RUNNING,
    MAX_WAITING,
    () => new ProblemException('policy_unavailable', 'Too many passwords are being checked. Try again in a moment.'),
  );
  /** The hash of nobody's password: comparing with it takes as long as comparing with somebody's. */
  #nobody = '';

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

  /** The bcrypt hash of a password that fits the rule. */
  hash(password: string): Promise<string> {
    if (isTooLongPassword(password)) throw new Error('bcrypt would cut this password short.');
    return this.#queue.run(() => hash(password, COST));
  }

  /**
   * Whether this is the password. It takes as long for a user who is not there, and a password of more than 72 bytes
   * never matches.
   * @param stored null for a user who is unknown, inactive or without a password
   * @throws a 503 where too many others wait
   */
  async matches(stored: string | null, password: string): Promise<boolean> {
    const isHopeless = stored === null || isTooLongPassword(password);
    const against = isHopeless ? this.#nobody : stored;
    const entry = createHmac('sha256', this.#key).update(`${against}\0${password}`).digest('base64');
    if (this.#matched.has(entry)) return !isHopeless;
    // The same password sent with several requests at once is compared once.
    let comparing = this.#underWay.get(entry);
    if (comparing === undefined) {
      comparing = this.#queue.run(() => compare(password, against)).finally(() => this.#underWay.delete(entry));
      this.#underWay.set(entry, comparing);
    }
    if (!(await comparing) || isHopeless) return false;
    this.#matched.set(entry, true);
    return true;
  }
}
