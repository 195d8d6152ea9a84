import { connect, type Socket } from 'node:net';
import { countedSyslogMessage, syslogMessage, type SyslogOrigin } from '@scopegate/audit';
import { SinkTimeoutError, type SinkAnswer, type StreamedEvent, type StreamSink } from './stream.sink.js';
import { syslogEvent } from './syslog-event.js';

/** For a connection, or for one write. */
const TIMEOUT_MS = 10_000;

/**
 * Sends the length before each event (RFC 6587). Syslog has no answers: if a connection breaks, events may be lost or
 * sent twice.
 */
export class SyslogTcpSink implements StreamSink {
  readonly name = 'syslog';
  readonly batchSize = 100;
  #socket: Socket | null = null;

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly origin: SyslogOrigin,
  ) {}

  async send(batch: readonly StreamedEvent[]): Promise<SinkAnswer> {
    const socket = (this.#socket ??= await this.#connect());
    const text = batch
      .map((streamed) => countedSyslogMessage(syslogMessage(syslogEvent(streamed), this.origin)))
      .join('');
    await within(socket, (resolve, reject) => {
      socket.write(text, 'latin1', (error) => {
        if (error === undefined || error === null) resolve();
        else reject(error);
      });
    });
    return 'taken';
  }

  close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null || socket.destroyed) return Promise.resolve();
    return within(socket, (resolve) => socket.end(resolve)).finally(() => socket.destroy());
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ host: this.host, port: this.port, keepAlive: true });
    await within(socket, (resolve) => socket.once('connect', resolve));
    socket.on('error', () => undefined);
    // Syslog has no answers, but reading shows when the receiver closes the connection.
    socket.resume();
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = null;
    });
    socket.unref();
    return socket;
  }
}

/** Waits for the work until the connection breaks. If it takes too long, the connection is destroyed. */
function within(socket: Socket, work: (resolve: () => void, reject: (error: Error) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off('error', settle);
      socket.off('close', onClose);
      if (error === null) resolve();
      else reject(error);
    };
    const onClose = (): void => settle(new Error('The connection was closed.'));
    const timer = setTimeout(() => socket.destroy(new SinkTimeoutError(TIMEOUT_MS)), TIMEOUT_MS);
    timer.unref();
    socket.once('error', settle);
    socket.once('close', onClose);
    work(() => settle(null), settle);
  });
}
