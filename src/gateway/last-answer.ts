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

/** What follows it on the connection may not be a request. */
export function lastAnswerOf(socket: Duplex & WithAnswer): ServerResponse | undefined {
  return socket[LAST_ANSWER];
}

export function lastHeadOf(socket: Duplex & WithAnswer): RequestHead | undefined {
  return socket[LAST_HEAD];
}

export function noteLastRequest(socket: Duplex & WithAnswer, head: RequestHead, answer: ServerResponse): void {
  socket[LAST_HEAD] = head;
  socket[LAST_ANSWER] = answer;
}

/**
 * Node reports a lost connection only to the current answer. A pipelined one would wait for ever, with its upstream
 * connection.
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
