import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { answeredHeaders, type LineDecoder } from '@scopegate/upstream';
import { errors, type Dispatcher } from 'undici';
import type { HeldAnswer } from '../audit/audit.shipper.js';
import type { Exchange } from '../common/access/exchange.js';
import { watchForStall } from './stalled-client.js';
import type { UpstreamWatch, Waiting } from './upstream.watch.js';

/** How a request is forwarded. */
export interface ForwardOptions {
  /** Reads the header lines of the upstream's answers. */
  readonly decoder: LineDecoder;
  readonly dropSetCookie: boolean;
  /** What is left of the body to be sent; null where there is none, or it is sent at once. */
  readonly sentBody: Readable | null;
  /** How long the upstream may take for the head of its answer, and to take in a part of the body. */
  readonly headTimeoutMs: number;
  /** How long the upstream may pause in its answer, and the client in reading what waits for it. */
  readonly stallTimeoutMs: number;
  /** Set where the cookies of the answer have to be stored before it is sent on (R11). */
  readonly bindCookies: ((rawHeaders: readonly string[]) => Promise<void>) | null;
}

/** Who is told what becomes of a forwarded request. */
export interface ForwardListener {
  /** Called once with the head of the answer, which leaves when it is told to. */
  onHead(exchange: Exchange, status: number, answer: HeldAnswer): void;
  /** Called when the client goes away before its answer is complete. */
  onGone(exchange: Exchange): void;
  /** Called when the upstream fails, whether or not the head has left. */
  onFailure(exchange: Exchange, error: unknown): void;
}

/** What Node takes for a reason phrase (RFC 9112 4): it has no meaning, and undici may have read it in another charset. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Makes the head leave at once. Node would send the head of an answer that has no bytes yet in another charset. */
const NO_BYTES = Buffer.alloc(0);

/**
 * Writes an upstream's answer straight to the client's connection, chunk by chunk, at the pace the client reads.
 * Nothing of it leaves before it is recorded (R62); an answer that is complete by then is one write. A client that goes
 * away ends the upstream request.
 */
export class ForwardHandler implements Dispatcher.DispatchHandler, HeldAnswer, Waiting {
  private readonly response: ServerResponse;
  #abort: ((error?: Error) => void) | null = null;
  #resume: (() => void) | null = null;
  #isGone = false;
  #hasFailed = false;
  #isSent = false;
  #isComplete = false;
  #hasNoBody = false;
  #status = 0;
  #statusText = '';
  #lines: string[] = [];
  /** What has arrived of the body before the head may leave: of one turn of the event loop at the most. */
  #held: Buffer[] | null = null;
  /** What the upstream is waited for; null where it is not. */
  #waitsFor: 'head' | 'body' | null = null;
  /** When something moved last. */
  #movedAtSweeps = 0;
  /** Its place in the watch; null where it is not watched. */
  #place: number | null = null;

  constructor(
    private readonly exchange: Exchange,
    private readonly options: ForwardOptions,
    private readonly listener: ForwardListener,
    private readonly watch: UpstreamWatch,
  ) {
    const { response } = exchange;
    this.response = response;
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#isGone = true;
      this.listener.onGone(this.exchange);
      this.#abort?.(new Error('The client went away.'));
    });
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#isGone) {
      abort(new Error('The client went away.'));
      return;
    }
    this.#waitFor('head');
    this.#place ??= this.watch.begin(this);
  }

  onBodySent(): void {
    this.#movedAtSweeps = this.watch.sweeps;
  }

  onRequestSent(): void {
    this.#movedAtSweeps = this.watch.sweeps;
  }

  onSweep(): void {
    const { headTimeoutMs, stallTimeoutMs, sentBody } = this.options;
    if (this.#waitsFor === 'head') {
      // A client that does not send on is not the upstream's fault, and watched on its own connection.
      // undici pauses the body as long as the upstream takes nothing.
      const isClientAwaited = sentBody !== null && !sentBody.readableEnded && !sentBody.isPaused();
      if (isClientAwaited) this.#movedAtSweeps = this.watch.sweeps;
      else if (this.watch.hasLasted(this.#movedAtSweeps, headTimeoutMs))
        this.#abort?.(new errors.HeadersTimeoutError());
    } else if (this.#waitsFor === 'body') {
      // An answer that waits for its reader is not read from the upstream, either.
      if (this.response.writableNeedDrain) this.#movedAtSweeps = this.watch.sweeps;
      else if (this.watch.hasLasted(this.#movedAtSweeps, stallTimeoutMs)) this.#abort?.(new errors.BodyTimeoutError());
    }
  }

  #endWatch(): void {
    if (this.#place !== null) this.watch.end(this.#place);
    this.#place = null;
  }

  #waitFor(part: 'head' | 'body' | null): void {
    this.#waitsFor = part;
    this.#movedAtSweeps = this.watch.sweeps;
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    // Interim answers belong to the upstream's connection; the client was told to continue by the gateway.
    if (status < 200) {
      this.#movedAtSweeps = this.watch.sweeps;
      return true;
    }
    const { decoder, dropSetCookie, bindCookies } = this.options;
    const lines = decoder.decode(rawHeaders);
    this.#status = status;
    this.#statusText = REASON_PHRASE.test(statusText) ? statusText : (STATUS_CODES[status] ?? '');
    this.#lines = answeredHeaders(lines, dropSetCookie);
    this.#lines.push('X-Request-Id', this.exchange.requestId);
    this.#resume = resume;
    this.#hasNoBody = status === 204 || status === 304 || this.response.req.method === 'HEAD';
    this.#waitFor(bindCookies === null ? 'body' : null);
    if (bindCookies === null) {
      this.listener.onHead(this.exchange, status, this);
      return true;
    }
    bindCookies(lines).then(
      () => {
        this.#waitFor('body');
        this.listener.onHead(this.exchange, status, this);
        resume();
      },
      (error: unknown) => {
        // Giving up the request is told as one more failure.
        this.#hasFailed = true;
        this.listener.onFailure(this.exchange, error);
        this.#abort?.(new Error('The session could not be bound.'));
      },
    );
    return false;
  }

  onData(chunk: Buffer): boolean {
    // Told when undici goes on reading; one that made it pause once more would be the last.
    if (chunk.length === 0) return true;
    this.#movedAtSweeps = this.watch.sweeps;
    if (!this.#isSent) {
      (this.#held ??= []).push(chunk);
      return true;
    }
    if (this.response.write(chunk)) return true;
    this.#watchReader();
    return false;
  }

  onComplete(): void {
    this.#isComplete = true;
    this.#endWatch();
    if (this.#isSent) this.response.end();
  }

  onError(error: Error): void {
    this.#endWatch();
    if (this.#isGone || this.#hasFailed) return;
    // The length that a 304 tells is that of a body it does not have (RFC 9110 8.6), and undici misses that body.
    if (this.#hasNoBody && error instanceof errors.ResponseContentLengthMismatchError) this.onComplete();
    else this.listener.onFailure(this.exchange, error);
  }

  send(): void {
    const { response } = this;
    if (response.destroyed) return;
    this.#isSent = true;
    response.writeHead(this.#status, this.#statusText, this.#lines);
    const held = this.#held;
    this.#held = null;
    const [first] = held ?? [];
    if (this.#isComplete && (held === null || held.length === 1)) {
      response.end(first);
      return;
    }
    if (this.#resume !== null) response.on('drain', this.#resume);
    let isRead = true;
    if (held !== null) for (const chunk of held) isRead = response.write(chunk);
    // A head without a body yet (an event stream) must not wait for the first chunk.
    else if (!this.#hasNoBody) response.write(NO_BYTES);
    if (!isRead) this.#watchReader();
    if (this.#isComplete) response.end();
  }

  withhold(): void {
    this.response.destroy();
  }

  /** The connection of a client that does not go on reading is ended after a while. */
  #watchReader(): void {
    const { socket } = this.response;
    if (socket !== null) this.response.once('drain', watchForStall(socket, this.options.stallTimeoutMs));
  }
}
