import { PassThrough, type Readable } from 'node:stream';
import { announcedLength, ask } from '@scopegate/kernel';
import type { Exchange } from '../common/access/exchange.js';
import { dropUnreadBody, FORWARDED_BODY } from '../common/http/unread-body.js';
import { watchForStall } from './stalled-client.js';

/**
 * What is sent upstream as the body of a request. One that has arrived is sent at once and as one part, which is what
 * nearly every script's is; a stream costs more than everything else about a request.
 * @param stallTimeoutMs how long the client may pause
 */
export function bodyOf(exchange: Exchange, stallTimeoutMs: number): Readable | Buffer | null {
  const { request, response } = exchange;
  if (exchange.readBody !== null) return exchange.readBody;
  const length = ask(request.rawHeaders, announcedLength);
  if (length === 0) return null;
  if (request.readableLength === length) {
    const arrived = request.read(length) as Buffer;
    request.resume();
    return arrived;
  }
  if (exchange.expectsContinue) {
    exchange.isContinued = true;
    response.writeContinue();
  }
  dropUnreadBody(request, response, FORWARDED_BODY);
  const endWatch = watchForStall(request.socket, stallTimeoutMs);
  request.once('end', () => {
    // After the answer it is Node's own time for an idle connection that counts.
    if (!response.writableFinished) endWatch();
  });
  // A stream of its own: undici destroys the body it was given when a request fails, and the client's connection with
  // it, before the failure could be answered. Counting objects and not bytes keeps undici from measuring a body that
  // has arrived already, and from sending with a length what came in chunks.
  const body = new PassThrough({ readableObjectMode: true, readableHighWaterMark: 4 });
  request.once('error', (error) => body.destroy(error));
  request.once('close', () => {
    if (!request.complete) body.destroy(new Error('The client went away.'));
  });
  body.once('error', () => undefined);
  // The front door takes the body away, and ends the connection, where its framing turns out to be broken. What came in
  // the same packet as the head is known to be sound only when the packet has been parsed.
  const breakOff = (): void => {
    if (!request.complete) body.destroy(new Error('The body is broken.'));
  };
  body.once('unpipe', breakOff);
  process.nextTick(() => {
    if (!request.complete && !request.socket.writable) breakOff();
    else request.pipe(body);
  });
  return body;
}

/**
 * Whether a body of a known length is still to come: one that comes in the same packet as its head is there by the next
 * tick. What comes in chunks is sent on in chunks.
 */
export function isBodyArriving({ request, readBody, expectsContinue }: Exchange): boolean {
  if (readBody !== null || expectsContinue) return false;
  const length = ask(request.rawHeaders, announcedLength);
  return length > 0 && request.readableLength < length;
}
