import { createServer } from 'node:net';

// Below the range from which Linux draws the local port of an outgoing connection (32768 and up). A port from that range
// could be taken between this check and the bind of the server it is for, and between the two lives of a restarted one.
const FIRST_PORT = 15_000;
const PORT_COUNT = 17_000;

const handedOut = new Set<number>();

/**
 * A free TCP port on 127.0.0.1 that this process has not given out before.
 * @throws Error when two hundred random ports were all taken
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORT_COUNT);
    if (!handedOut.has(port) && (await canListen(port))) {
      handedOut.add(port);
      return port;
    }
  }
  throw new Error('No free port was found on 127.0.0.1.');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
