import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { sendRaw } from '../support/raw-client.js';
import { basic, bearer, type TestEvent } from '../support/scopegate.fixture.js';
import { acceptUpgrade, openUpgrade, startUpgradeUpstream, until } from '../support/upgraded.client.js';
import { pauseInSteps } from '../support/until.js';

const it = gatewayTest
  .extend('switching', { scope: 'file' }, async ({ gateway: _gateway }, { onCleanup }) => {
    const switching = await startUpgradeUpstream();
    onCleanup(() => switching.stop());
    return switching;
  })
  .extend('forget', { auto: true }, ({ switching }) => switching.clear())
  .extend('application', { scope: 'file' }, ({ gateway, switching }) =>
    gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/app' },
      upstream: `${switching.url}/behind`,
      connections: 8,
    }),
  )
  .extend('token', { scope: 'file' }, ({ gateway, application: _application }) =>
    gateway.createToken({ scope: 'read-write' }),
  )
  .extend(
    'open',
    ({ gateway, token }) =>
      (more: Partial<Parameters<typeof openUpgrade>[0]> = {}) =>
        openUpgrade({ port: gateway.port, path: '/app/live', headers: [bearer(token.secret)], ...more }),
  );

/** The events of upgraded connections, oldest first. */
function upgradeEvents(events: readonly TestEvent[]): readonly TestEvent[] {
  return events.filter(({ status }) => status === 101).toReversed();
}

describe('an upgraded connection', () => {
  it('R116: passes with the identity, and bytes go both ways as they are', async ({ open, switching, token }) => {
    const client = await open({
      headers: [bearer(token.secret), ['Sec-WebSocket-Key', 'abc'], ['X-Forwarded-User', 'mallory'], ['Cookie', 'a=1']],
    });
    expect(client.status).toBe(101);
    expect(client.header('upgrade')).toBe('websocket');
    expect(client.header('connection')).toBe('Upgrade');
    expect(client.header('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    const end = await switching.waitForEnd(1);
    expect(end.requestLine).toBe('GET /behind/live HTTP/1.1');
    expect(end.headerValues('upgrade')).toEqual(['websocket']);
    expect(end.headerValues('connection')).toEqual(['upgrade']);
    expect(end.headerValues('x-forwarded-user')).toEqual(['admin']);
    expect(end.headerValues('sec-websocket-key')).toEqual(['abc']);
    expect(end.headerValues('authorization')).toEqual([]);
    expect(end.headerValues('cookie')).toEqual([]);
    expect(end.headerValues('x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(end.headerValues('via')[0]).toMatch(/^1\.1 scopegate-/);
    const every = Buffer.from(Array.from({ length: 256 }, (_unused, byte) => byte));
    client.socket.write(every);
    await until(() => client.receivedLength() === 256, 'the echo');
    expect(end.received()).toBe(every.toString('latin1'));
    expect(client.received()).toBe(every.toString('latin1'));
    client.socket.destroy();
    await end.waitForEnd();
  });

  it('R55: has one event at the decision and one at its end', async ({ open, gateway, token, application }) => {
    const client = await open();
    client.socket.write('hello');
    await client.waitFor('hello');
    client.socket.end();
    await client.waitForEnd();
    let found: readonly TestEvent[] = [];
    await expect
      .poll(async () => {
        found = upgradeEvents(await gateway.events({ tokenId: token.id })).slice(-2);
        return found.map(({ type }) => type);
      })
      .toEqual(['authentication.succeeded', 'connection.ended']);
    const [start, end] = found;
    for (const event of found) {
      expect(event).toMatchObject({ outcome: 'allowed', code: null, owner: 'admin', application, path: '/live' });
    }
    expect(end?.requestId).toBe(start?.requestId);
    expect(start?.detail).toBeNull();
    expect(end?.detail).toEqual({ bytesIn: 5, bytesOut: 5, durationMs: expect.any(Number), endedBy: 'client' });
  });

  it('R11: the lines of a 101 arrive, without the session of the upstream on a token request', async ({
    open,
    switching,
  }) => {
    switching.onHead((end) =>
      end.socket.end(`${acceptUpgrade('websocket', 'Sec-WebSocket-Accept: x=', 'Set-Cookie: JSESSIONID=1')}bye`),
    );
    const client = await open();
    await client.waitFor('bye');
    expect([client.status, client.header('sec-websocket-accept')]).toEqual([101, 'x=']);
    expect(client.headerValues('set-cookie')).toEqual([]);
    await client.waitForEnd();
    client.socket.destroy();
  });

  it('R116: each direction ends on its own', async ({ open, switching }) => {
    switching.onHead((end) => {
      end.socket.write(acceptUpgrade('websocket'));
      end.socket.on('end', () => end.socket.end(`got ${end.received()}`));
    });
    const client = await open();
    client.socket.end('all');
    await client.waitFor('got all');
    await client.waitForEnd();

    switching.onHead((end) => end.socket.end(`${acceptUpgrade('websocket')}first`));
    const other = await open();
    await other.waitForEnd();
    expect(other.received()).toBe('first');
    const end = await switching.waitForEnd(2);
    other.socket.write('later');
    await end.waitFor('later');
    other.socket.end();
    await end.waitForEnd();
  });

  it('R116: 40 MB each way, at the pace of the reader', async ({ open, switching }) => {
    const sent = createHash('sha256');
    const back = createHash('sha256');
    const client = await open();
    const end = await switching.waitForEnd(1);
    client.socket.on('data', (chunk: Buffer) => back.update(chunk));
    client.socket.pause();
    const part = randomBytes(1_048_576);
    for (let count = 0; count < 40; count += 1) {
      sent.update(part);
      client.socket.write(part);
    }
    // The client does not read, so the upstream's echo waits, and then the upstream's reading.
    const seen = async (): Promise<number> => {
      const before = end.receivedLength();
      await new Promise((resolve) => setTimeout(resolve, 300));
      return end.receivedLength() - before;
    };
    await expect.poll(seen).toBe(0);
    expect(end.receivedLength()).toBeLessThan(40 * 1_048_576);
    client.socket.resume();
    await until(() => client.receivedLength() === 40 * 1_048_576, 'all bytes', 30_000);
    expect(back.digest('hex')).toBe(sent.digest('hex'));
    client.socket.destroy();
  });

  it('R116: an answer other than 101 is an ordinary answer', async ({ gateway, token, switching }) => {
    switching.onHead((end) =>
      end.socket.write('HTTP/1.1 426 Upgrade Required\r\nUpgrade: chat\r\nContent-Length: 3\r\n\r\nno!'),
    );
    const head = `GET /app/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    const answer = await sendRaw(gateway.port, `${head}${bearer(token.secret).join(': ')}\r\n\r\n`);
    expect([answer.status, answer.text(), answer.header('upgrade')]).toEqual([426, 'no!', undefined]);
    expect(answer.closed).toBe(false);
  });

  it('R116: an upgrade by POST has its body', async ({ open, switching }) => {
    const client = await open({ method: 'POST', protocol: 'tcp', body: '{"Tty":true}' });
    expect([client.status, client.header('upgrade')]).toEqual([101, 'tcp']);
    const end = await switching.waitForEnd(1);
    expect(end.requestLine).toBe('POST /behind/live HTTP/1.1');
    expect(end.received()).toBe('{"Tty":true}');
    client.socket.write('more');
    await end.waitFor('more');
    client.socket.destroy();
  });

  it('R112: counts as a stream of its token', async ({ open, gateway, switching }) => {
    // A share of 8 connections is 2, and one of them may be a stream.
    const token = await gateway.createToken({ scope: 'read-write' });
    const headers = [bearer(token.secret)];
    const first = await open({ headers });
    expect(first.status).toBe(101);
    expect((await open({ headers })).status).toBe(504);
    const end = await switching.waitForEnd(2);
    await end.waitForEnd();
    first.socket.destroy();
    await expect
      .poll(async () => {
        const next = await open({ headers });
        next.socket.destroy();
        return next.status;
      })
      .toBe(101);
  });

  it('R116: one without a byte ends after streamTimeoutMs', async ({ gateway, switching, token }) => {
    await gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/idle' },
      upstream: switching.url,
      streamTimeoutMs: 4_000,
    });
    const client = await openUpgrade({ port: gateway.port, path: '/idle/x', headers: [bearer(token.secret)] });
    expect(client.status).toBe(101);
    const end = await switching.waitForEnd(1);
    for (let count = 0; count < 6; count += 1) {
      client.socket.write('tick');
      await pause(900);
    }
    expect(client.hasEnded).toBe(false);
    await client.waitForEnd();
    await end.waitForEnd();
    await expect
      .poll(async () => upgradeEvents(await gateway.events({ tokenId: token.id })).at(-1)?.detail)
      .toMatchObject({ endedBy: 'idle', bytesIn: 24 });
  });
});

describe('a silent answer', () => {
  it('R112: is cut after streamTimeoutMs, and not while something comes', async ({ gateway, switching, token }) => {
    await gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/silent' },
      upstream: switching.url,
      streamTimeoutMs: 4_000,
    });
    switching.onHead((end) =>
      end.socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 1000\r\n\r\n'),
    );
    const headers = [bearer(token.secret)];
    const client = await openUpgrade({ port: gateway.port, path: '/silent/x', headers, protocol: '' });
    const end = await switching.waitForEnd(1);
    for (let count = 0; count < 6; count += 1) {
      end.socket.write('.');
      await pause(900);
    }
    expect([client.received(), client.hasEnded]).toEqual(['......', false]);
    await client.waitForEnd();
    await end.waitForEnd();
    client.socket.destroy();
  });
});

describe('an upgrade skips no guard', () => {
  it('R67: bytes before the answer never reach the upstream', async ({ open, switching }) => {
    switching.onHead((end) => setTimeout(() => end.socket.write(acceptUpgrade('websocket')), 200));
    // In the packet of the request: it goes on as an ordinary request, and the upstream's 101 is then a fault.
    const together = await open({ early: 'GET /app/admin HTTP/1.1\r\nHost: a\r\n\r\n' });
    expect(together.status).toBe(502);
    const first = await switching.waitForEnd(1);
    expect(first.headerValues('upgrade')).toEqual([]);
    await first.waitForEnd();
    expect(first.received()).toBe('');
    expect(switching.ends).toHaveLength(1);
  });

  it('R67: a client that goes on too early gets no connection', async ({ gateway, token, switching }) => {
    for (const early of ['\r\n', 'GE', '\x81\x05hello', 'GET /app/next HTTP/1.1\r\nHost: a\r\n\r\n']) {
      switching.clear();
      let accept = (): void => undefined;
      switching.onHead((end) => (accept = () => end.socket.write(acceptUpgrade('websocket', 'X-Early: no'))));
      const head = `GET /app/live HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
      const sending = sendRaw(gateway.port, [`${head}${bearer(token.secret).join(': ')}\r\n\r\n`, early], {
        betweenPieces: () => switching.waitForEnd(1),
        closeWaitMs: 5_000,
      });
      const end = await switching.waitForEnd(1);
      await pauseInSteps(400);
      accept();
      const answer = await sending;
      expect(answer.status, early).toBe(400);
      expect(answer.raw.toString('latin1'), early).not.toContain('X-Early');
      expect(answer.closed, early).toBe(true);
      await end.waitForEnd();
      expect(end.received(), early).toBe('');
      expect(switching.ends, early).toHaveLength(1);
    }
  });

  it('R67: an upstream that switches to another protocol than asked for is a failure', async ({ open, switching }) => {
    for (const [asked, answered] of [
      ['websocket', 'h2c'],
      ['websocket', 'chat'],
      ['websocket', 'websocket, h2c'],
      ['h2c, websocket', 'h2c'],
      ['websocket', ''],
    ] as const) {
      switching.clear();
      switching.onHead((end) => end.socket.write(acceptUpgrade(answered)));
      const client = await open({ protocol: asked });
      expect(client.status, `${asked} ${answered}`).toBe(502);
      await (await switching.waitForEnd(1)).waitForEnd();
      client.socket.destroy();
    }
  });

  it('R67: an upstream that answers 200 to an upgrade stays with HTTP, and so do the next requests', async ({
    gateway,
    token,
    switching,
  }) => {
    switching.onHead((end) => end.socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'));
    const head = (path: string, more: string): string =>
      `GET /app${path} HTTP/1.1\r\nHost: a\r\n${bearer(token.secret).join(': ')}\r\n${more}\r\n`;
    const answer = await sendRaw(
      gateway.port,
      [head('/up', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'), head('/next', '')],
      {
        answers: 2,
        betweenPieces: async () => {
          await switching.waitForEnd(1);
          await pauseInSteps(200);
        },
      },
    );
    expect(answer.status).toBe(200);
    expect(answer.rest.toString('latin1')).toMatch(/^HTTP\/1\.1 200/);
    expect(switching.ends.map(({ requestLine }) => requestLine)).toEqual([
      'GET /behind/up HTTP/1.1',
      'GET /behind/next HTTP/1.1',
    ]);
    for (const end of switching.ends) expect(end.received()).toBe('');
  });

  it('R116: the server’s own paths have no upgrades', async ({ gateway }) => {
    for (const path of ['/health/live', '/api/v1/tokens', '/docs', '/nowhere', '/metrics']) {
      const client = await openUpgrade({
        port: gateway.port,
        path,
        headers: [basic('admin', gateway.adminPassword)],
      });
      expect(client.status, path).not.toBe(101);
      expect(client.status, path).toBeGreaterThanOrEqual(200);
      client.socket.destroy();
    }
  });

  it('R116: the upstream that refuses the connection, or goes away, is a 502', async ({ open, switching }) => {
    switching.onHead((end) => end.socket.destroy());
    const client = await open();
    expect(client.status).toBe(502);
    client.socket.destroy();
  });

  it('R116: a client that goes away before the answer ends the connection to the upstream', async ({
    gateway,
    token,
    application,
    switching,
  }) => {
    switching.onHead(() => undefined);
    const head = `GET /app/gone HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`;
    const client = connect(gateway.port, '127.0.0.1');
    client.write(`${head}${bearer(token.secret).join(': ')}\r\n\r\n`);
    const end = await switching.waitForEnd(1);
    client.destroy();
    await end.waitForEnd();
    await expect
      .poll(() => gateway.events({ tokenId: token.id, application, q: '/gone' }))
      .toMatchObject([{ type: 'authentication.succeeded', status: null }]);
  });
});
