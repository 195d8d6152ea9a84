// The bar: a bare Node server that forwards with undici's dispatcher and knows no authentication.
/* oxlint-disable typescript/no-deprecated -- undici's own dispatch calls these handlers without a wrapper around them. */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port, upstream] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 512, pipelining: 1 });
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'host']);

const server = createServer((request, response) => {
  const headers = [];
  const lines = request.rawHeaders;
  for (let index = 0; index < lines.length; index += 2) {
    if (!HOP_BY_HOP.has(lines[index].toLowerCase())) headers.push(lines[index], lines[index + 1]);
  }
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  pool.dispatch(
    { path: request.url, method: request.method, headers, body: hasBody ? request : null },
    {
      onConnect(abort) {
        response.once('close', () => response.writableFinished || abort());
      },
      onHeaders(status, rawHeaders, resume) {
        const answered = [];
        for (let index = 0; index < rawHeaders.length; index += 2) {
          const name = rawHeaders[index].toString('latin1');
          if (!HOP_BY_HOP.has(name.toLowerCase())) answered.push(name, rawHeaders[index + 1].toString('latin1'));
        }
        response.on('drain', resume);
        response.writeHead(status, answered);
        return true;
      },
      onData: (chunk) => response.write(chunk),
      onComplete: () => response.end(),
      onError: () => (response.headersSent ? response.destroy() : response.writeHead(502).end()),
    },
  );
});
server.listen(Number(port), '127.0.0.1', () => process.send?.('ready'));
