// The service for nginx's auth_request and Caddy's forward_auth. It looks the token up in a map.
import { createServer } from 'node:http';

const [port, token] = process.argv.slice(2);
const owners = new Map([[`Bearer ${token}`, 'alice']]);

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  const owner = owners.get(request.headers.authorization);
  if (owner === undefined) response.writeHead(401).end();
  else response.writeHead(200, { 'X-Forwarded-User': owner }).end();
});
server.listen(Number(port), '127.0.0.1');
