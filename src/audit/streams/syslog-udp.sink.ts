import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { lookup } from 'node:dns/promises';
import { syslogMessage, type SyslogOrigin } from '@scopegate/audit';
import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';
import { syslogEvent } from './syslog-event.js';

const MAX_MESSAGE_BYTES = 60_000;

/** Datagrams (RFC 5426): it is not known whether they arrive. */
export class SyslogUdpSink implements StreamSink {
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
    try {
      for (const streamed of batch) await sendDatagram(socket, this.#messageOf(streamed));
    } catch (error) {
      await this.close();
      throw error;
    }
    return 'taken';
  }

  close(): Promise<void> {
    this.#socket?.close();
    this.#socket = null;
    return Promise.resolve();
  }

  #messageOf(streamed: StreamedEvent): string {
    const message = syslogMessage(syslogEvent(streamed), this.origin);
    if (message.length <= MAX_MESSAGE_BYTES) return message;
    const event = { ...streamed.event, detail: { omitted: 'The event does not fit into a datagram.' } };
    return syslogMessage(syslogEvent({ event, json: JSON.stringify(event) }), this.origin);
  }

  async #connect(): Promise<Socket> {
    const { address } = await lookup(this.host);
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(this.port, address, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    // If no program listens on the port, the next datagram's callback gets that error as well.
    socket.on('error', () => undefined);
    socket.unref();
    return socket;
  }
}

function sendDatagram(socket: Socket, message: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(message, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}
