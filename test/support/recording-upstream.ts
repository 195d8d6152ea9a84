import { createServer, type Socket } from 'node:net';
import { HttpMessageReader } from './http-message.reader.js';
import { headerValue, headerValues, type HttpMessage } from './http-message.js';
import { listen } from './listen.js';
import { writeAnswer, writeBytes, type UpstreamAnswer } from './upstream-answer.writer.js';

/** A request as the upstream received it. Text is Latin-1, one character a byte. */
export type RecordedRequest = HttpMessage & {
  readonly method: string;
  /** The request target, exactly as it stood in the request line. */
  readonly target: string;
  readonly version: string;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
  /** The first value of a header, compared without case. */
  header(name: string): string | undefined;
  headerValues(name: string): readonly string[];
};

export type Respond = (request: RecordedRequest) => UpstreamAnswer | Promise<UpstreamAnswer>;

export type RecordingUpstreamOptions = {
  readonly respond?: Respond;
  /** How much of a body is kept in `body` and `raw`; `bodyLength` and `bodySha256` are of the whole. Default 16 MiB. */
  readonly bodyLimitBytes?: number;
};

/** An upstream on a bare socket: it records the bytes as they came, and no HTTP library reads them before. */
export type RecordingUpstream = {
  readonly url: string;
  readonly port: number;
  /** The complete requests so far, in the order of their arrival. */
  readonly requests: readonly RecordedRequest[];
  /** The last complete request. */
  readonly lastRequest: RecordedRequest | undefined;
  /** Bytes received so far. "The upstream receives nothing" is 0 here, which is stricter than no request. */
  readonly bytesReceived: number;
  readonly connectionsOpened: number;
  readonly connectionsOpen: number;
  /** Connections that the client closed inside a request or before the end of its answer. */
  readonly connectionsAborted: number;
  /** Answers from now on as this function says, until `clear()`. */
  respondWith(respond: Respond): void;
  /** Forgets what was recorded and counted, and answers again as it did at the start. */
  clear(): void;
  /** @throws Error when there are not so many complete requests in time */
  waitForRequests(count: number, timeoutMs?: number): Promise<readonly RecordedRequest[]>;
  /** @throws Error when there are not so many aborted connections in time */
  waitForAborts(count: number, timeoutMs?: number): Promise<void>;
  stop(): Promise<void>;
};

const HOST = '127.0.0.1';
const DEFAULT_ANSWER: UpstreamAnswer = {
  status: 200,
  headers: [['Content-Type', 'application/json']],
  body: '{"upstream":"ok"}',
};

/** Starts an upstream on a port that the system chooses on 127.0.0.1. */
export async function startRecordingUpstream(options: RecordingUpstreamOptions = {}): Promise<RecordingUpstream> {
  const initialRespond: Respond = options.respond ?? ((): UpstreamAnswer => DEFAULT_ANSWER);
  let respond = initialRespond;
  let requests: RecordedRequest[] = [];
  let bytesReceived = 0;
  let connectionsOpened = 0;
  let connectionsAborted = 0;
  const sockets = new Set<Socket>();

  const server = createServer((socket) => {
    connectionsOpened += 1;
    const connection = connectionsOpened;
    sockets.add(socket);
    socket.setNoDelay(true);
    let endedByUs = false;
    let answersDue = 0;
    let answers = Promise.resolve();
    const endedBy = (end: () => void): void => {
      endedByUs = true;
      end();
    };

    const reader = new HttpMessageReader({
      unframed: 'no-body',
      ...(options.bodyLimitBytes === undefined ? {} : { bodyLimitBytes: options.bodyLimitBytes }),
      onHead: (head) => {
        // A client that asks first sends its body only after this line (RFC 9110 10.1.1).
        if (headerValue(head.headerLines, 'expect')?.toLowerCase() === '100-continue') {
          socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        }
      },
      onMessage: (message) => {
        const request = toRequest(message, connection);
        requests.push(request);
        answersDue += 1;
        // One answer after the other, in the order of the requests, because a client may send several without waiting.
        answers = answers.then(async () => {
          try {
            await answer(socket, request, await respond(request), endedBy);
          } catch (error) {
            endedBy(() => socket.end(failureOfTheTest(error)));
          }
          // An answer that the client did not wait for stays due, so that the close counts it.
          if (!socket.destroyed || endedByUs) {
            answersDue -= 1;
          }
        });
      },
    });

    socket.on('data', (chunk) => {
      bytesReceived += chunk.length;
      reader.push(chunk);
      if (reader.isMalformed && !endedByUs) {
        endedBy(() => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
      }
    });
    // A reset is one of the two ways in which a client goes away; the count happens at the close, which follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      if (!endedByUs && (reader.isUnderWay || answersDue > 0)) {
        connectionsAborted += 1;
      }
    });
  });
  const port = await listen(server);

  return {
    url: `http://${HOST}:${port}`,
    port,
    get requests(): readonly RecordedRequest[] {
      return requests;
    },
    get lastRequest(): RecordedRequest | undefined {
      return requests.at(-1);
    },
    get bytesReceived(): number {
      return bytesReceived;
    },
    get connectionsOpened(): number {
      return connectionsOpened;
    },
    get connectionsOpen(): number {
      return sockets.size;
    },
    get connectionsAborted(): number {
      return connectionsAborted;
    },
    respondWith(next: Respond): void {
      respond = next;
    },
    clear(): void {
      requests = [];
      bytesReceived = 0;
      connectionsAborted = 0;
      respond = initialRespond;
    },
    async waitForRequests(count, timeoutMs = 30_000): Promise<readonly RecordedRequest[]> {
      await waitUntil(
        () => requests.length >= count,
        timeoutMs,
        () => `${requests.length} of ${count} requests came`,
      );
      return requests;
    },
    async waitForAborts(count, timeoutMs = 30_000): Promise<void> {
      await waitUntil(
        () => connectionsAborted >= count,
        timeoutMs,
        () => `${connectionsAborted} of ${count} connections were aborted`,
      );
    },
    async stop(): Promise<void> {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}

function toRequest(message: HttpMessage, connection: number): RecordedRequest {
  // The target is what stands between the first and the last space: a test may well send one with spaces in it.
  const first = message.startLine.indexOf(' ');
  const last = message.startLine.lastIndexOf(' ');
  return {
    ...message,
    method: message.startLine.slice(0, first),
    target: message.startLine.slice(first + 1, last),
    version: message.startLine.slice(last + 1),
    connection,
    header: (name) => headerValue(message.headerLines, name),
    headerValues: (name) => headerValues(message.headerLines, name),
  };
}

async function answer(
  socket: Socket,
  request: RecordedRequest,
  content: UpstreamAnswer,
  endedBy: (end: () => void) => void,
): Promise<void> {
  if (content.hang === true) {
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
    // The close has been counted by then, with this answer still due.
    return;
  }
  if (content.delayMs !== undefined) {
    await new Promise((resolve) => setTimeout(resolve, content.delayMs));
  }
  const reset = (): void => endedBy(() => socket.resetAndDestroy());
  if (content.destroy === true && content.destroyAfterBytes === undefined) {
    reset();
    return;
  }
  const closes =
    content.close === true || request.version === 'HTTP/1.0' || request.header('connection')?.toLowerCase() === 'close';
  if (content.raw !== undefined) {
    await writeBytes(socket, typeof content.raw === 'string' ? Buffer.from(content.raw, 'latin1') : content.raw);
  } else {
    const completed = await writeAnswer(socket, request.method, content);
    if (!completed) {
      reset();
      return;
    }
  }
  if (closes) {
    endedBy(() => socket.end());
  }
}

function failureOfTheTest(error: unknown): string {
  const text = `The answer of the test failed: ${error instanceof Error ? error.message : String(error)}`;
  return `HTTP/1.1 500 Test Failure\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
}

async function waitUntil(condition: () => boolean, timeoutMs: number, state: () => string): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) {
      throw new Error(`After ${timeoutMs} ms, ${state()}.`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
