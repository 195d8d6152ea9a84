import type { AuditEventDto } from '../dto/audit-event.dto.js';

/** An event on its way out. */
export interface StreamedEvent {
  readonly event: AuditEventDto;
  /** The same as one line of JSON, without its end. */
  readonly json: string;
}

/** What became of a batch: taken, or refused for good, so that sending it again would change nothing. */
export type SinkAnswer = 'taken' | 'refused';

/** Where events are sent to. One batch is under way at a time. */
export interface StreamSink {
  readonly name: 'stdout' | 'file' | 'syslog' | 'webhook';
  /** Events in one batch at the most. */
  readonly batchSize: number;
  /**
   * Sends a batch, in its order. It answers or fails within a bounded time.
   * @throws Error where it could not be sent; the whole batch is sent again later
   */
  send(batch: readonly StreamedEvent[]): Promise<SinkAnswer>;
  close(): Promise<void>;
}

/** What fails where a receiver takes too long. */
export class SinkTimeoutError extends Error {
  override readonly name = 'SinkTimeoutError';

  constructor(timeoutMs: number) {
    super(`There was no answer within ${timeoutMs} ms.`);
  }
}
