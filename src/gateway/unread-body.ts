import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a client may go on sending a body that nobody reads any more. */
const DRAIN_TIMEOUT_MS = 30_000;

/**
 * Reads and drops what is left of a body once its request has been answered, so that the client gets to read the
 * answer and the next request on the connection begins where it should. A body without an end is cut off.
 */
export function dropUnreadBody(request: IncomingMessage, response: ServerResponse): void {
  // Most bodies are small, and here by the end of this turn: Node drops those itself.
  if (!request.complete) setImmediate(dropOnceAnswered, request, response);
}

function dropOnceAnswered(request: IncomingMessage, response: ServerResponse): void {
  if (response.writableFinished) drop(request);
  else if (!request.complete) response.once('finish', () => drop(request));
}

function drop(request: IncomingMessage): void {
  if (request.complete || request.socket.destroyed) return;
  request.unpipe();
  request.resume();
  const cut = setTimeout(() => request.socket.destroy(), DRAIN_TIMEOUT_MS);
  cut.unref();
  request.once('close', () => clearTimeout(cut));
}
