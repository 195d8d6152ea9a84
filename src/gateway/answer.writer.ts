import { STATUS_CODES, type ServerResponse } from 'node:http';
import { headerValues } from '@scopegate/kernel';
import { answeredHeaders, withoutLength, type AnswerRules } from '@scopegate/upstream';
import type { PendingResponse } from '../audit/pending-response.js';
import type { Exchange } from '../common/access/exchange.js';
import { watchForStall } from './stalled-client.js';

/** RFC 9112 4, as Node accepts it. It has no meaning, and undici may read it in another charset. */
const REASON_PHRASE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** If more bytes wait for the client, interim answers are dropped. */
const MAX_INTERIM_BYTES = 65_536;

/** Sends the head at once. Otherwise Node uses another charset for it. */
const NO_BYTES = Buffer.alloc(0);

/**
 * Writes to the client's connection, at the pace the client reads. Nothing leaves before it is recorded (R62); a
 * complete answer is one write.
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
  /** The body of at most one turn of the event loop, before the head may leave. */
  #held: Buffer[] = [];

  /**
   * @param stallTimeoutMs the longest pause of the client in reading
   */
  constructor(
    private readonly exchange: Exchange,
    private readonly rules: AnswerRules,
    private readonly stallTimeoutMs: number,
  ) {
    this.#response = exchange.response;
  }

  /** Whatever its length says (RFC 9110 8.6). */
  get hasNoBody(): boolean {
    return this.#hasNoBody;
  }

  /**
   * Such as 103 (RFC 8297); not for HTTP/1.0 (RFC 9110 15.2). Dropped if the client does not take it at once, or if it
   * is not its turn.
   */
  passInterim(status: number, lines: readonly string[]): void {
    const response = this.#response;
    const { socket } = response;
    if (response.req.httpVersion !== '1.1' || response.headersSent || this.exchange.isSettled) return;
    if (socket === null || socket.writableLength > MAX_INTERIM_BYTES) return;
    const passed = withoutLength(answeredHeaders(lines, this.rules));
    socket.write(headText(status, passed), 'latin1');
  }

  /** The head of a 101, with the lines that belong to the switch (RFC 9110 7.8). */
  upgradeHead(lines: readonly string[]): string {
    const passed = withoutLength(answeredHeaders(lines, this.rules));
    passed.push('Connection', 'Upgrade', 'Upgrade', headerValues(lines, 'upgrade').join(', '));
    this.exchange.addOwnLines(passed);
    return headText(101, passed);
  }

  /** @param onRead called when the client has read everything */
  takeHead(status: number, statusText: string, lines: readonly string[], onRead: () => void): void {
    this.#status = status;
    this.#statusText = REASON_PHRASE.test(statusText) ? statusText : (STATUS_CODES[status] ?? '');
    const passed = answeredHeaders(lines, this.rules);
    this.#lines = status === 204 ? withoutLength(passed) : passed;
    this.exchange.addOwnLines(this.#lines);
    this.#hasNoBody = status === 204 || status === 304 || this.#response.req.method === 'HEAD';
    this.#onRead = onRead;
  }

  /** @returns false if the client reads more slowly than the upstream sends */
  write(chunk: Buffer): boolean {
    if (!this.#isSent) {
      this.#held.push(chunk);
      return true;
    }
    if (this.#response.write(chunk)) return true;
    this.#watchReader();
    return false;
  }

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
    // The head of an event stream must not wait for the first chunk.
    if (held.length === 0 && !this.#hasNoBody) response.write(NO_BYTES);
    if (!isRead) this.#watchReader();
    if (this.#isComplete) response.end();
  }

  drop(): void {
    this.#response.destroy();
  }

  /** Ends the connection if the client stops reading. */
  #watchReader(): void {
    const { socket } = this.#response;
    if (socket !== null) this.#response.once('drain', watchForStall(socket, this.stallTimeoutMs));
  }
}

function headText(status: number, lines: readonly string[]): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Interim'}\r\n`;
  for (let index = 0; index + 1 < lines.length; index += 2) head += `${lines[index]}: ${lines[index + 1]}\r\n`;
  return `${head}\r\n`;
}
