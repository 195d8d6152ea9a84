import type { IncomingMessage } from 'node:http';
import type { SubjectRequest } from './subject.js';

const handshakes = new WeakMap<object, SubjectRequest>();

/** What the application adds to a handshake. */
export interface HandshakeOptions {
  /**
   * The client's address. A handshake has only that of its connection, which may be a proxy's. Without it the address is
   * unknown, and a token that is limited to addresses is refused.
   */
  readonly ip?: string | undefined;
}

/**
 * Keeps the request with which a WebSocket began, for the guard of its messages: in `handleConnection(client, request)`.
 * The adapter of `ws` needs it. That of Socket.IO keeps the request itself, as `client.request`, but not the address.
 */
export function rememberHandshake(client: object, request: IncomingMessage, { ip }: HandshakeOptions = {}): void {
  handshakes.set(client, ip === undefined ? request : { raw: request, ip });
}

/** The request with which a WebSocket began. */
export function handshakeOf(client: object): SubjectRequest {
  const request = handshakes.get(client) ?? (client as { readonly request?: IncomingMessage }).request;
  if (request !== undefined) return request;
  throw new TypeError(
    'ScopegateGuard: the handshake of this WebSocket is unknown. Call rememberHandshake(client, request) in handleConnection.',
  );
}
