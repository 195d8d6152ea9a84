import type { Eventually } from '@scopegate/access';
import type { HeaderLines } from '@scopegate/kernel';
import type { ProtectedApplication } from '../applications/application.js';
import type { PendingResponse } from '../audit/pending-response.js';
import type { Exchange } from '../common/access/exchange.js';
import type { ConnectionEnd } from './upgraded-connection.js';
import type { UpstreamConnections } from './upstream.connections.js';

export interface ForwardOptions {
  readonly application: ProtectedApplication;
  readonly connections: UpstreamConnections;
  /** After a wait in which the token may have ended. Gives the current application; null if refused and answered. */
  readonly judgeAgain: (onJudged: (application: ProtectedApplication | null) => void) => void;
  /** A token's id, or the client's address: each has its share of the connections. */
  readonly holderKey: string;
  /** The longest pause of the client in reading. */
  readonly stallTimeoutMs: number;
}

/** Events of a forwarded request. */
export interface ForwardListener<Handler> {
  /** Called once, when the request has a connection. If it throws or rejects, nothing has gone upstream. */
  onTurn(handler: Handler): Eventually<void>;
  /**
   * Called once, with the head, before `onHead`. Null if the upstream has not refused the credential of the gateway;
   * else the answer for the client.
   */
  refusalIn(handler: Handler, status: number, lines: HeaderLines): Error | null;
  /** Called once, with the head; the answer leaves on `release`. */
  onHead(exchange: Exchange, status: number, answer: PendingResponse): void;
  /** Called once, after a head with the status 101, when the connection has ended. */
  onConnectionEnd(exchange: Exchange, end: ConnectionEnd): void;
  /** Called if the client goes away before its answer is complete. */
  onGone(exchange: Exchange): void;
  /** Also called after the head has left. */
  onFailure(exchange: Exchange, error: unknown): void;
}
