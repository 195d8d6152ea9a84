import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { LRUCache } from 'lru-cache';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import type { Lane } from '../database/lane-rules.js';
import { RowReader } from '../database/row.reader.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { DirectoryRepository, USERS_IN_ONE_READ } from './directory.repository.js';

/** As many as tokens in `TokenCache`, so that their owners are in memory, too. About half a kilobyte each. */
const CAPACITY = 100_000;

/** Many users share one set of groups. */
const GROUP_SETS = 10_000;

const ABSENT = Symbol('absent');

type Entry = PrincipalFacts | typeof ABSENT;

/** From memory, or by one indexed read. A change removes users before they are read again (R64, R82). */
@Injectable()
export class UserCache implements OnModuleInit {
  readonly #users = new LRUCache<string, Entry>({ max: CAPACITY });
  readonly #rows = new RowReader<Entry>(
    async (id) => entryOf(await this.#load([id]), id),
    (id, entry) => this.#users.set(id, entry),
  );
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

  /** Includes ids without a user. */
  get size(): number {
    return this.#users.size;
  }

  find(id: string): PrincipalFacts | null | Promise<PrincipalFacts | null> {
    const known = this.#users.get(id);
    return known === undefined ? this.#rows.read(id).then(userOf) : userOf(known);
  }

  async findAll(ids: Iterable<string>): Promise<ReadonlyMap<string, PrincipalFacts>> {
    const found = new Map<string, PrincipalFacts>();
    const unknown: string[] = [];
    for (const id of new Set(ids)) {
      const known = this.#users.peek(id);
      if (known === undefined) unknown.push(id);
      else if (known !== ABSENT) found.set(id, known);
    }
    for (let at = 0; at < unknown.length; at += USERS_IN_ONE_READ) {
      const part = await this.#load(unknown.slice(at, at + USERS_IN_ONE_READ), 'lists');
      for (const [id, user] of part) found.set(id, user);
    }
    return found;
  }

  #forgetAll(): void {
    this.#rows.noteChangeOfAll();
    this.#users.clear();
  }

  #forgetUsers(ids: Subjects): void {
    if (ids === 'all') {
      this.#forgetAll();
      return;
    }
    for (const id of ids) this.#rows.noteChange(id);
    this.#readAgain([...ids].filter((id) => this.#users.delete(id)));
  }

  #forgetMembers(groups: Subjects): void {
    if (groups === 'all') {
      this.#forgetAll();
      return;
    }
    this.#rows.noteChangeOfAll();
    const names = [...groups];
    const members: string[] = [];
    for (const [id, user] of this.#users.entries()) {
      if (user !== ABSENT && names.some((name) => user.groups.has(name))) members.push(id);
    }
    for (const id of members) this.#users.delete(id);
    this.#readAgain(members);
  }

  /** So that requests need not wait. After a larger change, the others are read on use. */
  #readAgain(ids: readonly string[]): void {
    this.#rows.prefetch(ids.slice(0, USERS_IN_ONE_READ), async (wanted) => {
      const users = await this.#load(wanted);
      return (id) => entryOf(users, id);
    });
  }

  async #load(ids: readonly string[], lane: Lane = 'judging'): Promise<ReadonlyMap<string, PrincipalFacts>> {
    const rows = await this.unitOfWork.read((manager) => this.repository.usersOf(manager, ids), { lane });
    return new Map(rows.map(({ facts }) => [facts.id, { ...facts, groups: this.#shared(facts.groups) }]));
  }

  /** Names of groups have no comma, so they can be joined to a key. */
  #shared(groups: ReadonlySet<string>): ReadonlySet<string> {
    const key = [...groups].sort().join(',');
    const known = this.#groupSets.get(key);
    if (known !== undefined) return known;
    this.#groupSets.set(key, groups);
    return groups;
  }
}

function entryOf(users: ReadonlyMap<string, PrincipalFacts>, id: string): Entry {
  return users.get(id) ?? ABSENT;
}

function userOf(entry: Entry): PrincipalFacts | null {
  return entry === ABSENT ? null : entry;
}
