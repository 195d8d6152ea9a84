import type { IncomingMessage } from 'node:http';

const handshakes = new WeakMap<object, IncomingMessage>();

/**
 * Keeps the request with which a WebSocket began, for the guard of its messages. Needed with the adapter of `ws`, in
 * `handleConnection(client, request)`. The adapter of Socket.IO keeps the request itself.
 */
export function rememberHandshake(client: object, request: IncomingMessage): void {
  handshakes.set(client, request);
}

/** The request with which a WebSocket began. */
export function handshakeOf(client: object): IncomingMessage {
  const request = handshakes.get(client) ?? (client as { readonly request?: IncomingMessage }).request;
  if (request !== undefined) return request;
  throw new TypeError(
    'ScopegateGuard: the handshake of this WebSocket is unknown. Call rememberHandshake(client, request) in handleConnection.',
  );
}
