import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { Eventually, FoundToken, NotFound, PrincipalFacts, RequestHead, TokenFacts } from '@scopegate/access';
import type { TokenId } from '@scopegate/token';
import { LRUCache } from 'lru-cache';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import { RowReader } from '../database/row.reader.js';
import { DirectoryService } from '../directory/directory.service.js';
import { Pepper } from './pepper.js';
import { TokenDigestRecorder } from './token-digest.recorder.js';
import { toCachedToken, type CachedToken } from './token.mapper.js';
import { TokenRepository } from './token.repository.js';

const ABSENT = Symbol('absent');

type Entry = CachedToken | typeof ABSENT;

interface Matched {
  readonly secret: string;
  readonly entry: Entry;
}

/** About half a kilobyte each. */
const CAPACITY = 100_000;

/** Read at once after a change, so that no request waits for them. More would delay later changes. */
const MAX_READ_AGAIN = 100;

const NOT_FOUND: NotFound = { found: false };

/** From memory, or by one indexed read that concurrent requests share. A changed token is read again at once. */
@Injectable()
export class TokenCache implements OnModuleInit {
  readonly #entries = new LRUCache<string, Entry>({ max: CAPACITY });
  readonly #rows = new RowReader<Entry>(
    (id) => this.#load(id),
    (id, entry) => this.#entries.set(id, entry),
  );
  readonly #matched = new WeakMap<RequestHead, Matched>();
  #hits = 0;
  #misses = 0;

  constructor(
    private readonly tokens: TokenRepository,
    private readonly directory: DirectoryService,
    private readonly pepper: Pepper,
    private readonly changes: ChangeFeed,
    private readonly digests: TokenDigestRecorder,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('token', (ids) => this.#readAgain(ids));
  }

  get hits(): number {
    return this.#hits;
  }

  get misses(): number {
    return this.#misses;
  }

  /** Includes ids without a token. */
  get size(): number {
    return this.#entries.size;
  }

  /** @param head if it is repeated, the secret is compared only once */
  lookUp(id: TokenId, secret: string, head: RequestHead): Eventually<FoundToken | NotFound> {
    const known = this.#entries.get(id);
    if (known !== undefined) {
      this.#hits += 1;
      return this.#compareOnce(secret, known, head);
    }
    this.#misses += 1;
    return this.#rows.read(id).then((entry) => (this.#isSecretOf(secret, entry) ? this.#found(entry) : NOT_FOUND));
  }

  /** For a token of a session, or one that an administrator asks about: there is no secret to compare. */
  lookUpById(id: string): Eventually<FoundToken | NotFound> {
    const known = this.#entries.get(id);
    return known === undefined ? this.#rows.read(id).then((entry) => this.#found(entry)) : this.#found(known);
  }

  /** A change of the token makes another entry, so the secret is compared again. */
  #compareOnce(secret: string, entry: Entry, head: RequestHead): Eventually<FoundToken | NotFound> {
    const matched = this.#matched.get(head);
    if (matched?.entry === entry && matched.secret === secret) return this.#found(entry);
    if (!this.#isSecretOf(secret, entry)) return NOT_FOUND;
    if (head.isRepeated) this.#matched.set(head, { secret, entry });
    return this.#found(entry);
  }

  #isSecretOf(secret: string, entry: Entry): boolean {
    if (entry === ABSENT || !this.pepper.matches(secret, entry.digest)) return false;
    this.digests.note(entry, secret);
    return true;
  }

  /** Looks the owner up with every use, so that a change of the owner takes effect at once. */
  #found(entry: Entry): Eventually<FoundToken | NotFound> {
    if (entry === ABSENT) return NOT_FOUND;
    const token = entry.facts;
    const owner = this.directory.findById(token.ownerId);
    return owner instanceof Promise ? owner.then((read) => found(token, read)) : found(token, owner);
  }

  async #load(id: string): Promise<Entry> {
    const row = await this.tokens.find(id, { lane: 'judging' });
    return row === null ? ABSENT : toCachedToken(row);
  }

  /** Removes all from memory before it reads the first: none may be used in its old state. */
  async #readAgain(ids: Subjects): Promise<void> {
    if (ids === 'all') {
      this.#rows.noteChangeOfAll();
      this.#entries.clear();
      return;
    }
    const known = [...ids].filter((id) => this.#forget(id));
    for (const id of known.slice(0, MAX_READ_AGAIN)) await this.#rows.read(id);
  }

  /** @returns whether the token was in memory or being read */
  #forget(id: string): boolean {
    const wasRead = this.#rows.noteChange(id);
    return this.#entries.delete(id) || wasRead;
  }
}

/** The name of a renamed owner takes effect at once, before its tokens are written again (R97). */
function found(token: TokenFacts, owner: PrincipalFacts | null): FoundToken {
  const isRenamed = owner !== null && owner.username !== token.ownerName;
  return { found: true, token: isRenamed ? { ...token, ownerName: owner.username } : token, owner };
}
