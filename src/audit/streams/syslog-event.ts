import type { AuditOutcome, SyslogEvent } from '@scopegate/audit';
import type { StreamedEvent } from './stream.sink.js';

export function syslogEvent({ event, json }: StreamedEvent): SyslogEvent {
  return { at: event.at, type: event.type, outcome: event.outcome as AuditOutcome, json };
}
