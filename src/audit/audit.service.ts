import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  EventIds,
  fitEvent,
  recorded,
  redact,
  redactText,
  redactTokens,
  type AuditEvent,
  type AuditEventType,
  type UnnumberedEvent,
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

/** Records events: of requests by way of the journal, of changes within the transaction that makes them. */
@Injectable()
export class AuditService {
  readonly #ids = new EventIds(randomBytes(11));
  /** What each open transaction has recorded; it is stored at its end, so that the chain is held for a moment only. */
  readonly #changes = new WeakMap<EntityManager, AuditEvent[]>();

  /** Requests that were turned away since there was last room for events. */
  #turnedAway: { count: number; readonly fromMs: number; toMs: number } | null = null;

  constructor(
    private readonly shipper: AuditShipper,
    private readonly events: AuditEventRepository,
    private readonly chain: AuditChain,
    private readonly clock: Clock,
    unitOfWork: UnitOfWork,
  ) {
    shipper.alsoShip(() => Promise.resolve(this.#recordTurnedAway()));
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
    changes.push(
      fitEvent(
        {
          atMs: nowMs,
          type: change.type,
          outcome: 'changed',
          code: null,
          actor: actor.name,
          owner: change.owner ?? null,
          tokenId: change.tokenId ?? null,
          tokenDescription: typeof change.tokenDescription === 'string' ? redactTokens(change.tokenDescription) : null,
          tokenScope: change.tokenScope ?? null,
          credential: actor.credential,
          clientIp: actor.clientIp,
          peer: actor.peer,
          method: null,
          path: null,
          application: change.application ?? null,
          status: null,
          durationMs: null,
          userAgent: actor.userAgent === null ? null : redactText(actor.userAgent, 512),
          requestId: actor.requestId,
          detail: {
            ...(actor.tokenId === null ? {} : { actingTokenId: actor.tokenId }),
            ...(redact(change.detail) as Record<string, unknown>),
          },
        },
        this.#ids.next(nowMs),
      ),
    );
  }

  /** The event of a request, by the id its answer carried; null where there is none. */
  async findByRequestId(requestId: string): Promise<AuditEventDto | null> {
    await this.shipper.flush();
    const event = await this.events.findByRequestId(requestId);
    return event === null ? null : toDto(event);
  }

  /** Records what became of a request. Its answer may leave once the record is written (R62): see `whenWritten`. */
  recordRequest(event: UnnumberedEvent): void {
    if (this.#turnedAway !== null) this.#recordTurnedAway();
    this.shipper.append(fitEvent(event, this.#ids.next(event.atMs)));
  }

  /** Sends an answer once everything recorded so far is written; one whose record cannot be written is not sent. */
  whenWritten(answer: HeldAnswer): void {
    this.shipper.whenWritten(answer);
  }

  /**
   * Counts a request that was turned away because nothing could be recorded (503 `audit_unavailable`). All of them are
   * one event with their number, as soon as there is room for it.
   */
  noteTurnedAway(): void {
    const nowMs = this.clock.nowMs();
    this.#turnedAway ??= { count: 0, fromMs: nowMs, toMs: nowMs };
    this.#turnedAway.count += 1;
    this.#turnedAway.toMs = nowMs;
  }

  #recordTurnedAway(): void {
    const away = this.#turnedAway;
    if (away === null || !this.shipper.hasRoom) return;
    this.#turnedAway = null;
    this.shipper.append({
      id: this.#ids.next(away.toMs),
      atMs: away.toMs,
      count: away.count,
      type: 'request.failed',
      outcome: 'failed',
      code: 'audit_unavailable',
      actor: null,
      owner: null,
      tokenId: null,
      tokenDescription: null,
      tokenScope: null,
      credential: null,
      clientIp: null,
      peer: null,
      method: null,
      path: null,
      application: null,
      status: 503,
      durationMs: null,
      userAgent: null,
      requestId: null,
      detail: { from: new Date(away.fromMs).toISOString(), to: new Date(away.toMs).toISOString() },
    });
  }

  async #storeChanges(manager: EntityManager): Promise<void> {
    const changes = this.#changes.get(manager);
    if (changes === undefined) return;
    this.#changes.delete(manager);
    const head = await this.chain.lockHead(manager, CHANGES_CHAIN);
    await this.chain.append(manager, head, changes.map(recorded));
  }
}
