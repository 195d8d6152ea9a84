import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const NO_BYTES = Buffer.alloc(0);

interface OfServer {
  readonly server: Server;
}

/**
 * Takes a connection out of Node's HTTP server after a 101. Node does so only where it reads the head, before anything
 * is judged, so an upgrade would skip the front door, and it drops the body of the request. Here the mark that Node
 * looks for is set afterwards, and an empty read makes Node look. Remove this when Node has a function for it.
 * @returns null if the connection is gone, or if Node keeps it: then nothing may be sent on it
 */
export function detachSocket(response: ServerResponse): Socket | null {
  const { socket, req } = response;
  if (socket === null || socket.destroyed) return null;
  const { server } = socket as Socket & OfServer;
  let isDetached = false;
  const note = (): void => {
    isDetached = true;
  };
  response.detachSocket(socket);
  Object.assign(req, { upgrade: true });
  server.once('upgrade', note);
  socket.emit('data', NO_BYTES);
  server.off('upgrade', note);
  if (isDetached) return socket;
  socket.destroy();
  return null;
}
