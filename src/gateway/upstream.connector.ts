import { Readable } from 'node:stream';
import { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** Where the system puts what upstreams send: it is copied before anything else is received. */
const RECEIVED = Buffer.allocUnsafeSlow(65_536);

const UNREAD = Symbol('unread');
const IS_STOPPED = Symbol('is stopped');
const HAS_ENDED = Symbol('has ended');

/** A connection whose bytes are handed on as they arrive. */
interface UpstreamSocket extends Socket {
  /** What has arrived and was not taken; nothing more is read until it is. */
  [UNREAD]: Buffer | null;
  [IS_STOPPED]: boolean;
  [HAS_ENDED]: boolean;
}

/**
 * Makes connections as undici does, whose bytes go past the buffers of a stream: Node takes 64 KB from the heap of C for
 * whatever is read into those, and gives most of it back, for an answer of a kilobyte.
 *
 * The end of such a connection is told when its reader asks for more and not before. undici ends the process where an
 * upstream closes a connection while its answer waits for a slow client (`assert(!this.paused)`).
 */
export function upstreamConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const connect = buildConnector({ ...options, onread: { buffer: RECEIVED, callback: onReceived } });
  return (asked, callback) =>
    connect(asked, (...[error, socket]) => {
      if (error !== null) callback(error, null);
      // Nothing is read before whoever has asked for the connection knows of it, and listens at once.
      else callback(null, Object.assign(socket, nothingReceived()));
    });
}

function nothingReceived(): object {
  return { [UNREAD]: null, [IS_STOPPED]: false, [HAS_ENDED]: false, read, unshift, push };
}

/** @returns whether more may be read now */
function onReceived(this: UpstreamSocket, length: number): boolean {
  const received = Buffer.from(RECEIVED.subarray(0, length));
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
