import type { AuditEventDto } from '../dto/audit-event.dto.js';

export interface StreamedEvent {
  readonly event: AuditEventDto;
  readonly json: string;
}

/** Refused for good: sending the batch again would change nothing. */
export type SinkAnswer = 'taken' | 'refused';

export interface StreamSink {
  readonly name: 'stdout' | 'file' | 'syslog' | 'webhook';
  readonly batchSize: number;
  /** Takes a bounded time. @throws Error if the batch could not be sent; all of it is sent again later */
  send(batch: readonly StreamedEvent[]): Promise<SinkAnswer>;
  close(): Promise<void>;
}

export class SinkTimeoutError extends Error {
  override readonly name = 'SinkTimeoutError';

  constructor(timeoutMs: number) {
    super(`There was no answer within ${timeoutMs} ms.`);
  }
}
