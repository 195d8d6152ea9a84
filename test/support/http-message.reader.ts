import { createHash, type Hash } from 'node:crypto';
import { headerValue, headerValues, type HeaderLine, type HttpMessage, type HttpMessageHead } from './http-message.js';

export type HttpMessageReaderOptions = {
  /** What a message is whose head names no length: a request then has no body, an answer lasts until the end. */
  readonly unframed: 'no-body' | 'until-end';
  /** True for an answer that has no body whatever its head says (to HEAD, 1xx, 204, 304). */
  readonly bodiless?: (head: HttpMessageHead) => boolean;
  readonly bodyLimitBytes?: number;
  readonly onHead?: (head: HttpMessageHead) => void;
  readonly onMessage: (message: HttpMessage) => void;
};

type State = 'head' | 'length' | 'until-end' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'malformed';

type MessageUnderWay = {
  readonly head: HttpMessageHead;
  readonly body: Buffer[];
  readonly raw: Buffer[];
  readonly digest: Hash;
  bodyLength: number;
  bodyKept: number;
  rawKept: number;
  trailers: readonly HeaderLine[];
};

const HEAD_LIMIT_BYTES = 1_048_576;
const DEFAULT_BODY_LIMIT_BYTES = 16_777_216;
const LINE_END = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * Takes a stream of bytes apart into messages. It is a second opinion beside Node's parser, and a plain one: it refuses
 * nothing that can be framed, so that a test sees what was sent.
 */
export class HttpMessageReader {
  private state: State = 'head';
  private pending: Buffer = Buffer.alloc(0);
  private remaining = 0;
  private current: MessageUnderWay | undefined;

  constructor(private readonly options: HttpMessageReaderOptions) {}

  /** Whether a message has begun and not ended. */
  get isUnderWay(): boolean {
    return this.state !== 'head' || this.pending.length > 0;
  }

  /** Whether the bytes could not be framed; nothing is read from then on. */
  get isMalformed(): boolean {
    return this.state === 'malformed';
  }

  /** The bytes that were received and belong to no message yet. */
  get rest(): Buffer {
    return this.pending;
  }

  /** What there is of a message that is under way. */
  get partial(): HttpMessage | undefined {
    return this.current === undefined ? undefined : toMessage(this.current);
  }

  push(chunk: Buffer): void {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    let goesOn = true;
    while (goesOn) {
      goesOn = this.step();
    }
  }

  /** The sender has ended the connection: ends a message that lasts until then. */
  end(): void {
    if (this.state === 'until-end') {
      this.finish();
    }
  }

  /** One step in the bytes at hand; false when more are needed. */
  private step(): boolean {
    switch (this.state) {
      case 'head':
        return this.readHead();
      case 'length':
        return this.readData('head');
      case 'chunk-data':
        return this.readData('chunk-end');
      case 'until-end':
        this.remaining = this.pending.length;
        this.readData('until-end');
        return false;
      case 'chunk-size':
        return this.readChunkSize();
      case 'chunk-end':
        return this.readChunkEnd();
      case 'trailers':
        return this.readTrailers();
      case 'malformed':
        return false;
    }
  }

  private readHead(): boolean {
    const end = this.pending.indexOf(HEAD_END);
    if (end < 0) {
      if (this.pending.length > HEAD_LIMIT_BYTES) {
        this.state = 'malformed';
      }
      return false;
    }
    const bytes = this.take(end + HEAD_END.length);
    const [startLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
    const head: HttpMessageHead = { startLine, headerLines: lines.map(parseHeaderLine) };
    this.current = {
      head,
      body: [],
      raw: [bytes],
      digest: createHash('sha256'),
      bodyLength: 0,
      bodyKept: 0,
      rawKept: 0,
      trailers: [],
    };
    this.options.onHead?.(head);
    this.chooseFraming(head);
    return this.state !== 'malformed';
  }

  private chooseFraming(head: HttpMessageHead): void {
    if (this.options.bodiless?.(head) === true) {
      this.finish();
      return;
    }
    const codings = headerValues(head.headerLines, 'transfer-encoding').join(',').toLowerCase();
    if (codings !== '') {
      this.state = codings.split(',').at(-1)?.trim() === 'chunked' ? 'chunk-size' : 'malformed';
      return;
    }
    const length = headerValue(head.headerLines, 'content-length');
    if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) {
        this.state = 'malformed';
        return;
      }
      this.remaining = Number(length);
      this.state = 'length';
      if (this.remaining === 0) {
        this.finish();
      }
      return;
    }
    if (this.options.unframed === 'until-end') {
      this.state = 'until-end';
    } else {
      this.finish();
    }
  }

  /** Takes bytes of the body; at their end, goes to the next state ('head' stands for the end of the message). */
  private readData(next: State): boolean {
    if (this.remaining > 0) {
      if (this.pending.length === 0) {
        return false;
      }
      const bytes = this.take(Math.min(this.remaining, this.pending.length));
      this.remaining -= bytes.length;
      this.keepBody(bytes);
      this.keepRaw(bytes);
    }
    if (this.remaining > 0) {
      return false;
    }
    if (next === 'head') {
      this.finish();
    } else {
      this.state = next;
    }
    return true;
  }

  private readChunkSize(): boolean {
    const line = this.takeLine();
    if (line === undefined) {
      return false;
    }
    const size = /^[0-9a-f]{1,12}(?=[ \t]*(?:;|$))/i.exec(line.toString('latin1', 0, line.length - 2))?.[0];
    if (size === undefined) {
      this.state = 'malformed';
      return false;
    }
    this.keepRaw(line);
    this.remaining = Number.parseInt(size, 16);
    this.state = this.remaining === 0 ? 'trailers' : 'chunk-data';
    return true;
  }

  private readChunkEnd(): boolean {
    if (this.pending.length < LINE_END.length) {
      return false;
    }
    const bytes = this.take(LINE_END.length);
    this.keepRaw(bytes);
    this.state = bytes.equals(LINE_END) ? 'chunk-size' : 'malformed';
    return true;
  }

  private readTrailers(): boolean {
    const line = this.takeLine();
    if (line === undefined) {
      return false;
    }
    this.keepRaw(line);
    if (line.length === LINE_END.length) {
      this.finish();
    } else if (this.current !== undefined) {
      this.current.trailers = [...this.current.trailers, parseHeaderLine(line.toString('latin1', 0, line.length - 2))];
    }
    return true;
  }

  private finish(): void {
    this.state = 'head';
    const finished = this.current;
    this.current = undefined;
    if (finished !== undefined) {
      this.options.onMessage(toMessage(finished));
    }
  }

  private keepBody(bytes: Buffer): void {
    const { current } = this;
    if (current !== undefined) {
      current.digest.update(bytes);
      current.bodyLength += bytes.length;
      const kept = bytes.subarray(0, this.bodyLimitBytes - current.bodyKept);
      current.bodyKept += kept.length;
      if (kept.length > 0) {
        current.body.push(kept);
      }
    }
  }

  private keepRaw(bytes: Buffer): void {
    const { current } = this;
    if (current !== undefined) {
      const kept = bytes.subarray(0, this.bodyLimitBytes - current.rawKept);
      current.rawKept += kept.length;
      if (kept.length > 0) {
        current.raw.push(kept);
      }
    }
  }

  private get bodyLimitBytes(): number {
    return this.options.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;
  }

  private takeLine(): Buffer | undefined {
    const end = this.pending.indexOf(LINE_END);
    return end < 0 ? undefined : this.take(end + LINE_END.length);
  }

  private take(length: number): Buffer {
    const bytes = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return bytes;
  }
}

function parseHeaderLine(line: string): HeaderLine {
  const colon = line.indexOf(':');
  return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')];
}

function toMessage(message: MessageUnderWay): HttpMessage {
  return {
    startLine: message.head.startLine,
    headerLines: message.head.headerLines,
    body: Buffer.concat(message.body),
    bodyLength: message.bodyLength,
    // A copy, because a digest can be read once and a message that is under way is read before its end.
    bodySha256: message.digest.copy().digest('hex'),
    trailers: message.trailers,
    raw: Buffer.concat(message.raw),
  };
}
