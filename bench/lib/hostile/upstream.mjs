// The application behind the gateway: quick answers, endless event streams, bodies read to their end, and a path that
// leads back to the gateway.
import { createServer, request as send } from 'node:http';

const [port] = process.argv.slice(2);
const BODY = JSON.stringify({ text: 'x'.repeat(1000) });

/** Sends a request back to the gateway with the same lines, as a badly configured proxy does. */
function sendBack(request, response) {
  const [hostname, gatewayPort] = request.headers['x-forwarded-host'].split(':');
  const sent = send({ hostname, port: gatewayPort, path: `/app${request.url}`, headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode);
    answer.pipe(response);
  });
  sent.once('error', () => response.destroy());
  sent.end();
}

const server = createServer((request, response) => {
  if (request.url.startsWith('/rest/loop')) {
    sendBack(request, response);
    return;
  }
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
