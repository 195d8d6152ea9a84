import { PassThrough, type Readable } from 'node:stream';
import { BODY_RATE_WINDOW_MS, isBodyTooSlow } from '@scopegate/kernel';
import type { Exchange } from '../common/access/exchange.js';
import { dropUnreadBody, FORWARDED_BODY } from '../common/http/unread-body.js';

/** Bytes: a body up to this length is sent as one part. */
const MAX_GATHERED_BYTES = 16_384;

/** Measurements of the rate per window. */
const LOOKS_PER_WINDOW = 10;

/**
 * A body that arrived with its head, as most short ones do. It is sent as one part, because a stream costs more than the
 * rest of the request (ADR 27).
 * @returns null if there is no body, undefined if it has not arrived
 */
export function arrivedBody({ request, facts, readBody }: Exchange): Buffer | null | undefined {
  if (readBody !== null) return readBody;
  const length = facts.head.contentLength;
  if (length === 0) return null;
  if (request.readableLength !== length) return undefined;
  const arrived = request.read(length) as Buffer;
  request.resume();
  return arrived;
}

/** Whether a body of known length is not here yet. One in the packet of its head is here in the next tick. */
export function isBodyArriving({ request, facts, readBody, expectsContinue }: Exchange): boolean {
  if (readBody !== null || expectsContinue) return false;
  const length = facts.head.contentLength;
  return length > 0 && request.readableLength < length;
}

/**
 * A short body is sent as one part. Of a longer or chunked one only the first bytes are awaited; the rest streams. A
 * client that does not send holds no connection, and is found while it waits for one.
 */
export class IncomingBody {
  #gathered: Buffer[] = [];
  #size = 0;
  #rateTimer: NodeJS.Timeout | undefined;
  #isRead = false;
  #take: ((chunk: Buffer) => void) | null = null;

  constructor(private readonly exchange: Exchange) {}

  /**
   * Begins to read.
   * @param onReady called with a whole short body, or null to stream it; not if the body breaks off
   * @param onTooSlow called before or during streaming
   */
  gather(onReady: (whole: Buffer | null) => void, onTooSlow: () => void): void {
    const { request, response, facts, expectsContinue } = this.exchange;
    dropUnreadBody(request, response, FORWARDED_BODY);
    this.#watchRate(onTooSlow);
    const length = facts.head.contentLength;
    const isShort = length <= MAX_GATHERED_BYTES;
    if (expectsContinue && !isShort) {
      // The client sends it after `100 Continue`, when there is a connection.
      onReady(null);
      return;
    }
    if (expectsContinue) this.#ask();
    this.#isRead = true;
    let isReady = false;
    const take = (chunk: Buffer): void => {
      this.#gathered.push(chunk);
      this.#size += chunk.length;
      if (!isShort && this.#size >= MAX_GATHERED_BYTES) request.pause();
      if (!isShort || this.#size === length) finish();
    };
    const finish = (): void => {
      if (isReady) return;
      isReady = true;
      // The parser checks the rest of the packet first.
      process.nextTick(() => {
        if (request.complete || request.socket.writable) onReady(isShort ? Buffer.concat(this.#gathered) : null);
      });
    };
    this.#take = take;
    // Chunks may be empty. The body was paused if its beginning was read.
    request.on('data', take).once('end', finish).resume();
  }

  giveUp(): void {
    if (this.#take !== null) this.exchange.request.off('data', this.#take);
    this.#gathered = [];
    clearInterval(this.#rateTimer);
  }

  #ask(): void {
    if (this.exchange.isContinued) return;
    this.exchange.isContinued = true;
    this.exchange.response.writeContinue();
  }

  /** What was gathered, and the rest. */
  stream(): Readable {
    const { request, expectsContinue } = this.exchange;
    if (!this.#isRead && expectsContinue) this.#ask();
    this.#isRead = true;
    request.pause();
    if (this.#take !== null) request.off('data', this.#take);
    // A separate stream: undici destroys the body of a failed request, and the client's connection with it, before we
    // answer. Object mode keeps undici from measuring a complete body and sending it with a length.
    const body = new PassThrough({ readableObjectMode: true, readableHighWaterMark: 4 });
    body.once('error', () => undefined);
    for (const chunk of this.#gathered) body.write(chunk);
    this.#gathered = [];
    if (request.readableEnded) {
      body.end();
      return body;
    }
    request.once('error', (error) => body.destroy(error));
    request.once('close', () => {
      if (!request.complete) body.destroy(new Error('The client closed the connection.'));
    });
    // The front door ends the connection if the framing is broken.
    const breakOff = (): void => {
      if (!request.complete) body.destroy(new Error('The body is broken.'));
    };
    body.once('unpipe', breakOff);
    // The parser checks the rest of the packet first.
    process.nextTick(() => {
      if (!request.complete && !request.socket.writable) breakOff();
      else request.on('data', (chunk: Buffer) => (this.#size += chunk.length)).pipe(body);
    });
    return body;
  }

  /** R112. Only time in which the body is read counts: not waits for `100 Continue`, a connection or the upstream. */
  #watchRate(onTooSlow: () => void): void {
    const { request } = this.exchange;
    /** Body sizes at the last measurements, oldest first, for one window. */
    const sizes: number[] = [];
    this.#rateTimer = setInterval(() => {
      if (!this.#isRead || request.complete || request.isPaused()) return;
      sizes.push(this.#size);
      if (sizes.length <= LOOKS_PER_WINDOW) return;
      const sizeBefore = sizes.shift() as number;
      if (isBodyTooSlow(this.#size - sizeBefore, BODY_RATE_WINDOW_MS)) onTooSlow();
    }, BODY_RATE_WINDOW_MS / LOOKS_PER_WINDOW);
    request.once('close', () => clearInterval(this.#rateTimer));
  }
}
