import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { EventIds, redact, redactText, type AuditEvent, type AuditEventType } from '@scopegate/audit';
import type { EntityManager } from 'typeorm';
import { Clock } from '../common/time/clock.js';
import type { Actor } from './actor.js';
import { AuditEventEntity } from './audit-event.entity.js';
import { AuditEventRepository } from './audit-event.repository.js';
import { toDto, toEntity } from './audit-event.mapper.js';
import type { AuditEventDto } from './dto/audit-event.dto.js';
import { AuditShipper } from './audit.shipper.js';

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

/** An event without what every event gets here. */
export type RequestEvent = Omit<AuditEvent, 'id' | 'count'>;

/** Records events: of requests by way of the shipper, of changes within the transaction that makes them. */
@Injectable()
export class AuditService {
  readonly #ids = new EventIds(randomBytes(11));

  constructor(
    private readonly shipper: AuditShipper,
    private readonly events: AuditEventRepository,
    private readonly clock: Clock,
  ) {}

  /** Records a change in the transaction that makes it: one is stored with the other, or neither. */
  async recordChange(manager: EntityManager, actor: Actor, change: ChangeDescription): Promise<void> {
    const nowMs = this.clock.nowMs();
    await manager.insert(
      AuditEventEntity,
      toEntity({
        id: this.#ids.next(nowMs),
        atMs: nowMs,
        count: 1,
        type: change.type,
        outcome: 'changed',
        code: null,
        actor: actor.name,
        owner: change.owner ?? null,
        tokenId: change.tokenId ?? null,
        tokenDescription: change.tokenDescription ?? null,
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
      }),
    );
  }

  /** The event of a request, by the id its answer carried; null where there is none. */
  async findByRequestId(requestId: string): Promise<AuditEventDto | null> {
    await this.shipper.flush();
    const row = await this.events.findByRequestId(requestId);
    return row === null ? null : toDto(row);
  }

  /** Records what became of a request. */
  recordRequest(event: RequestEvent): void {
    this.shipper.append({ ...event, id: this.#ids.next(event.atMs), count: 1 });
  }
}
