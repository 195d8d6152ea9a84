import { Inject, Injectable } from '@nestjs/common';
import {
  CHAIN_START,
  ChainLinker,
  decodeEvent,
  encodeEvent,
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
import { toEvent } from './audit-event.mapper.js';
import { chainKeyOf } from './chain-seals.js';
import { insertAuditEvents, type LinkedEvents } from './audit-event.writer.js';

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

/** What has to be known of a chain's head to add to it. */
export type KnownHead = Pick<AuditChainEntity, 'chain' | 'sequence' | 'link' | 'purgedSequence'>;

/** How far a journal has been shipped. */
export type JournalProgress = Pick<AuditChainEntity, 'journalSegment' | 'journalOffset' | 'held'>;

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
    this.#key = chainKeyOf(secrets);
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
    const events = await this.link(head, contents);
    const place = placeAfter(events);
    await this.updateHead(manager, head, { ...progress, ...place });
    await this.#store(manager, events);
    return place;
  }

  /**
   * The same for whoever has added to the chain last, and so knows its head without asking. One statement finds out
   * whether it still does, and holds the head: a head that is looked for first takes several times as long.
   * @param head as it was stored last
   * @param events as `link` has linked them to it
   * @returns null where another one has changed the head: nothing is stored then
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

  /** Links events to a chain; nothing is stored. */
  async link(head: KnownHead, contents: readonly EventContent[]): Promise<LinkedEvents> {
    const { chain, sequence, link } = head;
    const linker = new ChainLinker(this.#key, chain, sequence, link);
    const links: string[] = [];
    const turn = new Turn();
    for (const content of contents) {
      links.push(linker.next(content));
      const rest = turn.rest();
      if (rest !== null) await rest;
    }
    return { chain, after: { sequence, link }, contents, links };
  }

  async #store(manager: EntityManager, events: LinkedEvents): Promise<void> {
    await insertAuditEvents(manager, events);
    if (this.#onStored.length > 0) {
      const before = this.#appended.get(manager) ?? [];
      this.#appended.set(manager, [...before, ...events.contents.map(decodeEvent)]);
    }
  }

  /** Moves a head on that is where it was left. */
  async #advance(
    manager: EntityManager,
    head: KnownHead,
    next: KnownHead,
    progress: JournalProgress,
  ): Promise<boolean> {
    const { chain, sequence, link, purgedSequence } = next;
    const { journalSegment, journalOffset, held } = progress;
    const seal = sealOf(this.#key, { chain, sequence, link, purgedSequence, held });
    const values = [sequence, link, journalSegment, journalOffset, held === null ? null : JSON.stringify(held), seal];
    const place = [chain, head.sequence, head.link, purgedSequence];
    const { queryRunner } = manager;
    if (queryRunner === undefined) throw new Error('Events are stored within a transaction.');
    const { affected } = await queryRunner.query(advanceStatement(manager), [...values, ...place], true);
    return affected === 1;
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

const advanceStatements = new WeakMap<object, string>();

/** The statement that moves on a head that is where it was left; TypeORM takes a while to build one. */
function advanceStatement({ dataSource }: EntityManager): string {
  const known = advanceStatements.get(dataSource);
  if (known !== undefined) return known;
  const { columns, tableName } = dataSource.getMetadata(AuditChainEntity);
  const nameOf = (property: keyof AuditChainEntity): string => {
    const column = columns.find(({ propertyName }) => propertyName === property);
    if (column === undefined) throw new Error(`A chain has no ${property}.`);
    return dataSource.driver.escape(column.databaseName);
  };
  const set = (['sequence', 'link', 'journalSegment', 'journalOffset', 'held', 'seal'] as const).map(nameOf);
  const where = (['chain', 'sequence', 'link', 'purgedSequence'] as const).map(nameOf);
  const statement =
    `UPDATE ${dataSource.driver.escape(tableName)} SET ${set.map((name) => `${name} = ?`).join(', ')} ` +
    `WHERE ${where.map((name) => `${name} = ?`).join(' AND ')}`;
  advanceStatements.set(dataSource, statement);
  return statement;
}

/** The place of the last of some events. */
function placeAfter({ after, links }: LinkedEvents): ChainPlace {
  return { sequence: after.sequence + links.length, link: links.at(-1) ?? after.link };
}
