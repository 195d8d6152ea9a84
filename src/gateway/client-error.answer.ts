import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { writeRawProblem } from '../common/http/problem.writer.js';

/**
 * For bytes that Node's parser refuses: answers and closes the connection.
 * @param last the previous answer on it, or the one whose body is broken
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
  // Bytes behind the last request (RFC 9112 9.6). The connection ends after its answer.
  if (error.code === 'HPE_CLOSED_CONNECTION' && last?.writableFinished === false) return;
  if (last !== undefined && !(last.writableFinished && last.req.complete)) {
    // The client would take these bytes for a part of the earlier answer.
    if (last.req.complete || last.headersSent || last.socket !== socket) {
      socket.destroySoon();
      return;
    }
    // The error is in the body of the current request: stop forwarding it.
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
