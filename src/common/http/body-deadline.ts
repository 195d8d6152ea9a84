import type { IncomingMessage } from 'node:http';
import { writeRawProblem } from './problem.writer.js';

/**
 * How long a body that is read as a whole may take to arrive, however steadily its bytes trickle in. Proxied bodies
 * stream for as long as they need; these are kept in memory, and anybody may send one.
 */
export const BODY_DEADLINE_MS = 60_000;

/** What the client is told whose body took too long. */
export const BODY_TOO_SLOW = 'The body took too long to arrive. Send it within a minute.';

/** Answers 408 and ends the connection where the body has not arrived by then. */
export function holdToDeadline(request: IncomingMessage, deadlineMs = BODY_DEADLINE_MS): void {
  const { headers, socket } = request;
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  if (!hasBody) return;
  const deadline = setTimeout(() => {
    if (request.complete || socket.destroyed) return;
    writeRawProblem(socket, 'request_timeout', BODY_TOO_SLOW);
    socket.destroySoon();
  }, deadlineMs);
  deadline.unref();
  request.once('close', () => clearTimeout(deadline));
  request.once('end', () => clearTimeout(deadline));
}
