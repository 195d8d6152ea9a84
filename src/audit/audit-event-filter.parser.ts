import { parseIpAddress } from '@scopegate/network';
import { parseInstant } from '@scopegate/token';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import type { AuditEventFilter } from './audit-event-filter.js';
import type { AuditEventFilterQuery } from './dto/audit-event.query.dto.js';

/** All filters but `user`, whose names are looked up. @throws a 400 */
export function filterOf(query: AuditEventFilterQuery): AuditEventFilter {
  const clientIp = query.clientIp === undefined ? undefined : parseIpAddress(query.clientIp);
  if (clientIp === null) throw invalidField('clientIp', 'must be an IPv4 or IPv6 address.');
  return {
    ...(query.from === undefined ? {} : { fromMs: instantOf('from', query.from) }),
    ...(query.to === undefined ? {} : { toMs: instantOf('to', query.to) }),
    ...(query.type === undefined ? {} : { type: query.type }),
    ...(query.outcome === undefined ? {} : { outcome: query.outcome }),
    ...(query.code === undefined ? {} : { code: query.code }),
    ...(query.tokenId === undefined ? {} : { tokenId: query.tokenId }),
    ...(clientIp === undefined ? {} : { clientIp }),
    ...(query.application === undefined ? {} : { application: query.application }),
    ...(query.credential === undefined ? {} : { credential: query.credential }),
    ...(query.door === undefined ? {} : { door: query.door }),
    ...(query.q === undefined ? {} : { text: query.q }),
  };
}

/** Reads an instant of a query: ISO 8601 with an offset. @throws a 400 */
export function instantOf(field: string, text: string): number {
  const instant = parseInstant(text);
  if (!instant.ok) {
    throw new ProblemException('validation_failed', instant.message, [{ field, message: instant.message }]);
  }
  return instant.instantMs;
}
