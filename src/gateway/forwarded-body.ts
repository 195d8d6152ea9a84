import { PassThrough, type Readable } from 'node:stream';
import { BODY_RATE_WINDOW_MS, isBodyTooSlow } from '@scopegate/kernel';
import type { Exchange } from '../common/access/exchange.js';
import { dropUnreadBody, FORWARDED_BODY } from '../common/http/unread-body.js';

/** So much of a body is kept while no connection is taken for it, in bytes: a short one is sent as one part. */
const MAX_GATHERED_BYTES = 16_384;

/** How often within a window the rate of a body is measured. */
const LOOKS_PER_WINDOW = 10;

/**
 * A body that is still to come. A short one is gathered first and then sent as one part. Of a longer one, or one in
 * chunks, the first bytes are waited for; the rest is sent on as it arrives. A client that does not send holds nothing,
 * and is found out also while it waits for a connection.
 */
export class IncomingBody {
  #gathered: Buffer[] = [];
  /** Bytes that have arrived. */
  #size = 0;
  #rateTimer: NodeJS.Timeout | undefined;
  #isRead = false;
  #take: ((chunk: Buffer) => void) | null = null;

  constructor(private readonly exchange: Exchange) {}

  /**
   * Begins to read.
   * @param onReady called once with the whole of a short body, or with null if the body must be streamed. It is not
   * called if the body breaks off: then the client's connection ends.
   * @param onTooSlow called if the body comes too slowly, before it is ready or while it is streamed
   */
  gather(onReady: (whole: Buffer | null) => void, onTooSlow: () => void): void {
    const { request, response, facts, expectsContinue } = this.exchange;
    dropUnreadBody(request, response, FORWARDED_BODY);
    this.#watchRate(onTooSlow);
    const length = facts.head.contentLength;
    const isShort = length <= MAX_GATHERED_BYTES;
    if (expectsContinue && !isShort) {
      // The client sends it once it is asked to, which is when there is a connection.
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
      // What came in the same packet is known to be sound only when the packet has been parsed.
      process.nextTick(() => {
        if (request.complete || request.socket.writable) onReady(isShort ? Buffer.concat(this.#gathered) : null);
      });
    };
    this.#take = take;
    // Chunks may hold nothing at all.
    // One whose beginning was looked at has been paused since.
    request.on('data', take).once('end', finish).resume();
  }

  /** Stops gathering: nothing of the body will be sent. */
  giveUp(): void {
    if (this.#take !== null) this.exchange.request.off('data', this.#take);
    this.#gathered = [];
    clearInterval(this.#rateTimer);
  }

  /** Asks a client for the body that waits for that (RFC 9110 10.1.1). */
  #ask(): void {
    if (this.exchange.isContinued) return;
    this.exchange.isContinued = true;
    this.exchange.response.writeContinue();
  }

  /** What has been gathered, and the rest as it arrives. */
  stream(): Readable {
    const { request, expectsContinue } = this.exchange;
    if (!this.#isRead && expectsContinue) this.#ask();
    this.#isRead = true;
    request.pause();
    if (this.#take !== null) request.off('data', this.#take);
    // A stream of its own: undici destroys the body it was given when a request fails, and the client's connection with
    // it, before the failure could be answered. Counting objects and not bytes keeps undici from measuring a body that
    // has arrived already, and from sending with a length what came in chunks.
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
    // If its framing is broken, the front door takes the body away and ends the connection.
    const breakOff = (): void => {
      if (!request.complete) body.destroy(new Error('The body is broken.'));
    };
    body.once('unpipe', breakOff);
    // What came in the same packet as the head is known to be sound only when the packet has been parsed.
    process.nextTick(() => {
      if (!request.complete && !request.socket.writable) breakOff();
      else request.on('data', (chunk: Buffer) => (this.#size += chunk.length)).pipe(body);
    });
    return body;
  }

  /**
   * Finds a body that comes too slowly (R112). Time in which it is not read does not count: while the client waits to be
   * told to send it, while the request waits for a connection, and while the upstream takes nothing.
   */
  #watchRate(onTooSlow: () => void): void {
    const { request } = this.exchange;
    /** The sizes at the last looks, the oldest first: as many as a window holds. */
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
