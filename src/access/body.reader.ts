import type { Exchange } from '../common/access/exchange.js';
import { BODY_DEADLINE_MS, BODY_TOO_SLOW } from '../common/http/body-deadline.js';
import { ProblemException } from '../common/http/problem.exception.js';

/**
 * Reads the body of a request that cannot be judged without it. The bytes stay with the exchange, and go upstream in
 * place of the stream.
 * @param limit the most bytes it may have
 * @param deadlineMs how long it may take to arrive
 * @throws ProblemException 413 where it is larger, 408 where it takes longer, 400 where it ends early
 */
export async function readBody(exchange: Exchange, limit: number, deadlineMs = BODY_DEADLINE_MS): Promise<Buffer> {
  if (exchange.readBody !== null) return exchange.readBody;
  const { request, response } = exchange;
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  if (exchange.expectsContinue) response.writeContinue();
  exchange.readBody = await new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const deadline = setTimeout(() => {
      // What still comes is dropped, and cut off before long.
      request.removeAllListeners('data').resume();
      reject(new ProblemException('request_timeout', BODY_TOO_SLOW));
    }, deadlineMs);
    deadline.unref();
    request.once('close', () => clearTimeout(deadline));
    request.once('end', () => clearTimeout(deadline));
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        // The rest is read and dropped, so that the client gets to read the answer.
        request.removeAllListeners('data').resume();
        reject(tooLarge(limit));
        return;
      }
      chunks.push(chunk);
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => reject(endedEarly()));
    request.once('close', () => reject(endedEarly()));
  });
  return exchange.readBody;
}

function tooLarge(limit: number): ProblemException {
  return new ProblemException('too_large', `The body of this request may have at most ${limit} bytes.`);
}

function endedEarly(): ProblemException {
  return new ProblemException('request_malformed', 'The body ended before it was complete.');
}
