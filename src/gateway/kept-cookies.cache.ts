import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import type { TokenFacts } from '@scopegate/access';
import { CookieJar } from '@scopegate/upstream';
import { LRUCache } from 'lru-cache';
import type { ProtectedApplication } from '../applications/application.js';
import { Clock } from '../common/time/clock.js';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';

/** At most about 30 MB, with the limits of a jar. The one that was unused for the longest time goes first. */
const MAX_JARS = 2_000;

const SWEEP_INTERVAL_MS = 60_000;

interface KeptJar {
  readonly jar: CookieJar;
  readonly tokenId: string;
  readonly ownerId: string;
  /** Of the token. */
  readonly expiresAt: number | null;
  readonly applicationKey: string;
  readonly applicationVersion: number;
  readonly origin: string;
}

/** What one request sends of the kept cookies, and where its answer puts new ones. */
export class RequestCookies {
  constructor(
    private readonly jar: CookieJar,
    private readonly clock: Clock,
    private readonly path: string,
    private readonly isSecure: boolean,
  ) {}

  /** The value of the `Cookie` line; null for none. */
  get line(): string | null {
    return this.jar.header(this.path, this.isSecure, this.clock.nowMs());
  }

  /** Takes the value of a `Set-Cookie` line. */
  keep(setCookie: string): void {
    this.jar.keep(setCookie, this.path, this.clock.nowMs());
  }
}

/**
 * R117: cookies from answers to a token, in the memory of this node, for that token and application alone. They are
 * forgotten when the token ends, and with any change of the token, the application or the owner's credential for it.
 */
@Injectable()
export class KeptCookies implements OnModuleInit, OnModuleDestroy {
  readonly #jars = new LRUCache<string, KeptJar>({ max: MAX_JARS, dispose: ({ jar }) => jar.close() });
  #sweep: NodeJS.Timeout | null = null;

  constructor(
    private readonly changes: ChangeFeed,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('token', (ids) => this.#forget(({ tokenId }) => includes(ids, tokenId)));
    this.changes.subscribe('applications', (keys) =>
      this.#forget(({ applicationKey }) => includes(keys, applicationKey)),
    );
    // A session of the application belongs to the credential that has opened it.
    this.changes.subscribe('deposit', (userIds) => this.#forget(({ ownerId }) => includes(userIds, ownerId)));
    this.#sweep = setInterval(() => this.#forgetExpired(), SWEEP_INTERVAL_MS).unref();
  }

  onModuleDestroy(): void {
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#jars.clear();
  }

  /**
   * @param path of the upstream, without the query
   * @param isSecure the client or the gateway uses https
   */
  of(token: TokenFacts, application: ProtectedApplication, path: string, isSecure: boolean): RequestCookies {
    return new RequestCookies(this.#jarOf(token, application), this.clock, path, isSecure);
  }

  #jarOf(token: TokenFacts, { key, version, target }: ProtectedApplication): CookieJar {
    const entry = `${token.id} ${key}`;
    const known = this.#jars.get(entry);
    // A change of the application may not have been announced yet.
    if (known !== undefined && known.applicationVersion === version && known.origin === target.origin) return known.jar;
    const jar = new CookieJar();
    this.#jars.set(entry, {
      jar,
      tokenId: token.id,
      ownerId: token.ownerId,
      expiresAt: token.expiresAt,
      applicationKey: key,
      applicationVersion: version,
      origin: target.origin,
    });
    return jar;
  }

  #forget(isForgotten: (kept: KeptJar) => boolean): void {
    for (const [entry, kept] of this.#jars.entries()) if (isForgotten(kept)) this.#jars.delete(entry);
  }

  #forgetExpired(): void {
    const nowMs = this.clock.nowMs();
    this.#forget(({ expiresAt }) => expiresAt !== null && expiresAt <= nowMs);
  }
}

function includes(subjects: Subjects, subject: string): boolean {
  return subjects === 'all' || subjects.has(subject);
}
