import type { IncomingMessage, ServerResponse } from 'node:http';
import { announcesBody, ask } from '@scopegate/kernel';

/** How much of a body is read and dropped after its request has been answered. */
export interface UnreadBodyBounds {
  /** In bytes: what comes at once. The rest is read piece by piece, with pauses between. */
  readonly freeBytes: number;
  /** In bytes, all in all; then the connection is closed. */
  readonly maxBytes: number;
  /** In milliseconds after the answer; then the connection is closed. */
  readonly timeoutMs: number;
}

/** A body that went upstream until an early answer came: its sender has earned that it is read to its end. */
export const FORWARDED_BODY: UnreadBodyBounds = { freeBytes: Infinity, maxBytes: Infinity, timeoutMs: 30_000 };

/**
 * A body that was refused, or that nothing asked for (R112). Many clients read an answer only once they have sent
 * everything, so it is not cut off at once; but its sender has earned nothing.
 */
export const REFUSED_BODY: UnreadBodyBounds = { freeBytes: 262_144, maxBytes: 16_777_216, timeoutMs: 10_000 };

/** The same at the server's own paths, where no body that is taken is larger. */
export const OWN_PATH_BODY: UnreadBodyBounds = { ...REFUSED_BODY, maxBytes: 2_097_152 };

/** The pause after each further piece of at most 64 KiB: some 3 MB a second. */
const PAUSE_MS = 20;

/**
 * Reads and drops what is left of a body once its request has been answered, so that the client gets to read the
 * answer and the next request on the connection begins where it should. It has to be called before the answer ends:
 * Node would read on without any bound.
 */
export function dropUnreadBody(request: IncomingMessage, response: ServerResponse, bounds: UnreadBodyBounds): void {
  if (request.complete || !ask(request.rawHeaders, announcesBody)) return;
  // Before Node's own listener, which decides by what has been read so far whether it drops the rest itself.
  response.prependOnceListener('finish', () => drop(request, bounds));
}

function drop(request: IncomingMessage, { freeBytes, maxBytes, timeoutMs }: UnreadBodyBounds): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  request.unpipe();
  // Node leaves a body alone that has been read from.
  request.read(0);
  let dropped = 0;
  request.on('data', (piece: Buffer) => {
    dropped += piece.length;
    if (dropped > maxBytes) {
      socket.destroy();
    } else if (dropped > freeBytes) {
      request.pause();
      setTimeout(() => request.resume(), PAUSE_MS).unref();
    }
  });
  request.resume();
  const cut = setTimeout(() => socket.destroy(), timeoutMs);
  cut.unref();
  request.once('close', () => clearTimeout(cut));
}
