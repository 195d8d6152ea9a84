import { hkdfSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CHAIN_START, linkOf, type AuditEvent } from '@scopegate/audit';
import type { EntityManager } from 'typeorm';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { rowLock } from '../database/row-lock.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { toEntity, toEvent } from './audit-event.mapper.js';

/** The chain of all changes, whichever node makes them. */
export const CHANGES_CHAIN = 'changes';

/** Rows in one statement: enough to be cheap, few enough for the limits of both databases. */
const ROWS_IN_ONE_INSERT = 200;

/** Links events to chains, so that a changed, removed or inserted one is found. */
@Injectable()
export class AuditChain {
  readonly #key: string;

  constructor(@Inject(SECRETS) secrets: Secrets) {
    this.#key = Buffer.from(hkdfSync('sha256', secrets.encryptionKey, '', 'scopegate audit chain', 32)).toString('hex');
  }

  /**
   * The head of a chain, held by this transaction: nobody else adds to the chain before it is stored.
   * @param initial what the head begins with where the chain is new
   */
  async lockHead(
    manager: EntityManager,
    chain: string,
    initial?: Partial<AuditChainEntity>,
  ): Promise<AuditChainEntity> {
    const find = (): Promise<AuditChainEntity | null> =>
      manager.findOne(AuditChainEntity, { where: { chain }, ...rowLock(manager) });
    const head = await find();
    if (head !== null) return head;
    await manager
      .createQueryBuilder()
      .insert()
      .into(AuditChainEntity)
      .values({
        chain,
        sequence: 0,
        link: CHAIN_START,
        purgedSequence: 0,
        journalSegment: null,
        journalOffset: null,
        held: null,
        ...initial,
      })
      .orIgnore()
      .updateEntity(false)
      .execute();
    const created = await find();
    if (created === null) throw new Error(`The audit chain ${chain} cannot be begun.`);
    return created;
  }

  /**
   * Stores events as the next links of a chain whose head this transaction holds.
   * @returns the new head's place
   */
  async append(
    manager: EntityManager,
    head: Pick<AuditChainEntity, 'chain' | 'sequence' | 'link'>,
    events: readonly AuditEvent[],
  ): Promise<{ readonly sequence: number; readonly link: string }> {
    let { sequence, link } = head;
    const rows: AuditEventEntity[] = [];
    for (const event of events) {
      sequence += 1;
      const place = { chain: head.chain, sequence, previousLink: link };
      // What is linked is what a reader finds: the row, with its texts cut to what fits.
      const stored = toEntity(event);
      link = linkOf(this.#key, place, toEvent(stored));
      rows.push({ ...stored, chain: place.chain, chainSequence: sequence, previousLink: place.previousLink, link });
    }
    for (let start = 0; start < rows.length; start += ROWS_IN_ONE_INSERT) {
      await manager
        .createQueryBuilder()
        .insert()
        .into(AuditEventEntity)
        .values(rows.slice(start, start + ROWS_IN_ONE_INSERT))
        .updateEntity(false)
        .execute();
    }
    return { sequence, link };
  }

  /** Whether a stored row is the link it says it is. */
  isIntact(row: AuditEventEntity): boolean {
    const place = { chain: row.chain, sequence: row.chainSequence, previousLink: row.previousLink };
    return linkOf(this.#key, place, toEvent(row)) === row.link;
  }
}
