// The reference: a bare Node proxy that forwards with undici's dispatcher, without authentication. It does what every
// proxy must: it streams bodies both ways with back-pressure, and forwards no lines that belong to one connection.
/* oxlint-disable typescript/no-deprecated -- undici's own dispatch calls these handlers without a wrapper around them. */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const [port, upstream] = process.argv.slice(2);
const pool = new Pool(upstream, { connections: 512, pipelining: 1 });
const OF_A_CONNECTION = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
];
const HOP_BY_HOP = new Set([...OF_A_CONNECTION, 'host']);

/** The lines to forward: without those of the connection and those that `Connection` names. */
function endToEnd(lines, textOf, connection) {
  const named = /^(keep-alive|close)?$/i.test(connection) ? [] : connection.toLowerCase().split(/\s*,\s*/);
  const kept = [];
  for (let index = 0; index < lines.length; index += 2) {
    const name = textOf(lines[index]);
    const key = name.toLowerCase();
    if (!HOP_BY_HOP.has(key) && !named.includes(key)) kept.push(name, textOf(lines[index + 1]));
  }
  return kept;
}
const asText = (text) => text;
const asLatin1 = (bytes) => bytes.toString('latin1');

const server = createServer((request, response) => {
  const { url: path, method, rawHeaders, headers } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const sent = endToEnd(rawHeaders, asText, headers.connection ?? '');
  pool.dispatch(
    { path, method, headers: sent, body: hasBody ? request : null },
    {
      onConnect: (abort) => void response.once('close', () => response.writableFinished || abort()),
      onHeaders(status, lines, resume) {
        if (status < 200) return true;
        response.on('drain', resume);
        response.writeHead(status, endToEnd(lines, asLatin1, ''));
        return true;
      },
      onData: (chunk) => response.write(chunk),
      onComplete: () => response.end(),
      onError: () => (response.headersSent ? response.destroy() : response.writeHead(502).end()),
    },
  );
});
server.listen(Number(port), '127.0.0.1');
