import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** Node's parser on the socket, with the bytes it reads. */
interface WithParser {
  readonly parser?: { getCurrentBuffer?(): Buffer | undefined } | null;
}

/** Node's parser knows these only for RTSP, and refuses them for HTTP. */
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

/** Valid in HTTP and in one of the other protocols. */
const SHARED_METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'OPTIONS', 'SOURCE']);

const REQUEST_LINE = /^(\S+) +(\S+) +(?:RTSP|ICE)\/\d\.\d\r?$/gm;

/** Connections with another protocol. */
const FOREIGN_SOCKETS = new WeakSet<Socket>();

/**
 * R67: Node's parser accepts `RTSP/1.0` and `ICE/1.0` and reports only the version. Most methods show it; for others we
 * read the request line in the parser's bytes. For limits see ADR 32.
 * @param isRepeated same header lines as the previous request: then the protocol is the same, too
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
