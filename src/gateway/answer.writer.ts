import { STATUS_CODES, type ServerResponse } from 'node:http';
import { answeredHeaders, withoutLength, type SessionParameterRule } from '@scopegate/upstream';
import type { PendingResponse } from '../audit/pending-response.js';
import type { Exchange } from '../common/access/exchange.js';
import { watchForStall } from './stalled-client.js';

/** What Node takes for a reason phrase (RFC 9112 4): it has no meaning, and undici may have read it in another charset. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** An interim answer is left out if more than this already waits for the client to read it, in bytes. */
const MAX_INTERIM_BYTES = 65_536;

/** Makes the head leave at once. Node would send the head of an answer that has no bytes yet in another charset. */
const NO_BYTES = Buffer.alloc(0);

/**
 * Writes an upstream's answer straight to the client's connection, chunk by chunk, at the pace the client reads.
 * Nothing of it leaves before it is recorded (R62); an answer that is complete by then is one write.
 */
export class AnswerWriter implements PendingResponse {
  readonly #response: ServerResponse;
  #isSent = false;
  #isComplete = false;
  #status = 0;
  #statusText = '';
  #lines: string[] = [];
  #hasNoBody = false;
  #onRead: (() => void) | null = null;
  /** What arrived of the body before the head may leave: of one turn of the event loop at most. */
  #held: Buffer[] = [];

  /**
   * @param sessionRule takes the upstream's own sessions out of the answer (R11); null if they may pass
   * @param stallTimeoutMs how long the client may pause in reading what waits for it
   */
  constructor(
    private readonly exchange: Exchange,
    private readonly sessionRule: SessionParameterRule | null,
    private readonly stallTimeoutMs: number,
  ) {
    this.#response = exchange.response;
  }

  /** Whether the answer has no body, whatever length its head gives (RFC 9110 8.6). */
  get hasNoBody(): boolean {
    return this.#hasNoBody;
  }

  /**
   * Passes on an answer before the final one, such as 103 (RFC 8297). HTTP/1.0 has none (RFC 9110 15.2). One that the
   * client does not take at once is left out, and so is one whose turn on the connection has not come.
   */
  passInterim(status: number, lines: readonly string[]): void {
    const response = this.#response;
    const { socket } = response;
    if (response.req.httpVersion !== '1.1' || response.headersSent || this.exchange.isSettled) return;
    if (socket === null || socket.writableLength > MAX_INTERIM_BYTES) return;
    const passed = withoutLength(answeredHeaders(lines, this.sessionRule));
    let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Interim'}\r\n`;
    for (let index = 0; index + 1 < passed.length; index += 2) head += `${passed[index]}: ${passed[index + 1]}\r\n`;
    socket.write(`${head}\r\n`, 'latin1');
  }

  /**
   * Takes the head of the final answer.
   * @param onRead called when the client has read what waited for it
   */
  takeHead(status: number, statusText: string, lines: readonly string[], onRead: () => void): void {
    this.#status = status;
    this.#statusText = REASON_PHRASE.test(statusText) ? statusText : (STATUS_CODES[status] ?? '');
    const passed = answeredHeaders(lines, this.sessionRule);
    this.#lines = status === 204 ? withoutLength(passed) : passed;
    this.#lines.push('X-Request-Id', this.exchange.requestId);
    this.#hasNoBody = status === 204 || status === 304 || this.#response.req.method === 'HEAD';
    this.#onRead = onRead;
  }

  /** @returns whether the client reads as fast as the upstream sends */
  write(chunk: Buffer): boolean {
    if (!this.#isSent) {
      this.#held.push(chunk);
      return true;
    }
    if (this.#response.write(chunk)) return true;
    this.#watchReader();
    return false;
  }

  /** Ends the body. */
  end(): void {
    this.#isComplete = true;
    if (this.#isSent) this.#response.end();
  }

  release(): void {
    const response = this.#response;
    if (response.destroyed) return;
    this.#isSent = true;
    response.writeHead(this.#status, this.#statusText, this.#lines);
    const held = this.#held;
    this.#held = [];
    if (this.#isComplete && held.length <= 1) {
      response.end(held[0]);
      return;
    }
    if (this.#onRead !== null) response.on('drain', this.#onRead);
    let isRead = true;
    for (const chunk of held) isRead = response.write(chunk);
    // A head without a body yet (an event stream) must not wait for the first chunk.
    if (held.length === 0 && !this.#hasNoBody) response.write(NO_BYTES);
    if (!isRead) this.#watchReader();
    if (this.#isComplete) response.end();
  }

  drop(): void {
    this.#response.destroy();
  }

  /** Ends the connection of a client that stops reading. */
  #watchReader(): void {
    const { socket } = this.#response;
    if (socket !== null) this.#response.once('drain', watchForStall(socket, this.stallTimeoutMs));
  }
}
