import type { IncomingMessage } from 'node:http';
import { BODY_RATE_WINDOW_MS, isBodyTooSlow } from '@scopegate/kernel';
import type { Exchange } from '../access/exchange.js';
import { ProblemException } from './problem.exception.js';

/** Milliseconds for a body that is kept in memory, whatever its speed. Proxied bodies may stream longer. */
const BODY_DEADLINE_MS = 60_000;

/**
 * The bytes stay with the exchange; a proxied request sends them upstream instead of the stream. A client that waits
 * for `100 Continue` gets it only here (RFC 9110 10.1.1).
 * @param limit bytes; a head that announces more is refused unread
 * @throws ProblemException 413 if too large, 408 if too slow (R112), 400 if it ends early
 */
export async function readBody(exchange: Exchange, limit: number, deadlineMs = BODY_DEADLINE_MS): Promise<Buffer> {
  if (exchange.readBody !== null) return exchange.readBody;
  const { request } = exchange;
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  askForBody(exchange);
  const { bytes, isWhole } = await receive(request, limit, deadlineMs, false);
  if (!isWhole) throw tooLarge(limit);
  exchange.readBody = bytes;
  return bytes;
}

/**
 * For a decision. A shorter body stays with the exchange, as with `readBody`; a longer one is put back and streamed.
 * @param limit bytes
 * @throws ProblemException 408 if too slow (R112), 400 if it ends early
 */
export async function readBeginning(exchange: Exchange, limit: number): Promise<ReceivedBody> {
  if (exchange.readBody !== null) return { bytes: exchange.readBody, isWhole: true };
  // The request was judged before, and its body may be on its way.
  if (exchange.bodyBeginning !== null) return { bytes: exchange.bodyBeginning, isWhole: false };
  askForBody(exchange);
  const received = await receive(exchange.request, limit, BODY_DEADLINE_MS, true);
  if (received.isWhole) exchange.readBody = received.bytes;
  else exchange.bodyBeginning = received.bytes;
  return received;
}

export interface ReceivedBody {
  readonly bytes: Buffer;
  /** These are all bytes of the body. */
  readonly isWhole: boolean;
}

function askForBody(exchange: Exchange): void {
  if (!exchange.expectsContinue || exchange.isContinued) return;
  exchange.isContinued = true;
  exchange.response.writeContinue();
}

/** @param putsBack the bytes of a larger body can be read again */
function receive(
  request: IncomingMessage,
  limit: number,
  deadlineMs: number,
  putsBack: boolean,
): Promise<ReceivedBody> {
  return new Promise<ReceivedBody>((resolve, reject) => {
    // The event will not come again.
    if (request.destroyed) throw endedEarly();
    const chunks: Buffer[] = [];
    let size = 0;
    let sizeBefore = 0;
    const finish = (settle: () => void): void => {
      clearTimeout(deadline);
      clearInterval(rate);
      request.off('data', take).off('end', complete).off('error', breakOff).off('close', breakOff);
      settle();
    };
    // The rest waits until it is forwarded, or dropped after the answer.
    const stop = (settle: () => void): void =>
      finish(() => {
        request.pause();
        settle();
      });
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= limit) return;
      stop(() => {
        const bytes = Buffer.concat(chunks);
        // Now: after the last chunk, the body ends in the next tick.
        if (putsBack) request.unshift(bytes);
        resolve({ bytes, isWhole: false });
      });
    };
    const complete = (): void => finish(() => resolve({ bytes: Buffer.concat(chunks), isWhole: true }));
    const breakOff = (): void => finish(() => reject(endedEarly()));
    const refuse = (): void => stop(() => reject(tooSlow()));
    const deadline = setTimeout(refuse, deadlineMs);
    const rate = setInterval(() => {
      if (isBodyTooSlow(size - sizeBefore, BODY_RATE_WINDOW_MS)) refuse();
      sizeBefore = size;
    }, BODY_RATE_WINDOW_MS);
    deadline.unref();
    rate.unref();
    request.on('data', take).on('end', complete).on('error', breakOff).on('close', breakOff);
  });
}

function tooLarge(limit: number): ProblemException {
  return new ProblemException('too_large', `The body of this request may have at most ${limit} bytes.`);
}

function tooSlow(): ProblemException {
  return new ProblemException(
    'request_timeout',
    'The body took too long to arrive. Send it within a minute, and at least 64 bytes a second.',
  );
}

function endedEarly(): ProblemException {
  return new ProblemException('request_malformed', 'The body ended before it was complete.');
}
