import { createServer, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from './listen.js';

/** What went through: pages cannot read the answers to requests of other origins, and browsers hide some of them. */
export interface RecordedExchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** Of a problem; null for other answers. */
  readonly code: string | null;
}

/** In front of a server, with the `Host` of the client. */
export type RecordingProxy = {
  readonly port: number;
  /** Those whose answers have ended, in this order. */
  readonly exchanges: readonly RecordedExchange[];
  stop(): Promise<void>;
};

/** @param target the port of the server on 127.0.0.1 */
export async function startRecordingProxy(target: number): Promise<RecordingProxy> {
  const exchanges: RecordedExchange[] = [];
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '/', rawHeaders } = incoming;
    const forwarded = request({ host: '127.0.0.1', port: target, method, path: url, headers: rawHeaders }, (answer) => {
      const { statusCode: status = 0, headers } = answer;
      const isProblem = headers['content-type']?.startsWith('application/problem+json') === true;
      outgoing.writeHead(status, answer.rawHeaders);
      answer.pipe(outgoing);
      void (isProblem ? text(answer) : Promise.resolve(null)).then((body) => {
        const code = body === null ? null : (JSON.parse(body) as { readonly code: string }).code;
        exchanges.push({ method, path: url.split('?', 1)[0] ?? '', status, code });
      });
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  const port = await listen(server);
  return {
    port,
    exchanges,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
