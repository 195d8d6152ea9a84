import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { PendingResponse } from '../audit/pending-response.js';
import { detachSocket } from './detached-socket.js';
import { UpgradedConnection, type ConnectionEnd, type EndCause } from './upgraded-connection.js';

/** A 101. Nothing that the upstream sends leaves, and nothing of the client reaches it, before it is recorded (R62). */
export class UpgradeAnswer implements PendingResponse {
  #connection: UpgradedConnection | null = null;

  /**
   * @param upstream already switched
   * @param onEnd called once; null if the client did not get the answer
   */
  constructor(
    private readonly response: ServerResponse,
    private readonly head: string,
    private readonly upstream: Socket,
    private readonly idleTimeoutMs: number,
    private readonly onEnd: (end: ConnectionEnd | null) => void,
  ) {
    upstream.on('error', () => undefined);
  }

  release(): void {
    const client = detachSocket(this.response);
    if (client === null) {
      this.upstream.destroy();
      // The 101 is recorded, so its end is, too.
      this.#end({ bytesIn: 0, bytesOut: 0, durationMs: 0, endedBy: 'client' });
      return;
    }
    this.response.statusCode = 101;
    client.write(this.head, 'latin1');
    this.#connection = new UpgradedConnection(client, this.upstream, this.idleTimeoutMs, (end) => this.#end(end));
  }

  drop(): void {
    this.upstream.destroy();
    this.#end(null);
  }

  /** Closes both sides. */
  end(cause: EndCause): void {
    if (this.#connection === null) this.drop();
    else this.#connection.end(cause);
  }

  #end(end: ConnectionEnd | null): void {
    this.onEnd(end);
    this.response.destroy();
    // Node no longer reports the end of this connection to the response.
    this.response.emit('close');
  }
}
