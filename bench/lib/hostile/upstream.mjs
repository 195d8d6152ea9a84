// The application behind the gateway: quick answers, event streams that never end, and bodies that are read to the end.
import { createServer } from 'node:http';

const [port] = process.argv.slice(2);
const BODY = JSON.stringify({ text: 'x'.repeat(1000) });

const server = createServer((request, response) => {
  if (request.url.startsWith('/rest/stream')) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': open\n\n');
    const comment = setInterval(() => response.write(': still here\n\n'), 5_000);
    response.once('close', () => clearInterval(comment));
    return;
  }
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(BODY);
  });
});
server.requestTimeout = 0;
server.listen(Number(port), '127.0.0.1', 4096);
