import { Socket } from 'node:net';

/**
 * Holds back what is written to a connection until the answer may leave. Corking alone does not: Node uncorks the
 * connection itself when an answer ends, so for as long as it is held the connection does not listen to that.
 * @returns lets everything go
 */
export function holdConnection(socket: Socket): () => void {
  socket.cork();
  socket.uncork = staysCorked;
  return () => {
    socket.uncork = uncork;
    // Node counts its own corking as undone when the answer ends, and other parts may have corked meanwhile.
    while (socket.writableCorked > 0) socket.uncork();
  };
}

function uncork(this: Socket): void {
  Socket.prototype.uncork.call(this);
}

function staysCorked(): void {
  // Nothing leaves before the record of it is written.
}
