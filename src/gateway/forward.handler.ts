import type { ServerResponse } from 'node:http';
import { answeredHeaders } from '@scopegate/upstream';
import type { Dispatcher } from 'undici';

/** What becomes of an answer besides being sent on. */
export interface ForwardEvents {
  readonly requestId: string;
  readonly dropSetCookie: boolean;
  /** Called before the head of the answer leaves. */
  onHead(status: number): void;
  /** Called when the upstream fails, whether or not the head has left. */
  onFailure(error: unknown): void;
}

/**
 * Writes an upstream's answer straight to the client's connection, chunk by chunk, at the pace the client reads.
 * A client that goes away ends the upstream request.
 */
export class ForwardHandler implements Dispatcher.DispatchHandler {
  #abort: ((error?: Error) => void) | null = null;
  #isGone = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly events: ForwardEvents,
  ) {
    response.once('close', () => {
      if (response.writableFinished) return;
      this.#isGone = true;
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
    const lines = answeredHeaders(
      rawHeaders.map((part) => part.toString('latin1')),
      this.events.dropSetCookie,
    );
    lines.push('X-Request-Id', this.events.requestId);
    this.events.onHead(status);
    this.response.on('drain', resume);
    this.response.writeHead(status, statusText, lines);
    // A head without a body yet (an event stream) must not wait for the first chunk.
    this.response.flushHeaders();
    return true;
  }

  onData(chunk: Buffer): boolean {
    return this.response.write(chunk);
  }

  onComplete(): void {
    this.response.end();
  }

  onError(error: Error): void {
    if (this.#isGone) return;
    this.events.onFailure(error);
  }
}
