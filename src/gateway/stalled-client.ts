import type { Socket } from 'node:net';

/**
 * Ends a client's connection when nothing moves on it for so long: a body that is not sent on, or an answer that is not
 * read, would hold one of the limited connections to the upstream without end.
 * @returns ends the watch, for the time in which the upstream is waited for
 */
export function watchForStall(socket: Socket, timeoutMs: number): () => void {
  // Without a listener, Node's server ends the connection on its timeout.
  socket.setTimeout(timeoutMs);
  return () => socket.setTimeout(0);
}
