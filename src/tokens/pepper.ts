import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { HmacKey } from '@scopegate/kernel';
import {
  digestMatches,
  isSealedBy,
  mintSession,
  mintToken,
  tokenDigest,
  tokenHint,
  type MintedSession,
  type TokenDigest,
} from '@scopegate/token';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import type { MintedColumns } from './token.entity.js';

export interface VersionedDigest<Digest = string> {
  readonly digest: Digest;
  /** The id of the pepper. */
  readonly pepperVersion: number;
}

/** No other class has the key of the digests. */
@Injectable()
export class Pepper {
  readonly #keys: ReadonlyMap<number, HmacKey>;
  readonly #newest: { readonly version: number; readonly key: HmacKey };

  constructor(@Inject(SECRETS) { tokenPepper }: Secrets) {
    const keys = tokenPepper.map(({ id, key }) => ({ version: id, key: new HmacKey(key) }));
    const [newest] = keys;
    if (newest === undefined) throw new Error('There is no pepper.');
    this.#newest = newest;
    this.#keys = new Map(keys.map(({ version, key }) => [version, key]));
  }

  /** The version of new digests. */
  get newestVersion(): number {
    return this.#newest.version;
  }

  digest(secret: string): VersionedDigest {
    const { version, key } = this.#newest;
    return { digest: tokenDigest(key, secret), pepperVersion: version };
  }

  /** Under every key, the newest first. */
  digestsOf(secret: string): readonly string[] {
    return Array.from(this.#keys.values(), (key) => tokenDigest(key, secret));
  }

  mintToken(): { readonly secret: string; readonly columns: MintedColumns } {
    const { id, secret } = mintToken(randomBytes);
    return { secret, columns: { id, ...this.digest(secret), hint: tokenHint(secret) } };
  }

  /** Sealed under the newest key (R11). */
  mintSession(): MintedSession {
    return mintSession(this.#newest.key, randomBytes);
  }

  /** Whether the gateway made a session, with any of its keys. The session may have ended. */
  isSealed(session: string): boolean {
    for (const key of this.#keys.values()) if (isSealedBy(key, session)) return true;
    return false;
  }

  /** False for an unknown version of the pepper. */
  matches(secret: string, { digest, pepperVersion }: VersionedDigest<TokenDigest>): boolean {
    const key = this.#keys.get(pepperVersion);
    return key !== undefined && digestMatches(key, secret, digest);
  }
}
