import { Inject, Injectable, Optional } from '@nestjs/common';
import {
  CHAIN_START,
  ChainLinker,
  decodeEvent,
  encodeEvent,
  eventOfColumns,
  linkOf,
  nameKeyOf,
  sealOf,
  type AuditEvent,
  type EventContent,
} from '@scopegate/audit';
import type { HmacKey } from '@scopegate/kernel';
import { In, type EntityManager } from 'typeorm';
import { Turn } from '../common/time/turn.js';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { chainKeyOf } from './chain-seals.js';
import { advanceStatement, insertAuditEvents } from './audit-event.writer.js';
import { AuditStore } from './audit-store.js';
import {
  advanceValues,
  knownHeadOf,
  placeAfter,
  type ChainPlace,
  type JournalProgress,
  type KnownHead,
  type LinkedEvents,
} from './linked-events.js';

/** The chain of all changes, of all nodes. */
export const CHANGES_CHAIN = 'changes';

/** What else a head stores. */
export type ChainProgress = Partial<
  Pick<AuditChainEntity, 'journalSegment' | 'journalOffset' | 'held' | 'purgedSequence'>
>;

/** Links events to chains, so that a verification finds a changed, removed or inserted one. */
@Injectable()
export class AuditChain {
  readonly #key: HmacKey;
  readonly #onStored: ((events: readonly AuditEvent[]) => void)[] = [];
  /** What each open transaction has added. */
  readonly #appended = new WeakMap<EntityManager, readonly AuditEvent[]>();

  constructor(
    @Inject(SECRETS) secrets: Secrets,
    private readonly unitOfWork: UnitOfWork,
    @Optional() @Inject(AuditStore) private readonly aside: AuditStore | null = null,
  ) {
    this.#key = chainKeyOf(secrets);
  }

  /** The head of a chain, locked by this transaction: all others that add to the chain wait. */
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
    // The head is locked: other changes wait for it.
    const events = await this.link(head, contents, new Turn(true));
    const place = placeAfter(events);
    await this.updateHead(manager, head, { ...progress, ...place });
    await this.#store(manager, events, new Turn(true));
    return place;
  }

  /**
   * The same for a head that is known, without reading it first. One statement finds out whether it is still the same and
   * locks it, which takes a fraction of the time.
   * @param head as it was stored last
   * @param events as `link` has linked them to it
   * @returns null if the head has changed: nothing is stored then
   */
  async appendToKnown(
    manager: EntityManager,
    head: KnownHead,
    events: LinkedEvents,
    progress: JournalProgress,
  ): Promise<KnownHead | null> {
    const next = { ...head, ...placeAfter(events) };
    if (!(await this.#advance(manager, head, next, progress))) return null;
    await this.#store(manager, events);
    return next;
  }

  /**
   * The same in a thread of its own, on SQLite.
   * @param onLinked called with the new place of the head before it is stored
   * @returns null if nothing is stored, or that is not known: then `appendToKnown` finds out
   */
  async appendAside(
    head: KnownHead,
    contents: readonly EventContent[],
    progress: JournalProgress,
    onLinked: (place: ChainPlace) => void,
  ): Promise<KnownHead | null> {
    const { aside } = this;
    if (aside === null || !aside.isUsable) return null;
    const place = await this.unitOfWork.elsewhere(() => aside.store(knownHeadOf(head), contents, progress, onLinked));
    if (place === null) return null;
    if (this.#onStored.length > 0) this.#notify(contents.map(decodeEvent));
    return { ...head, ...place };
  }

  /** Links events to a chain; nothing is stored. */
  async link(head: KnownHead, contents: readonly EventContent[], turn = new Turn()): Promise<LinkedEvents> {
    const { chain, sequence, link } = head;
    const linker = new ChainLinker(this.#key, chain, sequence, link);
    const links: string[] = [];
    for (const content of contents) {
      links.push(linker.next(content));
      if (turn.isDue) await turn.yield();
    }
    return { chain, after: { sequence, link }, contents, links };
  }

  async #store(manager: EntityManager, events: LinkedEvents, turn = new Turn()): Promise<void> {
    await insertAuditEvents(manager, events, turn);
    if (this.#onStored.length > 0) {
      const before = this.#appended.get(manager) ?? [];
      this.#appended.set(manager, [...before, ...events.contents.map(decodeEvent)]);
    }
  }

  /** Moves a head on, unless another one has changed it. */
  async #advance(
    manager: EntityManager,
    head: KnownHead,
    next: KnownHead,
    progress: JournalProgress,
  ): Promise<boolean> {
    const { dataSource, queryRunner } = manager;
    if (queryRunner === undefined) throw new Error('Events are stored within a transaction.');
    const values = advanceValues(this.#key, head, next, progress);
    const { affected } = await queryRunner.query(advanceStatement(dataSource), values, true);
    return affected === 1;
  }

  /** Registers a subscriber to stored events, called once their transaction is over. It must neither fail nor take long. */
  onStored(subscriber: (events: readonly AuditEvent[]) => void): void {
    if (this.#onStored.length === 0) this.unitOfWork.afterCommit((manager) => this.#publish(manager));
    this.#onStored.push(subscriber);
  }

  #publish(manager: EntityManager): void {
    const events = this.#appended.get(manager);
    if (events === undefined) return;
    this.#appended.delete(manager);
    this.#notify(events);
  }

  #notify(events: readonly AuditEvent[]): void {
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
    const rows = await this.unitOfWork.read(
      (manager) => manager.find(AuditEventEntity, { select: { id: true }, where: { id: In(ids) } }),
      { lane: 'journal' },
    );
    const stored = new Set(rows.map((row) => row.id));
    return contents.filter((_, index) => {
      const id = ids[index] ?? '';
      const isMissing = !stored.has(id);
      stored.add(id);
      return isMissing;
    });
  }

  /** Whether a stored row has, at this place of its chain, the link of its content, and the keys of its names. */
  isIntact(row: AuditEventEntity, sequence = row.chainSequence): boolean {
    const event = eventOfColumns(row);
    const { chain, previousLink, link } = row;
    const isFound = row.actorKey === nameKeyOf(event.actor) && row.ownerKey === nameKeyOf(event.owner);
    return isFound && linkOf(this.#key, { chain, sequence, previousLink }, encodeEvent(event)) === link;
  }

  /** Whether a node has set the head of a chain, and not something without the key. */
  isSealed(head: AuditChainEntity): boolean {
    return sealOf(this.#key, head) === head.seal;
  }
}
