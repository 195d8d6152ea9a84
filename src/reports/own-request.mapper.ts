import type { AuditEvent } from '@scopegate/audit';
import { explainRequest } from '@scopegate/problem';
import type { ExplainedRequestDto, OwnRequestDto } from './dto/own-request.dto.js';

/** With the public reason alone. */
export function toOwnRequest(event: AuditEvent): OwnRequestDto {
  const { code, title } = explainRequest(event);
  return {
    requestId: event.requestId,
    at: new Date(event.atMs).toISOString(),
    count: event.count,
    type: event.type,
    method: event.method,
    application: event.application,
    path: event.path,
    status: event.status,
    outcome: event.outcome,
    code,
    title,
    upstreamRefused: event.upstreamRefused,
    credential: event.credential,
    tokenId: event.tokenId,
    tokenDescription: event.tokenDescription,
    clientIp: event.clientIp,
    userAgent: event.userAgent,
  };
}

/** @param isTrue for administrators: with what the client was not told */
export function toExplained(event: AuditEvent, isTrue: boolean): ExplainedRequestDto {
  const { explanation, advice, stages } = explainRequest(event);
  const { code: trueCode, actor, owner, id: eventId } = event;
  return {
    ...toOwnRequest(event),
    explanation,
    advice,
    stages: stages.map(({ stage, outcome }) => ({ stage, outcome })),
    ...(isTrue ? { trueCode, actor, owner, eventId } : {}),
  };
}
