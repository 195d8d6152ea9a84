import type { IncomingMessage, ServerResponse } from 'node:http';
import { announcesBody } from '@scopegate/kernel';

/** How much of a body is read and dropped after its request has been answered. */
export interface UnreadBodyBounds {
  /** In bytes: what is read as it comes. The rest is read piece by piece, in turn with all other bodies of the kind. */
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
export const REFUSED_BODY: UnreadBodyBounds = { freeBytes: 65_536, maxBytes: 16_777_216, timeoutMs: 10_000 };

/** The same at the server's own paths, where no body that is taken is larger. */
export const OWN_PATH_BODY: UnreadBodyBounds = { ...REFUSED_BODY, maxBytes: 2_097_152 };

/** The time between two pieces of at most 64 KiB, whosever they are: some 13 MB a second in all. */
const PIECE_INTERVAL_MS = 5;

/** Requests with more to be dropped, in their order. However many they are, all of them together cost no more. */
const waiting = new Set<IncomingMessage>();

let turns: NodeJS.Timeout | undefined;

function resumeInTurn(request: IncomingMessage): void {
  waiting.add(request);
  turns ??= setInterval(resumeNext, PIECE_INTERVAL_MS).unref();
}

function resumeNext(): void {
  const [next] = waiting;
  if (next === undefined) {
    clearInterval(turns);
    turns = undefined;
    return;
  }
  waiting.delete(next);
  next.resume();
}

/**
 * Reads and drops what is left of a body once its request has been answered, so that the client gets to read the
 * answer and the next request on the connection begins where it should. It has to be called before the answer ends:
 * Node would read on without any bound.
 */
export function dropUnreadBody(request: IncomingMessage, response: ServerResponse, bounds: UnreadBodyBounds): void {
  if (request.complete || !announcesBody(request.rawHeaders)) return;
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
      resumeInTurn(request);
    }
  });
  request.resume();
  const cut = setTimeout(() => socket.destroy(), timeoutMs);
  cut.unref();
  request.once('close', () => {
    clearTimeout(cut);
    waiting.delete(request);
  });
}
