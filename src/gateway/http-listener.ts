import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestHead } from '@scopegate/access';
import { writeRawProblem } from '../common/http/problem.writer.js';
import { answerClientError } from './client-error.answer.js';
import { lastAnswerOf, lastHeadOf, noteLastRequest, tellOfLostConnection } from './last-answer.js';
import type { OpenConnections } from './open.connections.js';
import { isOtherProtocol } from './request-protocol.js';

/** A head that takes longer than this to arrive is dropped. */
const HEADERS_TIMEOUT_MS = 30_000;

/** A request as it came to a listener. */
export interface ReceivedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly isOtherProtocol: boolean;
  /** `continue`: the client waits for `100 Continue` before it sends the body (RFC 9110 10.1.1). */
  readonly expectation: 'none' | 'continue' | 'unknown';
}

/** Makes the server of a listener. It answers what never becomes a request, and hands over everything else. */
export function createListener(connections: OpenConnections, onRequest: (received: ReceivedRequest) => void): Server {
  const receive =
    (expectation: ReceivedRequest['expectation']) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const { socket } = request;
      const before = lastAnswerOf(socket);
      if (before !== undefined && !before.writableFinished) tellOfLostConnection(socket, response);
      const previous = lastHeadOf(socket);
      const head = RequestHead.of(request.rawHeaders, previous);
      noteLastRequest(socket, head, response);
      connections.takeAnswer(response, before);
      onRequest({ request, response, head, isOtherProtocol: isOtherProtocol(request, head === previous), expectation });
    };
  const server = createServer(
    {
      // Judged by the gateway itself, so that the answer is a problem that says what is wrong.
      requireHostHeader: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // An upload may take as long as it takes; what stalls is ended by the upstream's timeouts.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      insecureHTTPParser: false,
    },
    receive('none'),
  );
  // Every line is needed, since more than a hundred are refused; Node's own limit would hide the rest.
  server.maxHeadersCount = 0;
  server.on('checkContinue', receive('continue'));
  server.on('checkExpectation', receive('unknown'));
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    if (socket instanceof Socket) {
      writeRawProblem(socket, 'method_not_allowed', 'TRACE and CONNECT are refused for everyone.');
    } else {
      socket.destroy();
    }
  });
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) =>
    answerClientError(error, socket, lastAnswerOf(socket)),
  );
  connections.watch(server);
  return server;
}
