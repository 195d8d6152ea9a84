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
import { HmacKey } from '@scopegate/kernel';
import { In, type EntityManager } from 'typeorm';
import { Turn } from '../common/time/turn.js';
import { SECRETS } from '../config/config.module.js';
import type { Secrets } from '../config/secrets.js';
import { rowLock } from '../database/row-lock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditChainEntity } from './audit-chain.entity.js';
import { AuditEventEntity } from './audit-event.entity.js';
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

export const CHANGES_CHAIN = 'changes';

export type ChainProgress = Partial<
  Pick<AuditChainEntity, 'journalSegment' | 'journalOffset' | 'held' | 'purgedSequence'>
>;

/** Links events to chains, so that a verification finds events that were changed, removed or inserted. */
@Injectable()
export class AuditChain {
  readonly #key: HmacKey;
  readonly #onStored: ((events: readonly AuditEvent[]) => void)[] = [];
  readonly #appended = new WeakMap<EntityManager, readonly AuditEvent[]>();

  constructor(
    @Inject(SECRETS) secrets: Secrets,
    private readonly unitOfWork: UnitOfWork,
    @Optional() @Inject(AuditStore) private readonly aside: AuditStore | null = null,
  ) {
    this.#key = new HmacKey(secrets.lastingKey);
  }

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
   * @param head from `lockHead` of this transaction
   * @param progress what else changes in the head
   */
  async append(
    manager: EntityManager,
    head: AuditChainEntity,
    contents: readonly EventContent[],
    progress: ChainProgress = {},
  ): Promise<ChainPlace> {
    const events = await this.link(head, contents, new Turn(true));
    const place = placeAfter(events);
    await this.updateHead(manager, head, { ...progress, ...place });
    await this.#store(manager, events, new Turn(true));
    return place;
  }

  /**
   * Checks the head and locks it with one statement, in a fraction of the time of `append`.
   * @param events linked by `link` to the head as it was stored last
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
   * On SQLite, stores in a thread. Calls `onLinked` with the new place before it stores anything.
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

  /** The subscriber is called after the transaction. It must neither fail nor take long. */
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

  async updateHead(
    manager: EntityManager,
    head: AuditChainEntity,
    change: ChainProgress & Partial<ChainPlace>,
  ): Promise<void> {
    const { chain, sequence, link, purgedSequence, held } = { ...head, ...change };
    const seal = sealOf(this.#key, { chain, sequence, link, purgedSequence, held });
    await manager.update(AuditChainEntity, { chain }, { ...change, seal });
  }

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

  /** Whether a stored row has the link of its content at this place of its chain, and the keys of its names. */
  isIntact(row: AuditEventEntity, sequence = row.chainSequence): boolean {
    const event = eventOfColumns(row);
    const { chain, previousLink, link } = row;
    const isFound = row.actorKey === nameKeyOf(event.actor) && row.ownerKey === nameKeyOf(event.owner);
    return isFound && linkOf(this.#key, { chain, sequence, previousLink }, encodeEvent(event)) === link;
  }

  /** Whether a node has set the head of a chain, and not someone without the key. */
  isSealed(head: AuditChainEntity): boolean {
    return sealOf(this.#key, head) === head.seal;
  }
}
