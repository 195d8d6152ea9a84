import { connect, type Socket } from 'node:net';
import { HttpMessageReader } from './http-message.reader.js';
import type { HttpMessage } from './http-message.js';

/** Connections that an attacker keeps open to make others wait. */
export type Attack = {
  /** The answers so far, of all connections. */
  readonly answers: readonly HttpMessage[];
  /** The heads of answers so far, complete or not. */
  readonly heads: readonly string[];
  readonly open: number;
  stop(): void;
};

export type AttackOptions = {
  readonly port: number;
  readonly connections: number;
  /** What each connection begins with; Latin-1. */
  readonly head: string;
  /** What each connection sends again and again. Default: nothing. */
  readonly trickle?: string;
  /** Default 500. */
  readonly trickleMs?: number;
  /** The local address that the connections come from. Default 127.0.0.1. */
  readonly from?: string;
  /** Whether what comes is read. Default true. */
  readonly reads?: boolean;
};

/** Opens connections that send a beginning and then, now and then, a little more. */
export function holdConnections(options: AttackOptions): Attack {
  const answers: HttpMessage[] = [];
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  for (let index = 0; index < options.connections; index += 1) {
    const socket = connect({ port: options.port, host: '127.0.0.1', localAddress: options.from ?? '127.0.0.1' });
    sockets.add(socket);
    const reader = new HttpMessageReader({
      unframed: 'until-end',
      onHead: ({ startLine }) => heads.push(startLine),
      onMessage: (message) => answers.push(message),
    });
    if (options.reads !== false) {
      socket.on('data', (bytes) => reader.push(bytes));
      socket.on('end', () => reader.end());
    }
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.write(options.head, 'latin1');
  }
  const { trickle } = options;
  const timer =
    trickle === undefined
      ? undefined
      : setInterval(() => {
          for (const socket of sockets) if (socket.writable) socket.write(trickle, 'latin1');
        }, options.trickleMs ?? 500);
  return {
    answers,
    heads,
    get open() {
      return sockets.size;
    },
    stop() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The head of a request; lines such as `Content-Length: 5`. */
export function requestHead(method: string, target: string, lines: readonly string[] = []): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: gateway', ...lines, '', ''].join('\r\n');
}

type Bodies = Omit<AttackOptions, 'head'> & { readonly target: string; readonly lines?: readonly string[] };

/** Bodies that are announced and begun, and never go on. */
export function unfinishedBodies({ target, lines = [], ...options }: Bodies): Attack {
  return holdConnections({ ...options, head: `${requestHead('POST', target, ['Content-Length: 100000', ...lines])}{` });
}

/** Bodies that go on for ever, a few bytes at a time. */
export function slowBodies({ target, lines = [], ...options }: Bodies): Attack {
  const head = `${requestHead('POST', target, ['Content-Length: 100000', ...lines])}{`;
  return holdConnections({ trickle: 'b', ...options, head });
}

/** GET requests whose answers the upstream does not end, such as event streams. */
export function openAnswers({ target, lines = [], ...options }: Bodies): Attack {
  return holdConnections({ ...options, head: requestHead('GET', target, lines) });
}
