import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditShipper } from '../audit/audit.shipper.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenEntity } from './token.entity.js';

interface Use {
  count: number;
  atMs: number;
  clientIp: string | null;
}

/** Counts the use of tokens in memory and writes it in the rhythm of the audit: never a write a request. */
@Injectable()
export class TokenUseRecorder implements OnModuleInit {
  #uses = new Map<string, Use>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly shipper: AuditShipper,
  ) {}

  onModuleInit(): void {
    this.shipper.alsoShip(() => this.store());
  }

  record(tokenId: string, atMs: number, clientIp: string | null): void {
    const use = this.#uses.get(tokenId);
    if (use === undefined) {
      this.#uses.set(tokenId, { count: 1, atMs, clientIp });
      return;
    }
    use.count += 1;
    use.atMs = atMs;
    use.clientIp = clientIp;
  }

  /** Writes what has been counted; a failure keeps it for the next time. */
  async store(): Promise<void> {
    if (this.#uses.size === 0) return;
    const uses = this.#uses;
    this.#uses = new Map();
    try {
      await this.unitOfWork.run(
        async ({ manager }) => {
          // In the order of ids, so that two nodes that write the same tokens cannot wait for each other.
          for (const id of [...uses.keys()].sort()) {
            const use = uses.get(id) as Use;
            await manager
              .createQueryBuilder()
              .update(TokenEntity)
              .set({ useCount: () => 'use_count + :count', lastUsedAtMs: use.atMs, lastUsedIp: use.clientIp })
              .where('id = :id', { id, count: use.count })
              .execute();
          }
        },
        { lane: 'journal' },
      );
    } catch (error) {
      for (const [id, use] of uses) this.#putBack(id, use);
      throw error;
    }
  }

  #putBack(id: string, use: Use): void {
    const since = this.#uses.get(id);
    if (since === undefined) this.#uses.set(id, use);
    else since.count += use.count;
  }
}
