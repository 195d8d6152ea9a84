import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EventIds, type AuditEvent } from '@scopegate/audit';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import type { Actor } from './actor.js';
import { AuditChain } from './audit-chain.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { toDto } from './audit-event.mapper.js';
import { AuditShipper } from './audit-shipper.js';
import { ChangeRecorder, type ChangeDescription } from './change.recorder.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';
import type { PendingResponse } from './pending-response.js';
import { UnrecordedRequests } from './unrecorded-requests.js';

export type RequestEvent = Omit<AuditEvent, 'id'> & { id: string };

@Injectable()
export class AuditService {
  readonly #ids = new EventIds(randomBytes(11));
  readonly #changes: ChangeRecorder;
  readonly #onLost = (): void => this.unrecorded.note(this.shipper.isFailOpen ? 'let-through' : 'broken-off');

  constructor(
    private readonly shipper: AuditShipper,
    private readonly events: AuditEventRepository,
    chain: AuditChain,
    private readonly unrecorded: UnrecordedRequests,
    clock: Clock,
    unitOfWork: UnitOfWork,
  ) {
    shipper.onFlush(() => Promise.resolve(this.#recordUnrecorded()));
    // The tally is one event, so at the end it may exceed the limit of the journal.
    shipper.onClosing(() => this.#recordUnrecorded(true));
    this.#changes = new ChangeRecorder(chain, clock, unitOfWork);
  }

  /** Records a change in the transaction that makes it. @param manager of a unit of work */
  recordChange(manager: EntityManager, actor: Actor, change: ChangeDescription): void {
    this.#changes.record(manager, actor, change);
  }

  async findByRequestId(requestId: string): Promise<AuditEventDto | null> {
    await this.shipper.flush();
    const [event] = await this.events.ofRequest(requestId, 1);
    return event === undefined ? null : toDto(event);
  }

  /** @param isFailOpen whether requests go on if nothing can be recorded, as the settings say */
  setFailOpenPolicy(isFailOpen: () => boolean): void {
    this.shipper.setFailOpenPolicy(isFailOpen);
  }

  /**
   * The answer is sent once the record is written (R62). If there is no room and the settings let requests go on, the
   * request is only counted.
   * @param event gets its id here
   * @param answer null if the client is gone
   */
  recordRequest(event: RequestEvent, answer: PendingResponse | null): void {
    this.#recordUnrecorded();
    if (this.shipper.isFailOpen && !this.shipper.hasRoom) {
      this.unrecorded.note('let-through');
      answer?.release();
      return;
    }
    event.id = this.#ids.next(event.atMs);
    this.shipper.append(event, answer, this.#onLost);
  }

  noteTurnedAway(): void {
    this.unrecorded.note('turned-away');
  }

  #recordUnrecorded(isLast = false): void {
    if (this.unrecorded.isEmpty || (!isLast && !this.shipper.hasRoom)) return;
    for (const { event, putBack } of this.unrecorded.take()) {
      this.shipper.append({ ...event, id: this.#ids.next(event.atMs) }, null, putBack);
    }
  }
}
