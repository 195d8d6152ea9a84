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
 * Reads as much of a body as a decision looks at. A body that ends before stays with the exchange, as with `readBody`; of
 * a longer one the bytes are put back, and the whole of it goes upstream as a stream.
 * @param limit how many bytes are looked at
 * @throws ProblemException 408 where they come too slowly (R112), 400 where the body ends early
 */
export async function readBeginning(exchange: Exchange, limit: number): Promise<ReceivedBody> {
  if (exchange.readBody !== null) return { bytes: exchange.readBody, isWhole: true };
  // A request that had to wait for a connection is judged again, and its body may be on its way by then.
  if (exchange.bodyBeginning !== null) return { bytes: exchange.bodyBeginning, isWhole: false };
  askForBody(exchange);
  const received = await receive(exchange.request, limit, BODY_DEADLINE_MS, true);
  if (received.isWhole) exchange.readBody = received.bytes;
  else exchange.bodyBeginning = received.bytes;
  return received;
}

/** What has been read of a body. */
export interface ReceivedBody {
  readonly bytes: Buffer;
  /** Whether these are all of its bytes. */
  readonly isWhole: boolean;
}

function askForBody(exchange: Exchange): void {
  if (!exchange.expectsContinue || exchange.isContinued) return;
  exchange.isContinued = true;
  exchange.response.writeContinue();
}

/** @param putsBack whether what has been read of a body that is too large can be read again */
function receive(
  request: IncomingMessage,
  limit: number,
  deadlineMs: number,
  putsBack: boolean,
): Promise<ReceivedBody> {
  return new Promise<ReceivedBody>((resolve, reject) => {
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
    // What still comes waits: until it is forwarded, or until the answer has left and it is dropped within its bounds.
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
        // At once: after the last chunk, the end of the body is told in the next tick.
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
