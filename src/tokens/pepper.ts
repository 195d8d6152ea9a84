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

/** Another pepper gets another number, so that old digests stay readable. */
const CURRENT_VERSION = 1;

export interface VersionedDigest<Digest = string> {
  readonly digest: Digest;
  readonly pepperVersion: number;
}

/** No other class has the key of the digests. */
@Injectable()
export class Pepper {
  readonly #keys: ReadonlyMap<number, HmacKey>;

  constructor(@Inject(SECRETS) secrets: Secrets) {
    this.#keys = new Map([[CURRENT_VERSION, new HmacKey(secrets.tokenPepper)]]);
  }

  digest(secret: string): VersionedDigest {
    return { digest: tokenDigest(this.#current(), secret), pepperVersion: CURRENT_VERSION };
  }

  mintToken(): { readonly secret: string; readonly columns: MintedColumns } {
    const { id, secret } = mintToken(randomBytes);
    return { secret, columns: { id, ...this.digest(secret), hint: tokenHint(secret) } };
  }

  /** Sealed under the current key (R11). */
  mintSession(): MintedSession {
    return mintSession(this.#current(), randomBytes);
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

  #current(): HmacKey {
    const key = this.#keys.get(CURRENT_VERSION);
    if (key === undefined) throw new Error('There is no pepper.');
    return key;
  }
}
