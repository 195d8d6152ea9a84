import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { writeRawProblem } from '../common/http/problem.writer.js';

/**
 * What Node's parser refuses never becomes a request: it is answered on the connection, which is then closed.
 * @param last the answer to the request before it on this connection, or to the one whose body it broke
 */
export function answerClientError(
  error: Error & { code?: string },
  socket: Duplex,
  last: ServerResponse | undefined,
): void {
  if (!(socket instanceof Socket) || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (last !== undefined && !(last.writableFinished && last.req.complete)) {
    // Bytes written now would be taken for the answer that is due, or for a part of it.
    if (last.req.complete || last.headersSent || last.socket !== socket) {
      socket.destroySoon();
      return;
    }
    // The error is in the body of the request that is due: nothing of it goes upstream any more.
    last.req.unpipe();
  }
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      writeRawProblem(socket, 'headers_too_large', 'Send at most 100 header lines and 16 KiB of headers.');
      return;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      writeRawProblem(socket, 'request_timeout', 'The request took too long to arrive.');
      return;
    default:
      writeRawProblem(socket, 'request_malformed', 'The request is not valid HTTP/1.1.');
  }
}
