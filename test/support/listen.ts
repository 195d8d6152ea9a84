import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';

/** Opens a server on 127.0.0.1, on a port that the system chooses. @returns the port */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
