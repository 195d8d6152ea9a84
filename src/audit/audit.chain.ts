import { hkdfSync } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  CHAIN_START,
  decodeEvent,
  encodeEvent,
  linkOf,
  nameKeyOf,
  sealOf,
  type AuditEvent,
  type EventContent,
} from '@scopegate/audit';
import { HmacKey } from '@scopegate/kernel';
import { In, type EntityManager } from 'typeorm';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { toEvent } from './audit-event.mapper.js';
import { insertAuditEvents, type LinkedEvent } from './audit-event.writer.js';

/** The chain of all changes, whichever node makes them. */
export const CHANGES_CHAIN = 'changes';

/** Events linked before the requests get their turn. */
const EVENTS_IN_A_TURN = 64;

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
  readonly #key: HmacKey;
  readonly #onStored: ((events: readonly AuditEvent[]) => void)[] = [];
  /** What each open transaction has added. */
  readonly #appended = new WeakMap<EntityManager, readonly AuditEvent[]>();

  constructor(
    @Inject(SECRETS) secrets: Secrets,
    private readonly unitOfWork: UnitOfWork,
  ) {
    this.#key = new HmacKey(new Uint8Array(hkdfSync('sha256', secrets.encryptionKey, '', 'scopegate audit chain', 32)));
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
    contents: readonly EventContent[],
    progress: ChainProgress = {},
  ): Promise<ChainPlace> {
    const { chain } = head;
    let { sequence, link } = head;
    const linked: LinkedEvent[] = [];
    for (const content of contents) {
      const previousLink = link;
      sequence += 1;
      link = linkOf(this.#key, { chain, sequence, previousLink }, content);
      linked.push({ content, sequence, previousLink, link });
      if (linked.length % EVENTS_IN_A_TURN === 0) await nextTurn();
    }
    await insertAuditEvents(manager, chain, linked);
    await this.updateHead(manager, head, { ...progress, sequence, link });
    if (this.#onStored.length > 0) {
      const before = this.#appended.get(manager) ?? [];
      this.#appended.set(manager, [...before, ...contents.map(decodeEvent)]);
    }
    return { sequence, link };
  }

  /** Has stored events handed on, once their transaction is over. It must neither fail nor take long. */
  onStored(subscriber: (events: readonly AuditEvent[]) => void): void {
    if (this.#onStored.length === 0) this.unitOfWork.afterCommit((manager) => this.#handOn(manager));
    this.#onStored.push(subscriber);
  }

  #handOn(manager: EntityManager): void {
    const events = this.#appended.get(manager);
    if (events === undefined) return;
    this.#appended.delete(manager);
    for (const subscriber of this.#onStored) subscriber(events);
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

  /** Those of the events that are not stored, each once. */
  async missingOf(contents: readonly EventContent[]): Promise<readonly EventContent[]> {
    const ids = contents.map((content) => decodeEvent(content).id);
    const rows = await this.unitOfWork.read((manager) =>
      manager.find(AuditEventEntity, { select: { id: true }, where: { id: In(ids) } }),
    );
    const stored = new Set(rows.map((row) => row.id));
    return contents.filter((_, index) => {
      const id = ids[index] ?? '';
      const isMissing = !stored.has(id);
      stored.add(id);
      return isMissing;
    });
  }

  /** Whether a stored row is, at this place of its chain, the link it says it is, and is found by its own names. */
  isIntact(row: AuditEventEntity, sequence = row.chainSequence): boolean {
    const event = toEvent(row);
    const { chain, previousLink, link } = row;
    const isFound = row.actorKey === nameKeyOf(event.actor) && row.ownerKey === nameKeyOf(event.owner);
    return isFound && linkOf(this.#key, { chain, sequence, previousLink }, encodeEvent(event)) === link;
  }

  /** Whether nobody but a node has set the head of a chain. */
  isSealed(head: AuditChainEntity): boolean {
    return sealOf(this.#key, head) === head.seal;
  }
}
