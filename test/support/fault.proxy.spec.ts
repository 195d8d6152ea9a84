import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createConnection, type Connection } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeWithMariaDb, describeWithRedis } from './external-servers.js';
import { startFaultProxy, type CommitFault, type FaultProxy } from './fault.proxy.js';

/** What has arrived at one end of a connection, and how it ended. */
type Heard = { text: string; end: 'open' | 'closed' | 'reset' };

function listenTo(socket: Socket): Heard {
  const heard: Heard = { text: '', end: 'open' };
  socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', (hadError) => (heard.end = hadError ? 'reset' : 'closed'));
  return heard;
}

function eventually(check: () => unknown): Promise<unknown> {
  return vi.waitFor(check, { timeout: 30_000 });
}

describe('fault proxy', () => {
  const served: Heard[] = [];
  const server = createServer((socket) => {
    served.push(listenTo(socket));
    socket.on('data', (chunk) => socket.write(`answer to ${chunk.toString()}`));
  });
  let proxy: FaultProxy;

  beforeEach(async () => {
    served.length = 0;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await startFaultProxy({ port: (server.address() as AddressInfo).port });
  });

  afterEach(async () => {
    await proxy.stop();
    server.close();
    await once(server, 'close');
  });

  function open(): { socket: Socket; heard: Heard } {
    const socket = connect(proxy.port, '127.0.0.1');
    return { socket, heard: listenTo(socket) };
  }

  async function ask(socket: Socket, heard: Heard, text: string): Promise<void> {
    socket.write(text);
    await eventually(() => expect(heard.text).toContain(`answer to ${text}`));
  }

  it('support: bytes and ends pass in both directions', async () => {
    const { socket, heard } = open();
    await ask(socket, heard, 'one');
    expect([proxy.openConnections, proxy.acceptedConnections]).toEqual([1, 1]);
    socket.end();
    await eventually(() => expect([heard.end, served[0]?.end]).toEqual(['closed', 'closed']));
    expect(proxy.openConnections).toBe(0);
  });

  it('support: a connection that lost bytes stays open and silent, also once new ones are well again', async () => {
    const { socket, heard } = open();
    await ask(socket, heard, 'one');
    proxy.swallow('to-client');
    socket.write('two');
    await eventually(() => expect(served[0]?.text).toBe('onetwo'));
    proxy.swallow();
    socket.write('three');
    const during = open();
    during.socket.write('four');
    await once(during.socket, 'connect');
    await eventually(() => expect(proxy.openConnections).toBe(2));
    proxy.pass();
    const after = open();
    await ask(after.socket, after.heard, 'five');
    socket.write('six');
    await ask(after.socket, after.heard, 'seven');
    expect([proxy.openConnections, proxy.silentConnections]).toEqual([3, 2]);
    expect(heard).toEqual({ text: 'answer to one', end: 'open' });
    expect(during.heard).toEqual({ text: '', end: 'open' });
    // Its server does not learn either that the client has gone.
    socket.destroy();
    await eventually(() => expect(proxy.openConnections).toBe(2));
    expect(served[0]).toEqual({ text: 'onetwo', end: 'open' });
  });

  it('support: a reset ends open connections at both ends and lets new ones in', async () => {
    const { socket, heard } = open();
    await ask(socket, heard, 'one');
    proxy.reset();
    await eventually(() => expect([heard.end, served[0]?.end]).toEqual(['reset', 'reset']));
    const next = open();
    await ask(next.socket, next.heard, 'two');
  });

  it('support: new connections are refused until they may pass, on the same port', async () => {
    const { socket, heard } = open();
    await ask(socket, heard, 'one');
    await proxy.refuse();
    const refused = open();
    await eventually(() => expect(refused.heard.end).toBe('reset'));
    await ask(socket, heard, 'two');
    proxy.pass();
    const next = open();
    await ask(next.socket, next.heard, 'three');
    expect(proxy.acceptedConnections).toBe(2);
  });

  it('support: delayed bytes arrive later, in their order', async () => {
    const { socket, heard } = open();
    await ask(socket, heard, 'one');
    proxy.delay(100);
    const startedMs = performance.now();
    socket.write('two');
    await eventually(() => expect(served[0]?.text).toBe('onetwo'));
    socket.end('three');
    await eventually(() => expect(served[0]).toEqual({ text: 'onetwothree', end: 'closed' }));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
  });
});

describeWithRedis('fault proxy before Redis', (redis) => {
  it('support: a URL is led through the proxy', async () => {
    const proxy = await startFaultProxy(redis());
    const socket = connect(Number(new URL(proxy.through(redis().url)).port), '127.0.0.1');
    const heard = listenTo(socket);
    socket.write('PING\r\n');
    await eventually(() => expect(heard.text).toBe('+PONG\r\n'));
    await proxy.stop();
  });
});

describeWithMariaDb('fault proxy before MariaDB', (server) => {
  const connections: Connection[] = [];

  async function connectTo(url: string): Promise<Connection> {
    const connection = await createConnection(url);
    connection.on('error', () => undefined);
    connections.push(connection);
    return connection;
  }

  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  const CASES: readonly { fault: CommitFault; stored: boolean; answered: boolean }[] = [
    { fault: 'reset-before', stored: false, answered: true },
    { fault: 'reset-after', stored: true, answered: true },
    { fault: 'swallow-answer', stored: true, answered: false },
  ];
  it.each(CASES)('support: COMMIT and $fault: stored is $stored', async ({ fault, stored, answered }) => {
    const url = await server().createDatabase();
    const proxy = await startFaultProxy(server());
    const direct = await connectTo(url);
    await direct.query('CREATE TABLE kept (id INT PRIMARY KEY)');
    await direct.query('CREATE TABLE other (id INT PRIMARY KEY)');
    proxy.failCommit({ fault, containing: 'INTO kept' });
    const client = await connectTo(proxy.through(url));
    // A transaction of something else, and one that was rolled back, are let through.
    for (const statement of ['START TRANSACTION', 'INSERT INTO other VALUES (1)', 'COMMIT']) {
      await client.query(statement);
    }
    for (const statement of ['START TRANSACTION', 'INSERT INTO kept VALUES (1)', 'ROLLBACK']) {
      await client.query(statement);
    }
    for (const statement of ['START TRANSACTION', 'INSERT INTO other VALUES (2)', 'COMMIT']) {
      await client.query(statement);
    }
    expect(proxy.failedCommits).toBe(0);
    await client.query('START TRANSACTION');
    await client.query('INSERT INTO kept VALUES (7)');
    let outcome = 'no answer';
    client.query('COMMIT').then(
      () => (outcome = 'stored'),
      (error: unknown) => (outcome = String(error)),
    );
    await eventually(() => expect(proxy.failedCommits).toBe(1));
    if (answered) await eventually(() => expect(outcome).toMatch(/ECONNRESET|Connection lost/));
    await eventually(async () => {
      const [rows] = await direct.query('SELECT id FROM kept');
      expect(rows).toEqual(stored ? [{ id: 7 }] : []);
    });
    if (!answered) expect([outcome, proxy.openConnections]).toEqual(['no answer', 1]);
    // The rule held for one transaction.
    const next = await connectTo(proxy.through(url));
    await next.query('START TRANSACTION');
    await next.query('INSERT INTO kept VALUES (8)');
    await next.query('COMMIT');
    await proxy.stop();
  });
});
