import { subscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { keepFirstError } from '../applications/upstream-tls.js';

/** The system writes here; copied before the next read. */
const RECEIVED = Buffer.allocUnsafeSlow(65_536);

/** Bytes searched for an interim head. */
const MAX_INTERIM_BYTES = 16_384;

const UNREAD = Symbol('unread');
const INTERIM = Symbol('interim');
const IS_STOPPED = Symbol('is stopped');
const HAS_ENDED = Symbol('has ended');
const REQUESTS = Symbol('requests');
const AFTER_WRITE = Symbol('after write');

type Written = (error?: Error | null) => void;

/** Passes bytes on as they arrive. */
interface UpstreamSocket extends Socket {
  /** Not taken yet; stops further reads. */
  [UNREAD]: Buffer | null;
  /**
   * The incomplete head of an answer, perhaps interim; empty if nothing has arrived. Undefined while no answer is due,
   * or after its final head has begun.
   */
  [INTERIM]?: Buffer | undefined;
  [IS_STOPPED]: boolean;
  [HAS_ENDED]: boolean;
  /** Sent so far. */
  [REQUESTS]: number;
  /** See `afterWrite`; made once for each connection. */
  [AFTER_WRITE]: Written | null;
}

/**
 * undici's connections without stream buffers: for these, Node allocates 64 KB per read and returns most of it. A
 * connection's end is reported when its reader asks for more. undici ends the process if an upstream closes while its
 * answer waits for a slow client (`assert(!this.paused)`), and closes a connection after an unexpected `100 Continue`.
 * Remove this when undici does neither: pass `connect: { timeout, autoSelectFamily }` to the pool and run
 * `gateway-streaming.e2e-spec.ts`. The tests with an upstream that closes, and with a 100, must pass ten times.
 */
export function upstreamConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, onread: { buffer: RECEIVED, callback: onReceived } });
  return ({ servername: _ofHost, ...asked }, callback) =>
    connect(asked, (...[error, socket]) => {
      if (error !== null) callback(error, null);
      // Nothing is read before undici listens, and an error is noted before undici reports it.
      else callback(null, keepFirstError(Object.assign(socket, nothingReceived())).on('error', noteClosedReuse));
    });
}

/** Errors of `wasClosedWhenReused`. */
const CLOSED_REUSES = new WeakSet<object>();

/** Of the end of a connection by its other side, in Node and undici. */
const CLOSED_CODES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** True if a connection that had been used before ended before the first byte of an answer. */
export function wasClosedWhenReused(error: Error): boolean {
  return CLOSED_REUSES.has(error);
}

function noteClosedReuse(this: UpstreamSocket, error: Error & { readonly code?: string }): void {
  const isClosed = CLOSED_CODES.has(error.code ?? '');
  if (isClosed && this[REQUESTS] > 1 && this[INTERIM] === NOTHING) CLOSED_REUSES.add(error);
}

const NOTHING = Buffer.alloc(0);

// The next request follows a complete answer, so further bytes are a new message.
subscribe('undici:client:sendHeaders', (message) => {
  const { socket } = message as { readonly socket: UpstreamSocket };
  socket[INTERIM] = NOTHING;
  socket[REQUESTS] += 1;
});

/** Removes `100 Continue` heads: a server may send them unasked (RFC 9110 15.2), and undici would then fail. */
function withoutContinue(socket: UpstreamSocket, received: Buffer): Buffer {
  let rest = socket[INTERIM]?.length === 0 ? received : Buffer.concat([socket[INTERIM] ?? NOTHING, received]);
  const passed: Buffer[] = [];
  for (;;) {
    const status = interimStatus(rest);
    const end = status === 'unknown' ? -1 : rest.indexOf('\r\n\r\n');
    if (status === 'final' || (end < 0 && rest.length > MAX_INTERIM_BYTES)) {
      socket[INTERIM] = undefined;
      passed.push(rest);
      break;
    }
    if (end < 0) {
      socket[INTERIM] = rest;
      break;
    }
    if (status !== '100') passed.push(rest.subarray(0, end + 4));
    rest = rest.subarray(end + 4);
  }
  return passed.length === 1 ? (passed[0] as Buffer) : Buffer.concat(passed);
}

const VERSION = 'HTTP/1.';

/** The end of `HTTP/1.1 100`. */
const STATUS_END = 12;

function interimStatus(bytes: Buffer): '100' | 'other' | 'final' | 'unknown' {
  if (!VERSION.startsWith(bytes.toString('latin1', 0, VERSION.length))) return 'final';
  if (bytes.length <= STATUS_END) return bytes.length > 9 && bytes[9] !== 0x31 ? 'final' : 'unknown';
  if (bytes[9] !== 0x31) return 'final';
  const line = bytes.toString('latin1', 0, STATUS_END + 1);
  if (!/^HTTP\/1\.[01] 1\d\d[ \r]$/.test(line) || line.startsWith('101', 9)) return 'final';
  return line.startsWith('100', 9) ? '100' : 'other';
}

function nothingReceived(): object {
  return {
    [INTERIM]: undefined,
    [UNREAD]: null,
    [IS_STOPPED]: false,
    [HAS_ENDED]: false,
    [REQUESTS]: 0,
    [AFTER_WRITE]: null,
    read,
    unshift,
    push,
    _write: write,
    _writev: writeAll,
  };
}

/** @returns whether to read more */
function onReceived(this: UpstreamSocket, length: number): boolean {
  let received: Buffer = Buffer.from(RECEIVED.subarray(0, length));
  if (this[INTERIM] !== undefined) {
    received = withoutContinue(this, received);
    if (received.length === 0) return true;
  }
  // One read of TLS may give several records.
  this[UNREAD] = this[UNREAD] === null ? received : Buffer.concat([this[UNREAD], received]);
  this.emit('readable');
  this[IS_STOPPED] = this[UNREAD] !== null;
  return !this[IS_STOPPED];
}

function read(this: UpstreamSocket, size?: number): Buffer | null {
  if (size === 0) return Socket.prototype.read.call(this, 0) as null;
  const unread = this[UNREAD];
  if (unread !== null) {
    this[UNREAD] = null;
    const isStopped = this[IS_STOPPED];
    this[IS_STOPPED] = false;
    if (isStopped) Socket.prototype.read.call(this, 0);
    return unread;
  }
  if (!this[HAS_ENDED]) return null;
  Readable.prototype.push.call(this, null);
  return Socket.prototype.read.call(this) as null;
}

function unshift(this: UpstreamSocket, bytes: Buffer): void {
  if (bytes.length > 0) this[UNREAD] = this[UNREAD] === null ? bytes : Buffer.concat([bytes, this[UNREAD]]);
}

/** Node calls it only at the end. */
function push(this: UpstreamSocket): boolean {
  this[HAS_ENDED] = true;
  this.emit('readable');
  return false;
}

function write(this: UpstreamSocket, bytes: Buffer, encoding: BufferEncoding, written: Written): void {
  // oxlint-disable-next-line no-underscore-dangle -- the name is Node's
  Socket.prototype._write.call(this, bytes, encoding, afterWrite(this, written));
}

function writeAll(this: UpstreamSocket, chunks: { chunk: Buffer; encoding: BufferEncoding }[], written: Written): void {
  // oxlint-disable-next-line no-underscore-dangle -- the name is Node's
  Socket.prototype._writev?.call(this, chunks, afterWrite(this, written));
}

/**
 * An upstream may answer and close its connection while a body is still sent. Node ends the connection at the failed
 * write, with the answer unread. Here the end of reading ends it, which such a connection always has.
 * @param written Node gives the same one each time
 */
function afterWrite(socket: UpstreamSocket, written: Written): Written {
  return (socket[AFTER_WRITE] ??= (error) => {
    if (!CLOSED_CODES.has((error as NodeJS.ErrnoException | null)?.code ?? '')) written(error);
  });
}
