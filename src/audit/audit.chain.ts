import { hkdfSync } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CHAIN_START, linkOf, sealOf, type AuditEvent } from '@scopegate/audit';
import { In, type EntityManager } from 'typeorm';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { toEntity, toEvent } from './audit-event.mapper.js';
import { insertAuditEvents } from './audit-event.writer.js';

/** The chain of all changes, whichever node makes them. */
export const CHANGES_CHAIN = 'changes';

/** The place of the newest event of a chain. */
export interface ChainPlace {
  readonly sequence: number;
  readonly link: string;
}

/** What else the head of a chain says. */
export type ChainProgress = Partial<
  Pick<AuditChainEntity, 'journalSegment' | 'journalOffset' | 'held' | 'purgedSequence'>
>;

/** Links events to chains, so that a changed, removed or inserted one is found. */
@Injectable()
export class AuditChain {
  readonly #key: string;
  readonly #onStored: ((rows: readonly AuditEventEntity[]) => void)[] = [];
  /** What each open transaction has added. */
  readonly #appended = new WeakMap<EntityManager, readonly AuditEventEntity[]>();

  constructor(
    @Inject(SECRETS) secrets: Secrets,
    private readonly unitOfWork: UnitOfWork,
  ) {
    this.#key = Buffer.from(hkdfSync('sha256', secrets.encryptionKey, '', 'scopegate audit chain', 32)).toString('hex');
  }

  /** The head of a chain, held by this transaction: nobody else adds to the chain before it is stored. */
  async lockHead(manager: EntityManager, chain: string): Promise<AuditChainEntity> {
    const find = (): Promise<AuditChainEntity | null> =>
      manager.findOne(AuditChainEntity, { where: { chain }, ...rowLock(manager) });
    const head = await find();
    if (head !== null) return head;
    const first = {
      chain,
      sequence: 0,
      link: CHAIN_START,
      purgedSequence: 0,
      journalSegment: null,
      journalOffset: null,
      held: null,
    };
    await manager
      .createQueryBuilder()
      .insert()
      .into(AuditChainEntity)
      .values({ ...first, seal: sealOf(this.#key, first) })
      .orIgnore()
      .updateEntity(false)
      .execute();
    const created = await find();
    if (created === null) throw new Error(`The audit chain ${chain} cannot be begun.`);
    return created;
  }

  /**
   * Stores events as the next links of a chain, and the new head with them.
   * @param head as `lockHead` of this transaction gave it
   * @param progress what else changes in the head
   */
  async append(
    manager: EntityManager,
    head: AuditChainEntity,
    events: readonly AuditEvent[],
    progress: ChainProgress = {},
  ): Promise<ChainPlace> {
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
    await insertAuditEvents(manager, rows);
    await this.updateHead(manager, head, { ...progress, sequence, link });
    if (this.#onStored.length > 0) this.#appended.set(manager, [...(this.#appended.get(manager) ?? []), ...rows]);
    return { sequence, link };
  }

  /** Has stored events handed on, once their transaction is over. It must neither fail nor take long. */
  onStored(subscriber: (rows: readonly AuditEventEntity[]) => void): void {
    if (this.#onStored.length === 0) this.unitOfWork.afterCommit((manager) => this.#handOn(manager));
    this.#onStored.push(subscriber);
  }

  #handOn(manager: EntityManager): void {
    const rows = this.#appended.get(manager);
    if (rows === undefined) return;
    this.#appended.delete(manager);
    for (const subscriber of this.#onStored) subscriber(rows);
  }

  /** Stores a head that has changed, under a new seal. */
  async updateHead(
    manager: EntityManager,
    head: AuditChainEntity,
    change: ChainProgress & Partial<ChainPlace>,
  ): Promise<void> {
    const { chain, sequence, link, purgedSequence, held } = { ...head, ...change };
    const seal = sealOf(this.#key, { chain, sequence, link, purgedSequence, held });
    await manager.update(AuditChainEntity, { chain }, { ...change, seal });
  }

  /** Those of the events that are not stored. */
  async missingOf(events: readonly AuditEvent[]): Promise<readonly AuditEvent[]> {
    const rows = await this.unitOfWork.read((manager) =>
      manager.find(AuditEventEntity, { select: { id: true }, where: { id: In(events.map((event) => event.id)) } }),
    );
    const stored = new Set(rows.map((row) => row.id));
    return events.filter((event) => !stored.has(event.id));
  }

  /** Whether a stored row is, at this place of its chain, the link it says it is, and is found by its own names. */
  isIntact(row: AuditEventEntity, sequence = row.chainSequence): boolean {
    const event = toEvent(row);
    const { actorKey, ownerKey } = toEntity(event);
    const place = { chain: row.chain, sequence, previousLink: row.previousLink };
    return row.actorKey === actorKey && row.ownerKey === ownerKey && linkOf(this.#key, place, event) === row.link;
  }

  /** Whether nobody but a node has set the head of a chain. */
  isSealed(head: AuditChainEntity): boolean {
    return sealOf(this.#key, head) === head.seal;
  }
}
