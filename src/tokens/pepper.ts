import { Inject, Injectable } from '@nestjs/common';
import { HmacKey } from '@scopegate/kernel';
import { digestsEqual, tokenDigest } from '@scopegate/token';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';

/** The version new digests are made with. Another pepper gets another number, so that old digests stay readable. */
const CURRENT_VERSION = 1;

/** A digest, and the pepper it was made with. */
export interface VersionedDigest {
  readonly digest: string;
  readonly pepperVersion: number;
}

/** Makes and compares the digests of secrets; the only place that holds their key. */
@Injectable()
export class Pepper {
  readonly #keys: ReadonlyMap<number, HmacKey>;

  constructor(@Inject(SECRETS) secrets: Secrets) {
    this.#keys = new Map([[CURRENT_VERSION, new HmacKey(secrets.tokenPepper)]]);
  }

  digest(secret: string): VersionedDigest {
    return { digest: this.#digestWith(CURRENT_VERSION, secret) ?? '', pepperVersion: CURRENT_VERSION };
  }

  /** Whether this is the secret of the digest; a version that is not known matches nothing. */
  matches(secret: string, stored: VersionedDigest): boolean {
    const digest = this.#digestWith(stored.pepperVersion, secret);
    return digest !== null && digestsEqual(digest, stored.digest);
  }

  #digestWith(version: number, secret: string): string | null {
    const key = this.#keys.get(version);
    return key === undefined ? null : tokenDigest(key, secret);
  }
}
