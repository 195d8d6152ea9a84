import { Logger } from '@nestjs/common';
import type { StreamedEvent, StreamSink } from './stream.sink.js';

/** Beyond either limit, new events are dropped and counted. */
const MAX_QUEUED_EVENTS = 10_000;
const MAX_QUEUED_CHARACTERS = 16 * 1024 * 1024;

const MAX_BATCH_CHARACTERS = 512 * 1024;

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/**
 * Sends events in order. The recorder waits only for `offer`. What cannot be sent is tried again, less and less often.
 * What does not fit into the queue is dropped and counted; the database has all events.
 */
export class AuditStream {
  readonly #logger = new Logger(AuditStream.name);
  readonly #queue: StreamedEvent[] = [];
  #queuedCharacters = 0;
  #sent = 0;
  #dropped = 0;
  #unlogged = 0;
  #failures = 0;
  #isDropping = false;
  #isRefused = false;
  #isClosing = false;
  #running: Promise<void> | null = null;
  #wake: (() => void) | null = null;

  constructor(private readonly sink: StreamSink) {}

  get name(): StreamSink['name'] {
    return this.sink.name;
  }

  get sent(): number {
    return this.#sent;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get queued(): number {
    return this.#queue.length;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Adds events as far as there is room. Neither waits nor fails. */
  offer(events: readonly StreamedEvent[]): void {
    if (this.#isClosing) {
      this.#drop(events.length);
      return;
    }
    for (const streamed of events) {
      const length = streamed.json.length;
      if (this.#queue.length >= MAX_QUEUED_EVENTS || this.#queuedCharacters + length > MAX_QUEUED_CHARACTERS) {
        this.#drop(1);
      } else {
        this.#queue.push(streamed);
        this.#queuedCharacters += length;
      }
    }
    this.#running ??= this.#run();
  }

  /** Sends what is queued, as far as the time allows, and closes the connection. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosing = true;
    this.#wake?.();
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, timeoutMs)));
    await Promise.race([this.#running ?? Promise.resolve(), limit]);
    clearTimeout(timer);
    if (this.#queue.length > 0) this.#drop(this.#queue.length);
    this.#logDropped('The server stops: the remaining events of the audit stream are dropped.');
    await this.sink.close().catch(() => undefined);
  }

  async #run(): Promise<void> {
    // Events that are offered in the same turn share a batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#nextBatch();
      if (!(await this.#send(batch))) break;
      this.#queue.splice(0, batch.length);
      for (const { json } of batch) this.#queuedCharacters -= json.length;
    }
    // Set at once, so that the next offer starts a new run.
    this.#running = null;
    if (this.#isClosing) return;
    this.#isDropping = false;
    this.#logDropped('The audit stream has dropped events and has now caught up.');
  }

  async #send(batch: readonly StreamedEvent[]): Promise<boolean> {
    for (;;) {
      try {
        const answer = await this.sink.send(batch);
        if (this.#failures > 0) this.#logger.log('The audit stream works again.', { stream: this.name });
        this.#failures = 0;
        if (answer === 'taken') {
          this.#sent += batch.length;
          this.#isRefused = false;
        } else {
          this.#refused(batch.length);
        }
        return true;
      } catch (error) {
        if (this.#failures === 0) {
          this.#logger.warn('The audit stream fails and is tried again.', {
            stream: this.name,
            cause: causeOf(error),
          });
        }
        this.#failures += 1;
        if (this.#isClosing) return false;
        await this.#pause();
      }
    }
  }

  #nextBatch(): readonly StreamedEvent[] {
    let characters = 0;
    let size = 0;
    for (const { json } of this.#queue) {
      if (size >= this.sink.batchSize || (size > 0 && characters + json.length > MAX_BATCH_CHARACTERS)) break;
      characters += json.length;
      size += 1;
    }
    return this.#queue.slice(0, size);
  }

  /** Twice as long each time, and slightly random, so that nodes do not retry at the same moment. */
  #pause(): Promise<void> {
    const longestMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(16, this.#failures - 1));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, longestMs * (0.75 + Math.random() / 4));
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #refused(events: number): void {
    this.#dropped += events;
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#logger.warn('The receiver of the audit stream refuses events; they are dropped.', { stream: this.name });
  }

  #drop(events: number): void {
    this.#dropped += events;
    this.#unlogged += events;
    if (this.#isDropping || this.#isClosing) return;
    this.#isDropping = true;
    this.#logger.warn('The audit stream drops events, because too many wait for its receiver.', { stream: this.name });
  }

  #logDropped(message: string): void {
    if (this.#unlogged === 0) return;
    this.#logger.warn(message, { stream: this.name, events: this.#unlogged });
    this.#unlogged = 0;
  }
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
