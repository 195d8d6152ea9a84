// An upstream of large bodies: takes what is sent, says how much it was, and sends as many bytes as are asked for.
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
