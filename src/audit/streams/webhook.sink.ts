import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';
import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';
import { linesOf } from './stdout.sink.js';

/** For a connection, and for the answer. */
const TIMEOUT_MS = 10_000;

/** A batch with such an answer would get the same one the next time. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * Without a 2xx, events are sent again with the same ids. With a secret, each request is signed:
 * `X-Scopegate-Signature: t=<seconds since the epoch>,v1=<hex HMAC-SHA-256 of "<t>.<body>">`.
 */
export class WebhookSink implements StreamSink {
  readonly name = 'webhook';
  readonly batchSize = 100;
  readonly #agent = new Agent({
    connect: { timeout: TIMEOUT_MS },
    connections: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });

  constructor(
    private readonly url: string,
    private readonly secret: string | null,
    private readonly nowMs: () => number,
  ) {}

  async send(batch: readonly StreamedEvent[]): Promise<SinkAnswer> {
    const body = linesOf(batch);
    const { statusCode, body: answer } = await request(this.url, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-ndjson',
        'User-Agent': 'scopegate',
        ...(this.secret === null ? {} : { 'X-Scopegate-Signature': signature(this.secret, body, this.nowMs()) }),
      },
      body,
      // Covers a receiver that accepts and then stays silent.
      signal: AbortSignal.timeout(2 * TIMEOUT_MS),
    });
    await answer.dump();
    if (statusCode >= 200 && statusCode < 300) return 'taken';
    if (REFUSALS.has(statusCode)) return 'refused';
    throw new Error(`The receiver answered ${statusCode}.`);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}

function signature(secret: string, body: string, nowMs: number): string {
  const seconds = Math.floor(nowMs / 1000);
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
