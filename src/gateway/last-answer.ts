import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RequestHead } from '@scopegate/access';

const LAST_ANSWER = Symbol('last answer');
const LAST_HEAD = Symbol('last head');

interface WithAnswer {
  [LAST_ANSWER]?: ServerResponse;
  [LAST_HEAD]?: RequestHead;
}

/** The answer to the last request of a connection: what follows it may turn out not to be a request. */
export function lastAnswerOf(socket: Duplex & WithAnswer): ServerResponse | undefined {
  return socket[LAST_ANSWER];
}

/** The head of the last request of a connection. */
export function lastHeadOf(socket: Duplex & WithAnswer): RequestHead | undefined {
  return socket[LAST_HEAD];
}

/** Notes the request that has just come. */
export function noteLastRequest(socket: Duplex & WithAnswer, head: RequestHead, answer: ServerResponse): void {
  socket[LAST_HEAD] = head;
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
