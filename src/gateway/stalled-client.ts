import type { Socket } from 'node:net';

/**
 * A body that is not sent or an answer that is not read would hold an upstream connection for ever.
 * @returns ends the watch while the upstream is awaited
 */
export function watchForStall(socket: Socket, timeoutMs: number): () => void {
  // Without a listener, Node ends the connection.
  socket.setTimeout(timeoutMs);
  return () => socket.setTimeout(0);
}
