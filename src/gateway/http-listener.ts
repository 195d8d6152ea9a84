import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { RequestHead } from '@scopegate/access';
import { writeRawProblem } from '../common/http/problem.writer.js';
import { answerClientError } from './client-error.answer.js';
import { holdUntilAnswered } from './held-requests.js';
import { lastAnswerOf, lastHeadOf, noteLastRequest, tellOfLostConnection } from './last-answer.js';
import type { OpenConnections } from './open.connections.js';
import { isOtherProtocol } from './request-protocol.js';

/** The longest time for a head to arrive. */
const HEADERS_TIMEOUT_MS = 30_000;

export interface ReceivedRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly head: RequestHead;
  readonly isOtherProtocol: boolean;
  /** `continue`: `Expect: 100-continue` (RFC 9110 10.1.1). */
  readonly expectation: 'none' | 'continue' | 'unknown';
}

/** Answers what never becomes a request, and passes on the rest. */
export function createListener(connections: OpenConnections, onRequest: (received: ReceivedRequest) => void): Server {
  const receive =
    (expectation: ReceivedRequest['expectation']) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const { socket } = request;
      const before = lastAnswerOf(socket);
      const isPipelined = before !== undefined && !before.writableFinished;
      if (isPipelined) tellOfLostConnection(socket, response);
      const previous = lastHeadOf(socket);
      const head = RequestHead.of(request.rawHeaders, previous);
      noteLastRequest(socket, head, response);
      connections.takeAnswer(response, before);
      const isOther = isOtherProtocol(request, head === previous);
      const received = { request, response, head, isOtherProtocol: isOther, expectation };
      if (isPipelined) holdUntilAnswered(socket, before, () => onRequest(received));
      else onRequest(received);
    };
  const server = createServer(
    {
      // The gateway checks this and answers with a problem.
      requireHostHeader: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // Uploads have no limit; the upstream's timeouts end stalled ones.
      requestTimeout: 0,
      keepAliveTimeout: 65_000,
      insecureHTTPParser: false,
    },
    receive('none'),
  );
  // Node's limit would hide lines, and we refuse more than a hundred.
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
