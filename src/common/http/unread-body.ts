import type { IncomingMessage, ServerResponse } from 'node:http';
import { announcesBody } from '@scopegate/kernel';

/** How much of a body is dropped after the answer. */
export interface UnreadBodyBounds {
  /** Bytes read as they come. The rest is read in pieces, in turn with other bodies. */
  readonly freeBytes: number;
  /** Bytes in total; then the connection is closed. */
  readonly maxBytes: number;
  /** Milliseconds after the answer; then the connection is closed. */
  readonly timeoutMs: number;
}

/** Went upstream until an early answer came: read to its end. */
export const FORWARDED_BODY: UnreadBodyBounds = { freeBytes: Infinity, maxBytes: Infinity, timeoutMs: 30_000 };

/** R112: refused or not needed. Many clients read the answer only after sending all, so it is not cut off at once. */
export const REFUSED_BODY: UnreadBodyBounds = { freeBytes: 65_536, maxBytes: 16_777_216, timeoutMs: 10_000 };

/** The server's own paths accept no larger bodies. */
export const OWN_PATH_BODY: UnreadBodyBounds = { ...REFUSED_BODY, maxBytes: 2_097_152 };

/** Between two pieces of at most 64 KiB: some 13 MB a second for all bodies. */
const PIECE_INTERVAL_MS = 5;

/** In order. All of them together cost no more than one. */
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
 * Reads the rest of a body after its answer, so that the client gets the answer and the connection can go on. Call it
 * before the answer ends: Node would read without limit.
 */
export function dropUnreadBody(request: IncomingMessage, response: ServerResponse, bounds: UnreadBodyBounds): void {
  if (request.complete || !announcesBody(request.rawHeaders)) return;
  // Before Node's own listener, which may drop the rest itself.
  response.prependOnceListener('finish', () => drop(request, bounds));
}

function drop(request: IncomingMessage, { freeBytes, maxBytes, timeoutMs }: UnreadBodyBounds): void {
  const { socket } = request;
  if (request.complete || socket.destroyed) return;
  request.unpipe();
  // Node leaves a body alone after a read.
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
