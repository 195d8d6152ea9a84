import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { LRUCache } from 'lru-cache';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import type { Lane } from '../database/lane.rules.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DirectoryRepository, USERS_IN_ONE_READ } from './directory.repository.js';

/**
 * Users kept in memory, about half a kilobyte each. As many as tokens are (`TokenCache`), and used only where a token is:
 * the owner of a token that is known is known as well, so that both outlive an outage of the database.
 */
const CAPACITY = 100_000;

/** Sets of groups that users share. Most users are in the same groups as many others. */
const GROUP_SETS = 10_000;

/** There is no user of this id. */
const ABSENT = Symbol('absent');

/** A read that is under way. */
interface Reading {
  user: Promise<PrincipalFacts | null>;
  /** Something has changed since it began: what it finds is not used. */
  isStale: boolean;
}

/**
 * The owners of the tokens in use, by their ids: from memory, or by one indexed read that concurrent requests share. A
 * change costs what it changes, however many users there are: what changed is forgotten at once and read again, and a read
 * that was under way meanwhile is made again before anybody acts on it (R64, R82).
 */
@Injectable()
export class UserCache implements OnModuleInit {
  readonly #users = new LRUCache<string, PrincipalFacts | typeof ABSENT>({ max: CAPACITY });
  readonly #reading = new Map<string, Reading>();
  readonly #groupSets = new LRUCache<string, ReadonlySet<string>>({ max: GROUP_SETS });

  constructor(
    private readonly repository: DirectoryRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('directory', (ids) => this.#forgetUsers(ids));
    this.changes.subscribe('group', (names) => this.#forgetMembers(names));
  }

  /** Users in memory, ids without a user included. */
  get size(): number {
    return this.#users.size;
  }

  /** The user of this id, or null. */
  find(id: string): PrincipalFacts | null | Promise<PrincipalFacts | null> {
    const known = this.#users.get(id);
    if (known !== undefined) return known === ABSENT ? null : known;
    return this.#reading.get(id)?.user ?? this.#read(id, () => this.#fromDatabase([id]));
  }

  /** Users by their ids, for lists: it leaves what is kept in memory as it is. */
  async findAll(ids: Iterable<string>): Promise<ReadonlyMap<string, PrincipalFacts>> {
    const found = new Map<string, PrincipalFacts>();
    const unknown: string[] = [];
    for (const id of new Set(ids)) {
      const known = this.#users.peek(id);
      if (known === undefined) unknown.push(id);
      else if (known !== ABSENT) found.set(id, known);
    }
    for (let at = 0; at < unknown.length; at += USERS_IN_ONE_READ) {
      const part = await this.#fromDatabase(unknown.slice(at, at + USERS_IN_ONE_READ), 'lists');
      for (const [id, user] of part) found.set(id, user);
    }
    return found;
  }

  /** Everything may be another one: it is read when it is needed. */
  #forgetAll(): void {
    for (const reading of this.#reading.values()) reading.isStale = true;
    this.#users.clear();
  }

  #forgetUsers(ids: Subjects): void {
    if (ids === 'all') {
      this.#forgetAll();
      return;
    }
    const known = [...ids].filter((id) => {
      const reading = this.#reading.get(id);
      if (reading !== undefined) reading.isStale = true;
      return this.#users.delete(id);
    });
    this.#readAgain(known);
  }

  /** Whom a read under way finds in a group is not known yet, so it is made again. */
  #forgetMembers(groups: Subjects): void {
    if (groups === 'all') {
      this.#forgetAll();
      return;
    }
    for (const reading of this.#reading.values()) reading.isStale = true;
    const names = [...groups];
    const members: string[] = [];
    for (const [id, user] of this.#users.entries()) {
      if (user !== ABSENT && names.some((name) => user.groups.has(name))) members.push(id);
    }
    for (const id of members) this.#users.delete(id);
    this.#readAgain(members);
  }

  /**
   * Reads some of the users who were known, in one go, so that no request has to wait for them. After a larger change the
   * others are read when they are needed. Nobody waits for this: what was known is forgotten already.
   */
  #readAgain(known: readonly string[]): void {
    const ids = known.slice(0, USERS_IN_ONE_READ).filter((id) => !this.#reading.has(id));
    if (ids.length === 0) return;
    const users = this.#fromDatabase(ids);
    for (const id of ids) this.#read(id, () => users).catch(() => undefined);
  }

  #read(id: string, first: () => Promise<ReadonlyMap<string, PrincipalFacts>>): Promise<PrincipalFacts | null> {
    const reading: Reading = { user: Promise.resolve(null), isStale: false };
    this.#reading.set(id, reading);
    reading.user = this.#load(id, reading, first).finally(() => this.#reading.delete(id));
    return reading.user;
  }

  async #load(
    id: string,
    reading: Reading,
    first: () => Promise<ReadonlyMap<string, PrincipalFacts>>,
  ): Promise<PrincipalFacts | null> {
    let users = await first();
    while (reading.isStale) {
      reading.isStale = false;
      users = await this.#fromDatabase([id]);
    }
    const user = users.get(id) ?? null;
    this.#users.set(id, user ?? ABSENT);
    return user;
  }

  async #fromDatabase(ids: readonly string[], lane: Lane = 'judging'): Promise<ReadonlyMap<string, PrincipalFacts>> {
    const rows = await this.unitOfWork.read((manager) => this.repository.usersOf(manager, ids), { lane });
    return new Map(rows.map(({ facts }) => [facts.id, { ...facts, groups: this.#shared(facts.groups) }]));
  }

  /** The one set of these groups: names of groups have no comma. */
  #shared(groups: ReadonlySet<string>): ReadonlySet<string> {
    const key = [...groups].sort().join(',');
    const known = this.#groupSets.get(key);
    if (known !== undefined) return known;
    this.#groupSets.set(key, groups);
    return groups;
  }
}
