import { Inject, Injectable } from '@nestjs/common';
import { HmacKey } from '@scopegate/kernel';
import { digestMatches, tokenDigest, type TokenDigest } from '@scopegate/token';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';

/** The version new digests are made with. Another pepper gets another number, so that old digests stay readable. */
const CURRENT_VERSION = 1;

/** A digest, and the pepper it was made with. */
export interface VersionedDigest<Digest = string> {
  readonly digest: Digest;
  readonly pepperVersion: number;
}

/** Makes and compares the digests of secrets; the only place that holds their key. */
@Injectable()
export class Pepper {
  readonly #keys: ReadonlyMap<number, HmacKey>;

  constructor(@Inject(SECRETS) secrets: Secrets) {
    this.#keys = new Map([[CURRENT_VERSION, new HmacKey(secrets.tokenPepper)]]);
  }

  /** @throws Error where the key is missing */
  digest(secret: string): VersionedDigest {
    const key = this.#keys.get(CURRENT_VERSION);
    if (key === undefined) throw new Error('There is no pepper.');
    return { digest: tokenDigest(key, secret), pepperVersion: CURRENT_VERSION };
  }

  /** Whether this is the secret of the digest; a version that is not known matches nothing. */
  matches(secret: string, { digest, pepperVersion }: VersionedDigest<TokenDigest>): boolean {
    const key = this.#keys.get(pepperVersion);
    return key !== undefined && digestMatches(key, secret, digest);
  }
}
