import { Inject, Injectable } from '@nestjs/common';
import { SECRETS } from '../config/config.module.js';
import type { KeyName, Secrets } from '../config/secrets.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { KEY_USES_PROVIDER, type KeyUses } from './key-uses.js';
import { countUses } from './keyed-records.js';

export interface CountedKey {
  readonly id: number;
  readonly uses: number;
}

/** Newest first. */
export type CountedKeys = Readonly<Record<KeyName, readonly CountedKey[]>>;

@Injectable()
export class KeysService {
  constructor(
    @Inject(SECRETS) private readonly secrets: Secrets,
    @Inject(KEY_USES_PROVIDER) private readonly uses: KeyUses,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** The keys of this node, and keys of other nodes that stored records rest on. */
  async count(): Promise<CountedKeys> {
    return { tokenPepper: await this.#count('tokenPepper'), encryptionKey: await this.#count('encryptionKey') };
  }

  async #count(name: KeyName): Promise<readonly CountedKey[]> {
    const counts = await this.unitOfWork.read((manager) => countUses(manager, this.uses[name]), { lane: 'lists' });
    const own = this.secrets[name].map(({ id }) => id);
    const others = [...counts.keys()].filter((id) => !own.includes(id)).sort((left, right) => right - left);
    return [...own, ...others].map((id) => ({ id, uses: counts.get(id) ?? 0 }));
  }
}
