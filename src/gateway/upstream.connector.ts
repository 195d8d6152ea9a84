import { subscribe } from 'node:diagnostics_channel';
import { Readable } from 'node:stream';
import { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** Where the system puts what upstreams send: it is copied before anything else is received. */
const RECEIVED = Buffer.allocUnsafeSlow(65_536);

/** The longest head of an interim answer that is looked through, in bytes. */
const MAX_INTERIM_BYTES = 16_384;

const UNREAD = Symbol('unread');
const INTERIM = Symbol('interim');
const IS_STOPPED = Symbol('is stopped');
const HAS_ENDED = Symbol('has ended');

/** A connection whose bytes are handed on as they arrive. */
interface UpstreamSocket extends Socket {
  /** What has arrived and was not taken; nothing more is read until it is. */
  [UNREAD]: Buffer | null;
  /**
   * What has arrived of an answer whose status is not known yet, or of an interim one that is not complete: empty where
   * nothing has. Undefined while no answer is due, or once its final head has begun.
   */
  [INTERIM]?: Buffer | undefined;
  [IS_STOPPED]: boolean;
  [HAS_ENDED]: boolean;
}

/**
 * Makes connections as undici does, whose bytes go past the buffers of a stream: Node takes 64 KB from the heap of C for
 * whatever is read into those, and gives most of it back, for an answer of a kilobyte.
 *
 * The end of such a connection is reported when its reader asks for more. undici ends the process if an upstream closes
 * a connection while its answer waits for a slow client (`assert(!this.paused)`), and closes a connection on which a
 * `100 Continue` comes that it did not ask for.
 *
 * To be removed when undici does neither: pass `connect: { timeout, autoSelectFamily }` to the pool instead and run
 * `gateway-streaming.e2e-spec.ts`. The tests with an upstream that closes, and with a 100, must pass ten times.
 */
export function upstreamConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, onread: { buffer: RECEIVED, callback: onReceived } });
  return (asked, callback) =>
    connect(asked, (...[error, socket]) => {
      if (error !== null) callback(error, null);
      // Nothing is read before undici has the connection, and it listens at once.
      else callback(null, Object.assign(socket, nothingReceived()));
    });
}

const NOTHING = Buffer.alloc(0);

// undici writes the next request on a connection once the answer before is complete: what arrives then is a new message.
subscribe('undici:client:sendHeaders', (message) => {
  (message as { readonly socket: UpstreamSocket }).socket[INTERIM] = NOTHING;
});

/**
 * Takes heads of `100 Continue` out of what arrives before the final head of an answer. A server may send one unasked
 * (RFC 9110 15.2), and undici ends the connection with it.
 * @returns what is handed on
 */
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

/** Three digits behind the version: `HTTP/1.1 100`. */
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
  return { [INTERIM]: undefined, [UNREAD]: null, [IS_STOPPED]: false, [HAS_ENDED]: false, read, unshift, push };
}

/** @returns whether more may be read now */
function onReceived(this: UpstreamSocket, length: number): boolean {
  let received: Buffer = Buffer.from(RECEIVED.subarray(0, length));
  if (this[INTERIM] !== undefined) {
    received = withoutContinue(this, received);
    if (received.length === 0) return true;
  }
  // TLS has more than one record of what the system gives at once.
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

/** Puts back what the reader does not want yet. */
function unshift(this: UpstreamSocket, bytes: Buffer): void {
  if (bytes.length > 0) this[UNREAD] = this[UNREAD] === null ? bytes : Buffer.concat([bytes, this[UNREAD]]);
}

/** Node calls it at the end alone: everything else is received. */
function push(this: UpstreamSocket): boolean {
  this[HAS_ENDED] = true;
  this.emit('readable');
  return false;
}
