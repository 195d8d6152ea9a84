import { Injectable } from '@nestjs/common';
import { MAX_ADDRESSES, type TokenUses, type UseOrigin } from '@scopegate/audit';
import { LRUCache } from 'lru-cache';
import { In, type EntityManager } from 'typeorm';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { insertRows, partsOf } from '../database/insert-rows.js';
import { TokenAddressEntity } from './token-address.entity.js';
import { TokenEntity } from './token.entity.js';
import { auditFields } from './token.mapper.js';

/** Tokens and addresses that this process has seen together. A forgotten one is looked up in the database again. */
const MAX_KNOWN = 50_000;

const DAY_MS = 86_400_000;

/** A first use from an address, beside others before it. */
export interface NewAddress {
  readonly token: Pick<TokenEntity, 'id' | 'ownerId' | 'creatorId'>;
  /** As `clientBlock` writes it. */
  readonly block: string;
  /** Of the use, in epoch milliseconds. */
  readonly atMs: number;
  /** How many new addresses the token got within a day before it, with this one. The first of all is none. */
  readonly latelyFound: number;
}

/** Runs in the transaction that stores the address. */
export type NewAddressHook = (manager: EntityManager, found: NewAddress) => Promise<void>;

interface UnknownOrigin extends UseOrigin {
  readonly block: string;
}

/**
 * Remembers from where tokens are used. A first use from a new address is an event of its own (R98), except the first
 * use of all.
 */
@Injectable()
export class TokenAddressRecorder {
  readonly #known = new LRUCache<string, true>({ max: MAX_KNOWN });
  readonly #hooks: NewAddressHook[] = [];

  constructor(private readonly audit: AuditService) {}

  onNewAddress(hook: NewAddressHook): void {
    this.#hooks.push(hook);
  }

  /**
   * Call it in the transaction that has counted these uses: that locks the tokens, so two nodes do not store the same
   * address. Call `remember` once the transaction is stored.
   */
  async store(manager: EntityManager, uses: TokenUses): Promise<void> {
    const unknown = this.#unknownIn(uses);
    for (const ids of partsOf([...unknown.keys()])) {
      const tokens = await manager.find(TokenEntity, { where: { id: In(ids) }, order: { id: 'ASC' } });
      const stored = await blocksOf(manager, ids);
      for (const token of tokens) {
        const before = stored.get(token.id) ?? new Map<string, number>();
        await this.#storeOrigins(manager, token, unknown.get(token.id) ?? [], before);
      }
    }
  }

  remember(uses: TokenUses): void {
    for (const [id, { origins }] of uses) for (const block of origins.keys()) this.#known.set(keyOf(id, block), true);
  }

  #unknownIn(uses: TokenUses): ReadonlyMap<string, readonly UnknownOrigin[]> {
    const unknown = new Map<string, readonly UnknownOrigin[]>();
    for (const [id, { origins }] of uses) {
      const found = [...origins].filter(([block]) => !this.#known.has(keyOf(id, block)));
      if (found.length === 0) continue;
      unknown.set(
        id,
        found.map(([block, origin]) => ({ block, ...origin })),
      );
    }
    return unknown;
  }

  async #storeOrigins(
    manager: EntityManager,
    token: TokenEntity,
    origins: readonly UnknownOrigin[],
    stored: Map<string, number>,
  ): Promise<void> {
    for (const { block, clientIp, atMs } of origins) {
      if (stored.has(block) || stored.size >= MAX_ADDRESSES) continue;
      stored.set(block, atMs);
      await insertRows(manager, TokenAddressEntity, [{ tokenId: token.id, block, firstAtMs: atMs }]);
      // There is nothing yet that it could differ from.
      if (stored.size === 1) continue;
      this.audit.recordChange(
        manager,
        { ...SYSTEM_ACTOR, name: token.ownerName, clientIp },
        {
          type: 'token.used-from-new-address',
          ...auditFields(token),
          detail: {
            addresses: block,
            usedAt: new Date(atMs).toISOString(),
            // Further addresses are no events.
            isLast: stored.size === MAX_ADDRESSES,
          },
        },
      );
      const inDay = [...stored.values()].filter((firstAtMs) => firstAtMs > atMs - DAY_MS).length;
      const latelyFound = Math.min(inDay, stored.size - 1);
      for (const hook of this.#hooks) await hook(manager, { token, block, atMs, latelyFound });
    }
  }
}

/** Of each token, when it was first used from each block. */
async function blocksOf(
  manager: EntityManager,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Map<string, number>>> {
  const blocks = new Map<string, Map<string, number>>();
  for (const { tokenId, block, firstAtMs } of await manager.findBy(TokenAddressEntity, { tokenId: In([...ids]) })) {
    const known = blocks.get(tokenId);
    if (known === undefined) blocks.set(tokenId, new Map([[block, firstAtMs]]));
    else known.set(block, firstAtMs);
  }
  return blocks;
}

function keyOf(tokenId: string, block: string): string {
  return `${tokenId} ${block}`;
}
