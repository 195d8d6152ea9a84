import type { IncomingMessage } from 'node:http';
import { BODY_RATE_WINDOW_MS, isBodyTooSlow } from '@scopegate/kernel';
import type { Exchange } from '../access/exchange.js';
import { ProblemException } from './problem.exception.js';

/**
 * How long a body that is read as a whole may take to arrive, in milliseconds, however steadily its bytes come. Proxied
 * bodies stream for as long as they need; these are kept in memory.
 */
const BODY_DEADLINE_MS = 60_000;

/**
 * Reads the body of a request that cannot be judged, or not be answered, without it. The bytes stay with the exchange;
 * those of a proxied request go upstream in place of the stream. The client is asked for the body only here, where it
 * waits for that (RFC 9110 10.1.1).
 * @param limit the most bytes it may have; a head that announces more is refused before anything is read
 * @param deadlineMs how long it may take to arrive
 * @throws ProblemException 413 where it is larger, 408 where it takes longer or comes too slowly (R112), 400 where it
 * ends early
 */
export async function readBody(exchange: Exchange, limit: number, deadlineMs = BODY_DEADLINE_MS): Promise<Buffer> {
  if (exchange.readBody !== null) return exchange.readBody;
  const { request, response } = exchange;
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (exchange.expectsContinue) {
    exchange.isContinued = true;
    response.writeContinue();
  }
  exchange.readBody = await receive(request, limit, deadlineMs);
  return exchange.readBody;
}

function receive(request: IncomingMessage, limit: number, deadlineMs: number): Promise<Buffer> {
  return new Promise<Buffer>((resolve, reject) => {
    // Its end is not told again.
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
    const refuse = (problem: ProblemException): void =>
      finish(() => {
        // What still comes waits, until the answer has left and the rest is dropped within its bounds.
        request.pause();
        reject(problem);
      });
    const take = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) refuse(tooLarge(limit));
      else chunks.push(chunk);
    };
    const complete = (): void => finish(() => resolve(Buffer.concat(chunks)));
    const breakOff = (): void => finish(() => reject(endedEarly()));
    const deadline = setTimeout(() => refuse(tooSlow()), deadlineMs);
    const rate = setInterval(() => {
      if (isBodyTooSlow(size - sizeBefore, BODY_RATE_WINDOW_MS)) refuse(tooSlow());
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
