import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { openingOfMysql } from '../../src/database/dialect/mysql-opening.js';
import { describeWithMariaDb } from '../support/external-servers.js';

describeWithMariaDb('a start against a database server that freezes', (mariaDb) => {
  const sockets = new Set<Socket>();
  let relay: Server | null = null;

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    relay?.close();
  });

  /** Passes on so many packets of the server and then nothing more. */
  async function portThatFreezesAfter(packets: number): Promise<number> {
    relay = createServer((client) => {
      const server = connect(mariaDb().port, '127.0.0.1');
      for (const socket of [client, server]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
      }
      client.pipe(server);
      let passed = 0;
      server.on('data', (packet) => {
        passed += 1;
        if (passed <= packets) client.write(packet);
      });
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    return (relay.address() as AddressInfo).port;
  }

  it.each([
    [0, 'before its greeting'],
    [1, 'after its greeting'],
    [2, 'after the login'],
  ])('R81: ends with one line where the server freezes after %i packets, %s', async (packets) => {
    const url = new URL(await mariaDb().createDatabase());
    const opening = openingOfMysql({
      kind: 'mysql',
      host: url.hostname,
      port: await portThatFreezesAfter(packets),
      username: 'root',
      password: '',
      database: url.pathname.slice(1),
    });
    await expect(opening.options({} as never)).rejects.toThrow(/cannot be used \(ETIMEDOUT\)\. Check DATABASE_URL/);
  });
});
