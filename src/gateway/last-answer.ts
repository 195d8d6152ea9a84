import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const LAST_ANSWER = Symbol('last answer');

interface WithAnswer {
  [LAST_ANSWER]?: ServerResponse;
}

/** The answer to the last request of a connection: what comes behind it may turn out to be none. */
export function lastAnswerOf(socket: Duplex & WithAnswer): ServerResponse | undefined {
  return socket[LAST_ANSWER];
}

/** Notes the answer to the request that has just come. */
export function noteLastAnswer(socket: Duplex & WithAnswer, answer: ServerResponse): void {
  socket[LAST_ANSWER] = answer;
}

/**
 * Node tells of a connection's end only the answer that has the connection. One that waits behind another (pipelining)
 * would wait for ever, and with it the upstream's connection.
 */
export function tellOfLostConnection(socket: Socket, response: ServerResponse): void {
  const tell = (): void => {
    if (response.socket !== null || response.writableFinished) return;
    response.destroy();
    response.emit('close');
  };
  socket.once('close', tell);
  response.once('finish', () => socket.off('close', tell));
}
