import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Held requests of one connection; then it is read no further. The last packet may bring some thousand more. */
const MAX_HELD = 100;

const HELD = Symbol('held requests');

interface WithHeld {
  [HELD]?: number;
}

/**
 * Holds a pipelined request until the answer before it is complete: a DELETE must not overtake the PUT before it (RFC
 * 9112 9.3.2). Dropped if the connection ends by then, also after an answer with `Connection: close` (RFC 9112 9.6).
 */
export function holdUntilAnswered(socket: Socket & WithHeld, before: ServerResponse, goOn: () => void): void {
  const held = (socket[HELD] ?? 0) + 1;
  if (socket[HELD] === undefined) socket.on('resume', pauseIfFull);
  socket[HELD] = held;
  if (held >= MAX_HELD) socket.pause();
  before.once('close', () => {
    const left = (socket[HELD] ?? 1) - 1;
    socket[HELD] = left;
    if (left === MAX_HELD - 1) socket.resume();
    if (socket.writable) goOn();
  });
}

/** Node resumes a connection after each of its requests. */
function pauseIfFull(this: WithHeld & Socket): void {
  if ((this[HELD] ?? 0) >= MAX_HELD) this.pause();
}
