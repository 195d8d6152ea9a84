import type { Socket } from 'node:net';

/**
 * Ends a client's connection when nothing moves on it for so long: a body that is not sent on, or an answer that is not
 * read, would hold a connection to the upstream for ever, and an application has a limited number of them.
 * @returns ends the watch, for the time in which the upstream is waited for
 */
export function watchForStall(socket: Socket, timeoutMs: number): () => void {
  // Node's server ends a connection whose timeout nobody listens to.
  socket.setTimeout(timeoutMs);
  return () => socket.setTimeout(0);
}
