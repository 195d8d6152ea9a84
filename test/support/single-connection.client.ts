import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';

export type SingleConnectionRequest = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
};

export type SingleConnectionAnswer = {
  readonly status: number;
  readonly requestId: string;
  /** The body; as JSON where it is some. */
  readonly body: unknown;
};

/** A client with one connection that it keeps, so that one worker answers all its requests. */
export type SingleConnectionClient = {
  send(wanted: SingleConnectionRequest): Promise<SingleConnectionAnswer>;
  close(): void;
};

/** @throws Error on a request for which another connection would have to be made */
export function connectOnce(port: number): SingleConnectionClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let sockets = 0;
  return {
    send: (wanted) =>
      new Promise((resolve, reject) => {
        const requestId = randomBytes(12).toString('hex');
        const text = wanted.body === undefined ? undefined : JSON.stringify(wanted.body);
        const sent = request(
          {
            port,
            agent,
            method: wanted.method ?? 'GET',
            path: wanted.path,
            headers: {
              ...wanted.headers,
              'X-Request-Id': requestId,
              ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': text.length }),
            },
          },
          (answer) => {
            const chunks: Buffer[] = [];
            answer.on('data', (chunk: Buffer) => chunks.push(chunk));
            answer.once('error', reject);
            answer.once('end', () => {
              const received = Buffer.concat(chunks).toString('utf8');
              const isJson = /json/.test(answer.headers['content-type'] ?? '');
              const body: unknown = isJson && received !== '' ? JSON.parse(received) : received;
              resolve({ status: answer.statusCode ?? 0, requestId, body });
            });
          },
        );
        sent.once('socket', () => {
          if (sent.reusedSocket) return;
          sockets += 1;
          if (sockets > 1) sent.destroy(new Error('The server has closed the connection.'));
        });
        sent.once('error', reject);
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
}
