import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { HttpMessageReader } from './http-message.reader.js';
import { headerValue, headerValues, type HeaderLine, type HttpMessage } from './http-message.js';

/** An answer, read off the wire. Text is Latin-1, one character a byte, save in `text()` and `json()`. */
export type RawAnswer = {
  /** 0 when no answer came. */
  readonly status: number;
  readonly statusText: string;
  readonly headerLines: readonly HeaderLine[];
  /** The first value of a header, compared without case. */
  header(name: string): string | undefined;
  headerValues(name: string): readonly string[];
  /** The body with the framing taken off; of a message that did not end, what came of it. */
  readonly body: Buffer;
  readonly trailers: readonly HeaderLine[];
  /** The body as UTF-8. */
  text(): string;
  /** The body as JSON. @throws SyntaxError when it is not JSON */
  json<Content = unknown>(): Content;
  /** Every byte received, whatever it was. */
  readonly raw: Buffer;
  /** The bytes after the answer: more answers, where several requests were sent at once. */
  readonly rest: Buffer;
  /** The 1xx answers before the final one. */
  readonly interim: readonly { readonly status: number; readonly headerLines: readonly HeaderLine[] }[];
  /** Whether the answer ended as its framing says. */
  readonly complete: boolean;
  /** Whether the server ended the connection, within the time given for that. */
  readonly closed: boolean;
  readonly timedOut: boolean;
};

export type SendOptions = {
  readonly host?: string;
  /** For the whole exchange; what has come by then is the answer, with `timedOut`. Default 30,000. */
  readonly timeoutMs?: number;
  /** How many final answers to wait for, where several requests are sent at once. Default 1. */
  readonly answers?: number;
  /** How long to wait after that for the server to end the connection. Default 5,000 after `Connection: close`, else 20. */
  readonly closeWaitMs?: number;
  /** Sent once an interim answer has come (Expect: 100-continue). */
  readonly afterContinue?: string | Buffer;
  /** The pause between the pieces, where the bytes are given as several. Default 10. */
  readonly pauseMs?: number;
  /** Awaited in place of the pause before each further piece: what a test does or looks at between the two. */
  readonly betweenPieces?: () => Promise<unknown>;
  /** Called with the bytes received so far; answering true goes away at once, as a client does that gives up. */
  readonly abortWhen?: (received: Buffer) => boolean;
  readonly bodyLimitBytes?: number;
};

export type RawRequest = {
  readonly port: number;
  readonly method?: string;
  /** Sent exactly as it is, one byte a character. */
  readonly target: string;
  /** Sent exactly as they are and in this order. */
  readonly headers?: readonly HeaderLine[];
  /** A string is UTF-8. */
  readonly body?: string | Buffer;
};

type Bytes = string | Buffer;

/**
 * Sends the bytes over a new connection and reads the first final answer. Strings are Latin-1.
 * @param bytes what to send, whole or in pieces with a pause between them
 * @returns what came, even if that is nothing; only a refused connection and a failure between pieces are rejections
 */
export function sendRaw(port: number, bytes: Bytes | readonly Bytes[], options: SendOptions = {}): Promise<RawAnswer> {
  const pieces = (Array.isArray(bytes) ? (bytes as readonly Bytes[]) : [bytes as Bytes]).map(toBytes);
  const isHead = pieces[0]?.toString('latin1', 0, 5) === 'HEAD ';

  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const interim: { status: number; headerLines: readonly HeaderLine[] }[] = [];
    let final: HttpMessage | undefined;
    let finalAnswers = 0;
    let connected = false;
    let closed = false;
    let timedOut = false;
    let settled = false;
    let closeWait: NodeJS.Timeout | undefined;

    const reader = new HttpMessageReader({
      unframed: 'until-end',
      bodiless: ({ startLine }) => {
        const status = statusOf(startLine);
        return status < 200 || status === 204 || status === 304 || isHead;
      },
      ...(options.bodyLimitBytes === undefined ? {} : { bodyLimitBytes: options.bodyLimitBytes }),
      onMessage: (message) => {
        const status = statusOf(message.startLine);
        if (status >= 100 && status < 200 && status !== 101) {
          if (final !== undefined) return;
          interim.push({ status, headerLines: message.headerLines });
          if (options.afterContinue !== undefined && interim.length === 1) {
            socket.write(toBytes(options.afterContinue));
          }
          return;
        }
        final ??= message;
        finalAnswers += 1;
        if (finalAnswers !== (options.answers ?? 1)) return;
        const isLast = headerValue(message.headerLines, 'connection')?.toLowerCase() === 'close';
        closeWait = setTimeout(settle, options.closeWaitMs ?? (isLast ? 5_000 : 20));
      },
    });

    const settle = (): void => {
      if (settled) {
        return;
      }
      settled = true;
      clearTimeout(limit);
      clearTimeout(closeWait);
      socket.destroy();
      const raw = Buffer.concat(received);
      resolve(toAnswer(final ?? reader.partial, { raw, interim, complete: final !== undefined, closed, timedOut }));
    };

    const fail = (error: Error): void => {
      settled = true;
      clearTimeout(limit);
      clearTimeout(closeWait);
      socket.destroy();
      reject(error);
    };

    const socket = connect({ port, host: options.host ?? '127.0.0.1', noDelay: true });
    const limit = setTimeout(() => {
      timedOut = final === undefined;
      settle();
    }, options.timeoutMs ?? 30_000);

    socket.on('connect', () => {
      connected = true;
      const between = options.betweenPieces ?? ((): Promise<unknown> => pause(options.pauseMs ?? 10));
      const writePiece = (piece: Buffer): void => {
        if (!socket.destroyed && socket.writable) {
          socket.write(piece);
        }
      };
      writePieces(pieces, between, writePiece).catch(fail);
    });
    socket.on('data', (chunk) => {
      received.push(chunk);
      reader.push(chunk);
      if (options.abortWhen?.(Buffer.concat(received)) === true) {
        settle();
      }
    });
    socket.on('end', () => {
      closed = true;
      reader.end();
    });
    socket.on('error', (error) => {
      if (!connected) fail(error);
      // Afterwards it is a reset: the server went away while bytes were still being sent, and the answer may be here already.
    });
    socket.on('close', () => {
      closed = true;
      settle();
    });
  });
}

/**
 * Sends one request whose target and header lines are not touched. Two lines are added where the headers lack them:
 * `Host`, and `Content-Length` for a body that nothing frames.
 */
export function request(content: RawRequest, options: SendOptions = {}): Promise<RawAnswer> {
  return sendRaw(content.port, requestBytes(content), options);
}

/** The bytes that `request` sends. */
export function requestBytes(content: RawRequest): Buffer {
  const headers: HeaderLine[] = [...(content.headers ?? [])];
  if (headerValue(headers, 'host') === undefined) {
    headers.unshift(['Host', `127.0.0.1:${content.port}`]);
  }
  const body = typeof content.body === 'string' ? Buffer.from(content.body, 'utf8') : content.body;
  const framing = headerValue(headers, 'content-length') ?? headerValue(headers, 'transfer-encoding');
  if (body !== undefined && framing === undefined) {
    headers.push(['Content-Length', String(body.length)]);
  }
  const lines = [
    `${content.method ?? 'GET'} ${content.target} HTTP/1.1`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    '',
    '',
  ];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), body ?? Buffer.alloc(0)]);
}

async function writePieces(
  pieces: readonly Buffer[],
  between: () => Promise<unknown>,
  writePiece: (piece: Buffer) => void,
): Promise<void> {
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) {
      await between();
    }
    writePiece(piece);
  }
}

function toBytes(bytes: Bytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}

function statusOf(startLine: string): number {
  return Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(startLine)?.[1] ?? 0);
}

function toAnswer(
  message: HttpMessage | undefined,
  exchange: Pick<RawAnswer, 'raw' | 'interim' | 'complete' | 'closed' | 'timedOut'>,
): RawAnswer {
  const headerLines = message?.headerLines ?? [];
  const body = message?.body ?? Buffer.alloc(0);
  // Everything before the end of the final message has been consumed in order, so the rest is found by its length.
  const consumed = message === undefined ? 0 : exchange.raw.indexOf(message.raw) + message.raw.length;
  return {
    status: statusOf(message?.startLine ?? ''),
    statusText: /^HTTP\/1\.[01] \d{3} (.*)$/.exec(message?.startLine ?? '')?.[1] ?? '',
    headerLines,
    header: (name) => headerValue(headerLines, name),
    headerValues: (name) => headerValues(headerLines, name),
    body,
    trailers: message?.trailers ?? [],
    text: () => body.toString('utf8'),
    json: <Content>() => JSON.parse(body.toString('utf8')) as Content,
    rest: exchange.raw.subarray(consumed),
    ...exchange,
  };
}
