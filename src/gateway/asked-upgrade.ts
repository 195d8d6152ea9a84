import type { Socket } from 'node:net';
import { upgradeOf } from '@scopegate/access';
import type { AskedUpgrade, Exchange } from '../common/access/exchange.js';
import type { IncomingBody } from './forwarded-body.js';

/** Node's parser on the socket, with the bytes it reads. */
interface WithParser {
  readonly parser?: { getCurrentBuffer?(): Buffer | undefined } | null;
}

const HEAD_END = '\r\n\r\n';

/** @returns null for an ordinary request */
export function askedUpgrade({ request, response, facts }: Exchange): AskedUpgrade | null {
  const protocols = upgradeOf(facts);
  if (protocols === null) return null;
  if (facts.head.announcesBody) return { protocols, bytesRead: null };
  if (isLastInPacket(request.socket)) return { protocols, bytesRead: request.socket.bytesRead };
  // Node drops what follows, so the client has to send it again.
  response.shouldKeepAlive = false;
  return null;
}

/** False also for a pipelined request, which Node has read earlier. */
function isLastInPacket(socket: Socket): boolean {
  const text = (socket as WithParser).parser?.getCurrentBuffer?.()?.toString('latin1') ?? '';
  const end = text.indexOf(HEAD_END);
  return end < 0 ? text !== '' && HEAD_END.endsWith(text) : end + HEAD_END.length === text.length;
}

/**
 * The protocols that go upstream; null for an ordinary request. A server may ignore an upgrade (RFC 9110 7.8): after a
 * long body, or before the answers of earlier requests have left, it does.
 */
export function upgradeToSend(
  { upgrade, request, response }: Exchange,
  body: Buffer | IncomingBody | null,
): string | null {
  if (upgrade === null || response.socket === null || !(body === null || Buffer.isBuffer(body))) return null;
  upgrade.bytesRead ??= request.socket.bytesRead;
  return upgrade.protocols;
}
