import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  encodeEvent,
  EventIds,
  NOTHING_KNOWN,
  redact,
  redactText,
  redactTokens,
  type AuditEvent,
  type AuditEventType,
} from '@scopegate/audit';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { Actor } from './actor.js';
import { AuditChain, CHANGES_CHAIN } from './audit.chain.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { toDto } from './audit-event.mapper.js';
import { AuditShipper, type HeldAnswer } from './audit.shipper.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';
import { UnrecordedRequests } from './unrecorded-requests.js';

/** A change as its service describes it (R59). */
export interface ChangeDescription {
  readonly type: AuditEventType;
  /** Whose token, where the change is one of a token. */
  readonly owner?: string | null;
  readonly tokenId?: string | null;
  readonly tokenDescription?: string | null;
  readonly tokenScope?: string | null;
  /** The key of the application, where the change is one of an application. */
  readonly application?: string | null;
  /** What changed: best `{ subject, changes: describeChange(before, after) }`. Secrets are left out here once more. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** An event that has no id yet. */
export type RequestEvent = Omit<AuditEvent, 'id'> & { id: string };

/** Records events: of requests by way of the journal, of changes within the transaction that makes them. */
@Injectable()
export class AuditService {
  readonly #ids = new EventIds(randomBytes(11));
  /** What each open transaction has recorded; it is stored at its end, so that the chain is held for a moment only. */
  readonly #changes = new WeakMap<EntityManager, AuditEvent[]>();
  readonly #onLost = (): void => this.unrecorded.note(this.shipper.isFailOpen ? 'let-through' : 'broken-off');

  constructor(
    private readonly shipper: AuditShipper,
    private readonly events: AuditEventRepository,
    private readonly chain: AuditChain,
    private readonly unrecorded: UnrecordedRequests,
    private readonly clock: Clock,
    unitOfWork: UnitOfWork,
  ) {
    shipper.alsoShip(() => Promise.resolve(this.#recordUnrecorded()));
    // Their number is one line, so at the end it is written beyond the limit of the journal.
    shipper.beforeClose(() => this.#recordUnrecorded(true));
    unitOfWork.beforeCommit((manager) => this.#storeChanges(manager));
  }

  /**
   * Records a change in the transaction that makes it: one is stored with the other, or neither.
   * @param manager of a unit of work
   */
  recordChange(manager: EntityManager, actor: Actor, change: ChangeDescription): void {
    const nowMs = this.clock.nowMs();
    const changes = this.#changes.get(manager) ?? [];
    this.#changes.set(manager, changes);
    changes.push({
      ...NOTHING_KNOWN,
      id: this.#ids.next(nowMs),
      atMs: nowMs,
      count: 1,
      type: change.type,
      outcome: 'changed',
      actor: actor.name,
      owner: change.owner ?? null,
      tokenId: change.tokenId ?? null,
      tokenDescription: typeof change.tokenDescription === 'string' ? redactTokens(change.tokenDescription) : null,
      tokenScope: change.tokenScope ?? null,
      credential: actor.credential,
      clientIp: actor.clientIp,
      peer: actor.peer,
      application: change.application ?? null,
      userAgent: actor.userAgent === null ? null : redactText(actor.userAgent, 512),
      requestId: actor.requestId,
      detail: {
        ...(actor.tokenId === null ? {} : { actingTokenId: actor.tokenId }),
        ...(redact(change.detail) as Record<string, unknown>),
      },
    });
  }

  /** The event of a request, by the id its answer carried; null where there is none. */
  async findByRequestId(requestId: string): Promise<AuditEventDto | null> {
    await this.shipper.flush();
    const event = await this.events.findByRequestId(requestId);
    return event === null ? null : toDto(event);
  }

  /** Has the settings say whether requests go on where nothing can be recorded. */
  failOpenWhile(isFailOpen: () => boolean): void {
    this.shipper.failOpenWhile(isFailOpen);
  }

  /**
   * Records what became of a request. Its answer does not leave before the record is written (R62), unless there is no
   * room and the settings let requests go on: then it is counted.
   * @param event its id is given here
   * @param answer null where the client is gone
   */
  recordRequest(event: RequestEvent, answer: HeldAnswer | null): void {
    this.#recordUnrecorded();
    if (this.shipper.isFailOpen && !this.shipper.hasRoom) {
      this.unrecorded.note('let-through');
      answer?.send();
      return;
    }
    event.id = this.#ids.next(event.atMs);
    this.shipper.append(event, answer, this.#onLost);
  }

  /** Counts a request that was turned away because nothing could be recorded (503 `audit_unavailable`). */
  noteTurnedAway(): void {
    this.unrecorded.note('turned-away');
  }

  /** All requests without an event of their own become one, with their number, as soon as there is room for it. */
  #recordUnrecorded(isLast = false): void {
    if (this.unrecorded.isEmpty || (!isLast && !this.shipper.hasRoom)) return;
    for (const { event, putBack } of this.unrecorded.take()) {
      this.shipper.append({ ...event, id: this.#ids.next(event.atMs) }, null, putBack);
    }
  }

  async #storeChanges(manager: EntityManager): Promise<void> {
    const changes = this.#changes.get(manager);
    if (changes === undefined) return;
    this.#changes.delete(manager);
    const head = await this.chain.lockHead(manager, CHANGES_CHAIN);
    await this.chain.append(manager, head, changes.map(encodeEvent));
  }
}
