import { createHmac } from 'node:crypto';
import { Agent, request } from 'undici';
import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';
import { linesOf } from './stdout.sink.js';

/** How long a receiver may take to accept a connection, and to answer. */
const TIMEOUT_MS = 10_000;

/** The answers to a batch that would get the same answer the next time. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * Posts events as JSON lines. Whatever is not answered with a 2xx is sent again, so a receiver may see an event twice,
 * and tells it by its id. With a secret, each request is signed:
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

  /** @param nowMs the time, in epoch milliseconds */
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
      // A receiver that accepts and then says nothing is given up as a whole.
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
