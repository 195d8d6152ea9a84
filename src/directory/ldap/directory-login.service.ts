import { createHmac, randomBytes } from 'node:crypto';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ProblemException } from '../../common/http/problem.exception.js';
import { ChangeFeed } from '../../database/change-feed.js';
import { FairQueue } from '../fair-queue.js';
import { placeOf, RANK_COUNT, type LoginOrigin } from '../login-origin.js';
import { tooManyPasswords } from '../password.hasher.js';
import { DirectoriesService } from './directories.service.js';
import { userFilterFor } from './directory-document.js';
import { DirectoryReader } from './directory.reader.js';
import { LdapConnection, LOGIN } from './ldap.connector.js';
import { isLoginRefused, ldapFailureOf } from './ldap-failure.js';
import type { StoredDirectory } from './stored-directory.js';

/** A password that was accepted is accepted without the directory for this time. */
const RECOGNISED_MS = 60_000;

/** The same wrong password from the same address is refused without the directory for this time. */
const REFUSED_MS = 5_000;

/** For all questions of one login. */
const LOGIN_MS = 8_000;

/** Of each directory, so that one that hangs delays no login of another. */
const QUEUE = { maxRunning: 4, maxWaiting: 200, maxPerKey: 16, maxWaitMs: 10_000 };

/** Names of several entries are logged once in this time. */
const AMBIGUOUS_MS = 600_000;

/** A directory that sends more entries for one name does not answer the question. */
const MAX_NAMESAKES = 50;

/** Longer ones are no passwords, and would be sent to the directory. */
const MAX_PASSWORD_LENGTH = 1_024;

/** The user as it is stored. */
export interface DirectoryAccount {
  readonly id: string;
  readonly username: string;
  readonly directory: string;
  readonly directoryEntry: string | null;
}

/**
 * Checks passwords of users of a directory by a bind there (R95). HTTP Basic sends the password with every request, so
 * results are recognised for a short time by a keyed digest, of which only this process has the key.
 */
@Injectable()
export class DirectoryLogins implements OnModuleInit {
  readonly #logger = new Logger(DirectoryLogins.name);
  readonly #key = randomBytes(32);
  /** By user, so that a change of the user ends it. */
  readonly #recognised = new LRUCache<string, string>({ max: 10_000, ttl: RECOGNISED_MS });
  /** By address as well, so that no client learns what another one has tried. */
  readonly #refused = new LRUCache<string, true>({ max: 10_000, ttl: REFUSED_MS });
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #queues = new Map<string, FairQueue>();
  readonly #failing = new Set<string>();
  readonly #ambiguous = new LRUCache<string, true>({ max: 1_000, ttl: AMBIGUOUS_MS });

  constructor(
    private readonly directories: DirectoriesService,
    private readonly changes: ChangeFeed,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('directory', (ids) => {
      if (ids === 'all') this.#recognised.clear();
      else for (const id of ids) this.#recognised.delete(id);
    });
    this.changes.subscribe('directories', () => {
      this.#recognised.clear();
      this.#refused.clear();
    });
  }

  /** Whether the directory has just accepted this password. */
  isRecognised(account: DirectoryAccount, password: string): boolean {
    const directory = this.#directoryOf(account);
    return directory !== null && this.#recognised.get(account.id) === this.#digest(directory, account, password);
  }

  /** @throws a 503 if the directory gives no answer, or too many passwords are being checked */
  async matches(account: DirectoryAccount, password: string, origin: LoginOrigin): Promise<boolean> {
    const directory = this.#directoryOf(account);
    // RFC 4513 5.1.2: a bind without a password succeeds for everybody.
    if (directory === null || password === '' || password.length > MAX_PASSWORD_LENGTH) return false;
    const digest = this.#digest(directory, account, password);
    const attempt = `${origin.block} ${digest}`;
    if (this.#refused.has(attempt)) return false;
    let checking = this.#underWay.get(attempt);
    if (checking === undefined) {
      checking = this.#queueOf(directory.key)
        .run(placeOf(origin), () => this.#check(directory, account, password))
        .finally(() => this.#underWay.delete(attempt));
      this.#underWay.set(attempt, checking);
    }
    const { version } = this.changes;
    const isMatch = await checking;
    if (!isMatch) this.#refused.set(attempt, true);
    // What changed meanwhile has already ended what was recognised.
    else if (this.changes.version === version) this.#recognised.set(account.id, digest);
    return isMatch;
  }

  #directoryOf({ directory: key }: DirectoryAccount): StoredDirectory | null {
    const directory = this.directories.byKey(key);
    return directory?.document.enabled === true ? directory : null;
  }

  #digest({ key, version }: StoredDirectory, account: DirectoryAccount, password: string): string {
    const text = JSON.stringify([key, version, account.id, account.directoryEntry, account.username, password]);
    return createHmac('sha256', this.#key).update(text).digest('base64');
  }

  #queueOf(key: string): FairQueue {
    const queue = this.#queues.get(key) ?? new FairQueue({ ...QUEUE, rankCount: RANK_COUNT, refuse: tooManyPasswords });
    this.#queues.set(key, queue);
    return queue;
  }

  async #check(directory: StoredDirectory, account: DirectoryAccount, password: string): Promise<boolean> {
    let connection: LdapConnection | null = null;
    try {
      connection = await LdapConnection.open(directory.document, LOGIN, AbortSignal.timeout(LOGIN_MS));
      const isMatch = await this.#bind(connection, directory, account, password);
      if (this.#failing.delete(directory.key)) {
        this.#logger.log(`The directory ${directory.key} checks passwords again.`);
      }
      return isMatch;
    } catch (error) {
      const { message, said } = ldapFailureOf(error);
      if (!this.#failing.has(directory.key)) {
        this.#logger.warn(`The directory ${directory.key} cannot check passwords. ${message} ${said ?? ''}`);
      }
      this.#failing.add(directory.key);
      throw new ProblemException(
        'directory_unavailable',
        'The directory cannot check passwords right now. Try again later. Tokens are not affected.',
      );
    } finally {
      connection?.close();
    }
  }

  async #bind(
    connection: LdapConnection,
    directory: StoredDirectory,
    { username, directoryEntry }: DirectoryAccount,
    password: string,
  ): Promise<boolean> {
    const { document } = directory;
    await connection.bind(document.bindDn, this.directories.passwordOf(directory));
    const reader = new DirectoryReader(connection, document);
    const [user, ...others] = await reader.users(userFilterFor(document, username), MAX_NAMESAKES);
    if (user === undefined) return false;
    if (others.length > 0) {
      this.#noteAmbiguous(directory.key, username);
      return false;
    }
    // The name belongs to somebody else by now: the next synchronisation sees to it.
    if (user.entry !== directoryEntry || user.isDisabled) return false;
    try {
      await connection.bind(user.dn, password);
      return true;
    } catch (error) {
      if (isLoginRefused(error)) return false;
      throw error;
    }
  }

  #noteAmbiguous(key: string, username: string): void {
    const name = JSON.stringify([key, username]);
    if (this.#ambiguous.has(name)) return;
    this.#ambiguous.set(name, true);
    this.#logger.warn(
      `Several entries of the directory ${key} have the user name ${JSON.stringify(username)}: nobody can log in by it.`,
    );
  }
}
