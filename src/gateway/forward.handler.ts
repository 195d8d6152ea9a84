import { STATUS_CODES, type ServerResponse } from 'node:http';
import { answeredHeaders } from '@scopegate/upstream';
import { errors, type Dispatcher } from 'undici';
import type { HeldAnswer } from '../audit/audit.shipper.js';
import { watchForStall } from './stalled-client.js';

/** What becomes of an answer besides being sent on. */
export interface ForwardEvents {
  readonly requestId: string;
  readonly dropSetCookie: boolean;
  /** How long the client may read nothing of an answer that waits for it. */
  readonly stallTimeoutMs: number;
  /** Set where the cookies of the answer have to be stored before it is sent on (R11). */
  readonly bindCookies: ((rawHeaders: readonly string[]) => Promise<void>) | null;
  /** Called once with the head of the answer, which leaves when it is told to. */
  onHead(status: number, answer: HeldAnswer): void;
  /** Called when the client goes away before its answer is complete. */
  onGone(): void;
  /** Called when the upstream fails, whether or not the head has left. */
  onFailure(error: unknown): void;
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
export class ForwardHandler implements Dispatcher.DispatchHandler, HeldAnswer {
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

  constructor(
    private readonly response: ServerResponse,
    private readonly events: ForwardEvents,
  ) {
    response.on('close', () => {
      if (response.writableFinished) return;
      this.#isGone = true;
      this.events.onGone();
      this.#abort?.(new Error('The client went away.'));
    });
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#isGone) abort(new Error('The client went away.'));
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusText: string): boolean {
    // Interim answers belong to the upstream's connection; the client was told to continue by the gateway.
    if (status < 200) return true;
    const { requestId, dropSetCookie, bindCookies } = this.events;
    const lines = rawHeaders.map((part) => part.toString('latin1'));
    this.#status = status;
    this.#statusText = REASON_PHRASE.test(statusText) ? statusText : (STATUS_CODES[status] ?? '');
    this.#lines = answeredHeaders(lines, dropSetCookie);
    this.#lines.push('X-Request-Id', requestId);
    this.#resume = resume;
    this.#hasNoBody = status === 204 || status === 304 || this.response.req.method === 'HEAD';
    if (bindCookies === null) {
      this.events.onHead(status, this);
      return true;
    }
    bindCookies(lines).then(
      () => {
        this.events.onHead(status, this);
        resume();
      },
      (error: unknown) => {
        // Giving up the request is told as one more failure.
        this.#hasFailed = true;
        this.events.onFailure(error);
        this.#abort?.(new Error('The session could not be bound.'));
      },
    );
    return false;
  }

  onData(chunk: Buffer): boolean {
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
    if (this.#isSent) this.response.end();
  }

  onError(error: Error): void {
    if (this.#isGone || this.#hasFailed) return;
    // The length that a 304 tells is that of a body it does not have (RFC 9110 8.6), and undici misses that body.
    if (this.#hasNoBody && error instanceof errors.ResponseContentLengthMismatchError) this.onComplete();
    else this.events.onFailure(error);
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
    if (socket !== null) this.response.once('drain', watchForStall(socket, this.events.stallTimeoutMs));
  }
}
