// An upstream for large bodies: reports the size of a body, and sends as many bytes as requested.
import { createServer } from 'node:http';

const [port] = process.argv.slice(2);
const CHUNK = Buffer.alloc(65_536, 'x');

const server = createServer((request, response) => {
  let received = 0;
  request.on('data', (data) => (received += data.length));
  request.once('end', () => {
    let left = Number(new URL(request.url, 'http://upstream').searchParams.get('bytes') ?? 0);
    response.writeHead(200, { 'X-Bytes-Received': String(received), 'Content-Length': String(left) });
    const write = () => {
      while (left > 0 && !response.destroyed) {
        const next = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK;
        left -= next.length;
        if (!response.write(next)) return response.once('drain', write);
      }
      return response.end();
    };
    write();
  });
});
server.listen(Number(port), '127.0.0.1');
