import { Injectable } from '@nestjs/common';
import { Not } from 'typeorm';
import { holdsText } from '../database/text-search.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditEventEntity } from './audit-event.entity.js';

/** Which events a question is about, in terms of the table. */
export interface AuditEventFilter {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly type?: string;
  readonly outcome?: string;
  readonly code?: string;
  /** The actor's or the owner's name without case. */
  readonly userKey?: string;
  readonly tokenId?: string;
  readonly clientIp?: string;
  readonly application?: string;
  readonly text?: string;
}

const EQUALS = ['type', 'outcome', 'code', 'tokenId', 'clientIp', 'application'] as const;

/** Asks the table of events. */
@Injectable()
export class AuditEventRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The event of a request itself, and not of a change it made. */
  findByRequestId(requestId: string): Promise<AuditEventEntity | null> {
    return this.unitOfWork.read((manager) =>
      manager.findOne(AuditEventEntity, {
        where: { requestId, outcome: Not('changed') },
        order: { id: 'DESC' },
      }),
    );
  }

  /** The newest events before `beforeId` (all of them, where it is null), newest first. */
  newest(filter: AuditEventFilter, beforeId: string | null, limit: number): Promise<AuditEventEntity[]> {
    return this.unitOfWork.read((manager) => {
      const query = manager.createQueryBuilder(AuditEventEntity, 'event').orderBy('event.id', 'DESC').take(limit);
      if (beforeId !== null) query.andWhere('event.id < :beforeId', { beforeId });
      for (const column of EQUALS) {
        if (filter[column] !== undefined) query.andWhere(`event.${column} = :${column}`, { [column]: filter[column] });
      }
      if (filter.fromMs !== undefined) query.andWhere('event.atMs >= :fromMs', { fromMs: filter.fromMs });
      if (filter.toMs !== undefined) query.andWhere('event.atMs <= :toMs', { toMs: filter.toMs });
      if (filter.userKey !== undefined) {
        query.andWhere('(event.actorKey = :userKey OR event.ownerKey = :userKey)', { userKey: filter.userKey });
      }
      if (filter.text !== undefined) {
        query.andWhere(holdsText(['event.tokenDescription', 'event.path', 'event.userAgent'], filter.text));
      }
      return query.getMany();
    });
  }
}
