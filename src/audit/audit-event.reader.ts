import { Injectable } from '@nestjs/common';
import type { AuditEvent } from '@scopegate/audit';
import { concerns, type AuditEventFilter, type UserName } from './audit-event-filter.js';
import { AuditEventRepository, filteredOf, type EventSlice } from './audit-event.repository.js';
import { AuditShipper } from './audit-shipper.js';

/** Clients choose the ids of their requests: any number of requests can have the same. */
const MAX_OF_ONE_REQUEST = 500;

/** For modules above the audit. What this node has recorded so far is stored before it is read. */
@Injectable()
export class AuditEventReader {
  constructor(
    private readonly events: AuditEventRepository,
    private readonly shipper: AuditShipper,
  ) {}

  /** Newest first. See `AuditEventRepository.newest`. */
  async newest(filter: AuditEventFilter, beforeId: string | null, limit: number): Promise<EventSlice> {
    await this.shipper.flush();
    return this.events.newest(filter, beforeId, limit);
  }

  /** The newest request with this id. @param own only one that concerns the user with these names */
  async ofRequest(requestId: string, own: readonly UserName[] | null): Promise<AuditEvent | null> {
    await this.shipper.flush();
    const events = await this.events.ofRequest(requestId, MAX_OF_ONE_REQUEST);
    const visible = events.filter((event) => own === null || concerns(filteredOf(event), own));
    // The end of an upgraded connection says less than its decision.
    return visible.find(({ type }) => type !== 'connection.ended') ?? visible[0] ?? null;
  }
}
