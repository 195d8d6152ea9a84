import type { Socket } from 'node:net';

/** Milliseconds for the last bytes to leave after the other side has closed. */
const LAST_BYTES_MS = 10_000;

/** `revocation`: the token may no longer be used (R116). `stop`: the server stops. */
export type EndCause = 'client' | 'upstream' | 'idle' | 'revocation' | 'stop';

export interface ConnectionEnd {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly endedBy: EndCause;
}

/**
 * Passes bytes between a client and an upstream that have left HTTP, at the pace of the slower reader. Each direction
 * may end on its own.
 */
export class UpgradedConnection {
  readonly #startedAtTick = performance.now();
  #bytesIn = 0;
  #bytesOut = 0;
  #cause: EndCause | null = null;
  #isClientReading = true;
  #hasEnded = false;

  /**
   * @param upstream of `upstreamConnector`: its bytes are taken by `read`
   * @param idleTimeoutMs without a byte in either direction
   * @param onEnd called once, when one of the two has closed
   */
  constructor(
    private readonly client: Socket,
    private readonly upstream: Socket,
    idleTimeoutMs: number,
    private readonly onEnd: (end: ConnectionEnd) => void,
  ) {
    upstream.allowHalfOpen = true;
    // Every byte passes here, so this side alone shows that both are idle.
    client.setTimeout(idleTimeoutMs, () => this.end('idle'));
    client.on('error', () => this.#note('client'));
    upstream.on('error', () => this.#note('upstream'));
    client.once('close', () => this.#close(upstream));
    upstream.once('close', () => this.#close(client));
    client.once('end', () => {
      this.#note('client');
      upstream.end();
    });
    upstream.once('end', () => {
      this.#note('upstream');
      client.end();
    });
    upstream.on('drain', () => client.resume());
    client.on('drain', () => {
      this.#isClientReading = true;
      this.#passOn();
    });
    client.on('data', (chunk: Buffer) => {
      this.#bytesIn += chunk.length;
      if (!upstream.write(chunk)) client.pause();
    });
    upstream.on('readable', () => this.#passOn());
    this.#passOn();
    if (upstream.destroyed) this.#close(client);
  }

  /** Closes both sides at once. */
  end(cause: EndCause): void {
    this.#note(cause);
    this.client.destroy();
    this.upstream.destroy();
    this.#report();
  }

  #passOn(): void {
    while (this.#isClientReading && !this.client.destroyed) {
      const chunk = this.upstream.read() as Buffer | null;
      if (chunk === null) return;
      this.#bytesOut += chunk.length;
      this.#isClientReading = this.client.write(chunk);
    }
  }

  /** The first one counts. */
  #note(cause: EndCause): void {
    this.#cause ??= cause;
  }

  #close(other: Socket): void {
    // A side that closes without its end or an error was closed here, by the stop of the server.
    this.#note('stop');
    other.setTimeout(LAST_BYTES_MS, () => other.destroy());
    other.destroySoon();
    this.#report();
  }

  #report(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.onEnd({
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      durationMs: Math.round(performance.now() - this.#startedAtTick),
      endedBy: this.#cause ?? 'stop',
    });
  }
}
