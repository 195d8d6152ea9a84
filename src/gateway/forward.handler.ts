import type { ServerResponse } from 'node:http';
import { answeredHeaders } from '@scopegate/upstream';
import { errors, type Dispatcher } from 'undici';
import { watchForStall } from './stalled-client.js';

/** What becomes of an answer besides being sent on. */
export interface ForwardEvents {
  readonly requestId: string;
  readonly dropSetCookie: boolean;
  /** How long the client may read nothing of an answer that waits for it. */
  readonly stallTimeoutMs: number;
  /** Set where the cookies of the answer have to be stored before it is sent on (R11). */
  readonly bindCookies: ((rawHeaders: readonly string[]) => Promise<void>) | null;
  /** Called before the head of the answer leaves. */
  onHead(status: number): void;
  /** Called when the client goes away before its answer is complete. */
  onGone(): void;
  /** Called when the upstream fails, whether or not the head has left. */
  onFailure(error: unknown): void;
}

/** Makes the head leave at once. Node would send the head of an answer that has no bytes yet in another charset. */
const NO_BYTES = Buffer.alloc(0);

/**
 * Writes an upstream's answer straight to the client's connection, chunk by chunk, at the pace the client reads.
 * A client that goes away ends the upstream request.
 */
export class ForwardHandler implements Dispatcher.DispatchHandler {
  #abort: ((error?: Error) => void) | null = null;
  #isGone = false;
  /** The head waits for the cookies to be stored. */
  #isHeld = false;
  #isComplete = false;
  #hasNoBody = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly events: ForwardEvents,
  ) {
    response.once('close', () => {
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
    const lines = rawHeaders.map((part) => part.toString('latin1'));
    this.#hasNoBody = status === 204 || status === 304 || this.response.req.method === 'HEAD';
    this.response.on('drain', resume);
    if (this.events.bindCookies === null) {
      this.#writeHead(status, statusText, lines);
      return true;
    }
    this.events.bindCookies(lines).then(
      () => {
        this.#writeHead(status, statusText, lines);
        this.#isHeld = false;
        resume();
        if (this.#isComplete) this.response.end();
      },
      (error: unknown) => {
        this.events.onFailure(error);
        this.#abort?.(new Error('The session could not be bound.'));
      },
    );
    this.#isHeld = true;
    return false;
  }

  #writeHead(status: number, statusText: string, rawLines: readonly string[]): void {
    const lines = answeredHeaders(rawLines, this.events.dropSetCookie);
    lines.push('X-Request-Id', this.events.requestId);
    this.events.onHead(status);
    this.response.writeHead(status, statusText, lines);
    // A head without a body yet (an event stream) must not wait for the first chunk.
    if (!this.#hasNoBody) this.response.write(NO_BYTES);
  }

  onData(chunk: Buffer): boolean {
    if (this.response.write(chunk)) return true;
    const { socket } = this.response;
    if (socket !== null) this.response.once('drain', watchForStall(socket, this.events.stallTimeoutMs));
    return false;
  }

  onComplete(): void {
    if (this.#isHeld) this.#isComplete = true;
    else this.response.end();
  }

  onError(error: Error): void {
    if (this.#isGone) return;
    // The length that a 304 tells is that of a body it does not have (RFC 9110 8.6), and undici misses that body.
    if (this.#hasNoBody && error instanceof errors.ResponseContentLengthMismatchError) this.onComplete();
    else this.events.onFailure(error);
  }
}
