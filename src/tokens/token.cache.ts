import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { RequestHead, TokenLookup } from '@scopegate/access';
import type { TokenId } from '@scopegate/token';
import { LRUCache } from 'lru-cache';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import { RowReader } from '../database/row.reader.js';
import { DirectoryService } from '../directory/directory.service.js';
import { Pepper } from './pepper.js';
import { toCachedToken, type CachedToken } from './token.mapper.js';
import { TokenRepository } from './token.repository.js';

/** There is no token of this id. */
const ABSENT = Symbol('absent');

type Entry = CachedToken | typeof ABSENT;

/** A secret that has been compared to the digest of an entry, and is the one of its token. */
interface Matched {
  readonly secret: string;
  readonly entry: Entry;
}

/** Tokens kept in memory; an entry takes about half a kilobyte. */
const CAPACITY = 100_000;

/** Of so many that change together, no request has to wait for the database; the changes after them are not held up. */
const MAX_READ_AGAIN = 100;

const NOT_FOUND: TokenLookup = { found: false };

/**
 * Finds tokens by their secret: from memory, or by one indexed read that concurrent requests share. A change is read
 * again at once, and a read that was under way while it happened is made again.
 */
@Injectable()
export class TokenCache implements OnModuleInit {
  readonly #entries = new LRUCache<string, Entry>({ max: CAPACITY });
  readonly #rows = new RowReader<Entry>(
    (id) => this.#load(id),
    (id, entry) => this.#entries.set(id, entry),
  );
  /** What the secrets of connections that repeat their header lines have matched. */
  readonly #matched = new WeakMap<RequestHead, Matched>();
  #hits = 0;
  #misses = 0;

  constructor(
    private readonly tokens: TokenRepository,
    private readonly directory: DirectoryService,
    private readonly pepper: Pepper,
    private readonly changes: ChangeFeed,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('token', (ids) => this.#readAgain(ids));
  }

  /** Look-ups that were answered from memory. */
  get hits(): number {
    return this.#hits;
  }

  /** Look-ups that had to wait for the database. */
  get misses(): number {
    return this.#misses;
  }

  /** Tokens in memory, those among them that do not exist included. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The token of a secret. Its record is told only where the secret matches.
   * @param id what `parseToken` reads out of the secret
   * @param head of the request that holds the secret; where it is repeated, the secret is compared once to one digest
   */
  lookUp(id: TokenId, secret: string, head: RequestHead): TokenLookup | Promise<TokenLookup> {
    const known = this.#entries.get(id);
    if (known !== undefined) {
      this.#hits += 1;
      return this.#compareOnce(secret, known, head);
    }
    this.#misses += 1;
    return this.#rows.read(id).then((entry) => (this.#isSecretOf(secret, entry) ? this.#found(entry) : NOT_FOUND));
  }

  /** The token of an id that a session of it stands for, or that an administrator asks about. */
  lookUpById(id: string): TokenLookup | Promise<TokenLookup> {
    const known = this.#entries.get(id);
    return known === undefined ? this.#rows.read(id).then((entry) => this.#found(entry)) : this.#found(known);
  }

  /** A digest that is read again, as after every change of the token, is another one. */
  #compareOnce(secret: string, entry: Entry, head: RequestHead): TokenLookup | Promise<TokenLookup> {
    const matched = this.#matched.get(head);
    if (matched?.entry === entry && matched.secret === secret) return this.#found(entry);
    if (!this.#isSecretOf(secret, entry)) return NOT_FOUND;
    if (head.isRepeated) this.#matched.set(head, { secret, entry });
    return this.#found(entry);
  }

  #isSecretOf(secret: string, entry: Entry): boolean {
    return entry !== ABSENT && this.pepper.matches(secret, entry.digest);
  }

  /** The owner is looked up with every use: what changes of it acts without the token being read again. */
  #found(entry: Entry): TokenLookup | Promise<TokenLookup> {
    if (entry === ABSENT) return NOT_FOUND;
    const token = entry.facts;
    const owner = this.directory.findById(token.ownerId);
    if (owner instanceof Promise) return owner.then((read) => ({ found: true, token, owner: read }));
    return { found: true, token, owner };
  }

  async #load(id: string): Promise<Entry> {
    const row = await this.tokens.find(id, { lane: 'judging' });
    return row === null ? ABSENT : toCachedToken(row);
  }

  /** All of them are forgotten before the first is read: many may have been revoked together, and none may go on. */
  async #readAgain(ids: Subjects): Promise<void> {
    if (ids === 'all') {
      this.#rows.noteChangeOfAll();
      this.#entries.clear();
      return;
    }
    const known = [...ids].filter((id) => this.#forget(id));
    for (const id of known.slice(0, MAX_READ_AGAIN)) await this.#rows.read(id);
  }

  /** @returns whether anything of the token was known */
  #forget(id: string): boolean {
    const wasRead = this.#rows.noteChange(id);
    return this.#entries.delete(id) || wasRead;
  }
}
