import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { messageEnd } from '@scopegate/directory';
import { LdapFailure, ldapFailureOf } from './ldap-failure.js';

export interface StreamLimits {
  readonly maxMessageBytes: number;
  readonly maxBytes: number;
}

/**
 * A connection that gives ldapts one whole message at a time. ldapts itself joins the bytes anew for every chunk, calls
 * itself for every message of a chunk, and has no limit: a directory that lies could end the process.
 */
export class MessageStream extends Duplex {
  /** ldapts takes an open socket by these two. */
  readonly connecting = false;
  readonly readyState = 'open';
  #chunks: Buffer[] = [];
  #length = 0;
  #received = 0;
  #failure: LdapFailure | null = null;

  /** @param onMessage called with each whole message before ldapts gets it */
  constructor(
    private readonly socket: Socket,
    private readonly limits: StreamLimits,
    private readonly onMessage: (message: Buffer) => void,
  ) {
    super({ readableObjectMode: true });
    // Until ldapts listens: an error without a listener would end the process.
    this.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => this.#fail(ldapFailureOf(error)));
    socket.on('close', () => this.#fail(new LdapFailure('closed')));
  }

  /** Why it ended; ldapts passes on a text only. */
  get failure(): LdapFailure | null {
    return this.#failure;
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  #fail(failure: LdapFailure): void {
    if (this.destroyed) return;
    this.#failure ??= failure;
    this.destroy(failure);
  }

  #take(chunk: Buffer): void {
    this.#received += chunk.length;
    if (this.#received > this.limits.maxBytes) return this.#fail(new LdapFailure('too-large'));
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // The head of a message has at most six bytes.
    let head = this.#chunks.length > 1 && (this.#chunks[0]?.length ?? 0) < 6 ? this.#join() : this.#chunks[0];
    for (;;) {
      const end = messageEnd(head ?? Buffer.alloc(0));
      if (end === null) return undefined;
      if (end === 'malformed') return this.#fail(new LdapFailure('malformed'));
      if (end > this.limits.maxMessageBytes) return this.#fail(new LdapFailure('too-large'));
      if (end > this.#length) return undefined;
      const bytes = this.#join();
      const message = bytes.subarray(0, end);
      head = bytes.subarray(end);
      this.#chunks = head.length === 0 ? [] : [head];
      this.#length = head.length;
      this.onMessage(message);
      if (!this.push(message)) this.socket.pause();
    }
  }

  #join(): Buffer {
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    return bytes;
  }
}
