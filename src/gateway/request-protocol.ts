import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** What Node attaches to the socket of a request: its parser, which keeps what it is reading. */
interface WithParser {
  readonly parser?: { getCurrentBuffer?(): Buffer | undefined } | null;
}

/** Methods that Node's parser knows for RTSP alone: it refuses them for HTTP itself. */
const RTSP_METHODS: ReadonlySet<string> = new Set([
  'DESCRIBE',
  'ANNOUNCE',
  'SETUP',
  'PLAY',
  'PAUSE',
  'TEARDOWN',
  'GET_PARAMETER',
  'SET_PARAMETER',
  'REDIRECT',
  'RECORD',
  'FLUSH',
]);

/** The methods that it takes for HTTP and for one of the two others as well. */
const SHARED_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'OPTIONS', 'SOURCE']);

const REQUEST_LINE = /^(\S+) +(\S+) +(?:RTSP|ICE)\/\d\.\d\r?$/gm;

/** Connections on which another protocol was spoken. */
const FOREIGN_SOCKETS = new WeakSet<Socket>();

/**
 * Whether a request was sent in another protocol than HTTP (R67). Node's parser takes `RTSP/1.0` and `ICE/1.0` as well,
 * and does not tell: the version alone is passed on. Its method tells it for most; for the others the request line is
 * looked up in the bytes that the parser is reading. ADR 32 has the limits of that.
 * @param isRepeated whether the header lines are those of the request before on this connection: only a client that has
 * spoken HTTP so far could change to another protocol then, and the look is saved
 */
export function isOtherProtocol(request: IncomingMessage, isRepeated: boolean): boolean {
  const { method = '', url = '', httpVersion } = request;
  if (isRepeated && httpVersion === '1.1') return FOREIGN_SOCKETS.has(request.socket);
  const isOther = RTSP_METHODS.has(method) || (SHARED_METHODS.has(method) && hasOtherLine(request, method, url));
  if (isOther) FOREIGN_SOCKETS.add(request.socket);
  return isOther;
}

function hasOtherLine(request: IncomingMessage, method: string, url: string): boolean {
  const bytes = (request.socket as WithParser).parser?.getCurrentBuffer?.();
  if (bytes === undefined || !(bytes.includes(' RTSP/', 0, 'latin1') || bytes.includes(' ICE/', 0, 'latin1'))) {
    return false;
  }
  for (const [, lineMethod, lineTarget] of bytes.toString('latin1').matchAll(REQUEST_LINE)) {
    if (lineMethod === method && lineTarget === url) return true;
  }
  return false;
}
