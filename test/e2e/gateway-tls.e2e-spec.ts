import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { adviceFor, type UpstreamFailure } from '@scopegate/upstream';
import { afterEach, describe, expect } from 'vitest';
import { ApplicationEntity } from '../../src/applications/application.entity.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { certificateMaker } from '../support/certificates.js';
import { gatewayTest } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { bearer, type NewApplication } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const NAMES = 'DNS:localhost,IP:127.0.0.1';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** Listens until the end of the test. @returns the port */
async function listen(server: Server, path?: string): Promise<number> {
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  stops.push(async () => {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    server.close();
    await once(server, 'close');
  });
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

const OK: RequestListener = (_request, response) => response.end('ok');

async function tlsServer(options: ServerOptions, serve: RequestListener = OK): Promise<string> {
  return `https://127.0.0.1:${await listen(createTlsServer(options, serve))}`;
}

interface ShownTls {
  readonly tls: { readonly ca: string | null; readonly certificate: string | null; readonly key: string | null };
  readonly warnings: readonly { readonly code: string }[];
}

const it = gatewayTest
  .extend('folder', { scope: 'file' }, ({ gateway: _gateway }, { onCleanup }) => {
    const folder = createTemporaryFolder('tls');
    onCleanup(() => folder.remove());
    return folder.path;
  })
  .extend('make', { scope: 'file' }, ({ folder }) => certificateMaker(folder))
  .extend('ca', { scope: 'file' }, ({ make }) => make.authority('authority'))
  .extend('server', { scope: 'file' }, ({ make, ca }) => make.certificate(ca, NAMES))
  .extend('client', { scope: 'file' }, ({ make, ca }) => make.certificate(ca, 'DNS:gateway'))
  .extend('token', { scope: 'file' }, ({ gateway }) => gateway.createToken({ scope: 'read-only' }))
  .extend('send', { scope: 'file' }, ({ gateway, token }) => (host?: string): Promise<RawAnswer> => {
    const headers: [string, string][] = host === undefined ? [] : [['Host', host]];
    return request({ port: gateway.port, target: '/app/rest/x', headers: [bearer(token.secret), ...headers] });
  })
  .extend('mounted', { scope: 'file' }, ({ gateway }) => async (members: Partial<NewApplication>) => {
    const common = { kind: 'generic', mount: { pathPrefix: '/app' }, upstream: 'http://127.0.0.1:9' } as const;
    const key = await gateway.createApplication({ ...common, ...members });
    stops.push(() => gateway.admin.delete(`/applications/${key}`));
    return key;
  });

describe('TLS to an upstream', () => {
  it('R01: an authority of its own is trusted, for requests, checks and the version', async ({
    gateway,
    mounted,
    send,
    ca,
    server,
  }) => {
    const upstream = await tlsServer(server, ({ url }, response) =>
      response.end(
        url === '/rest/applinks/1.0/manifest'
          ? '<manifest><typeId>jira</typeId><version>9.9.9</version></manifest>'
          : 'ok',
      ),
    );
    const application = await mounted({ kind: 'jira', version: null, upstream, tls: { ca: ca.cert } });
    expect((await send()).status).toBe(200);
    expect((await gateway.admin.get(`/applications/${application}`)).body).toMatchObject({ version: '9.9.9' });
    const check = await gateway.admin.post(`/applications/${application}/check`, {});
    expect(check.body).toMatchObject({ reachable: true, tls: true, version: '9.9.9' });
    // Another one from now on.
    await gateway.admin.patch(`/applications/${application}`, { tls: null });
    expect((await send()).status).toBe(502);
  });

  it('R01: a client certificate is shown to the upstream', async ({ mounted, send, ca, server, client }) => {
    const subjects: string[] = [];
    const upstream = await tlsServer({ ...server, ca: ca.cert, requestCert: true }, (asked, response) => {
      subjects.push(String((asked.socket as TLSSocket).getPeerCertificate().subject.CN));
      response.end('ok');
    });
    await mounted({ upstream, tls: { ca: ca.cert, certificate: client.cert, key: client.key } });
    expect((await send()).status).toBe(200);
    expect(subjects).toEqual([expect.stringMatching(/^made-/)]);
  });

  it('R01: the name of the server can be set, and the Host line never changes it', async ({
    mounted,
    send,
    make,
    ca,
  }) => {
    const asked: [string | undefined, string | false][] = [];
    const sockets = new Set<IncomingMessage['socket']>();
    const serve: RequestListener = (message, response) => {
      sockets.add(message.socket);
      asked.push([message.headers.host, (message.socket as TLSSocket & { servername: string | false }).servername]);
      response.end('ok');
    };
    const upstream = await tlsServer(make.certificate(ca, 'DNS:app.example'), serve);
    await mounted({ upstream, host: 'client', tls: { ca: ca.cert, serverName: 'app.example' } });
    for (const host of ['one.example', 'two.example', 'one.example']) {
      expect((await send(host)).status).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(asked).toEqual(['one', 'two', 'one'].map((name) => [`${name}.example`, 'app.example']));
    expect(sockets.size).toBe(1);
  });

  it.for<[UpstreamFailure, (parts: Parts) => Failing]>([
    ['certificate-authority-unknown', ({ server }) => ({ options: server, tls: {} })],
    ['certificate-expired', ({ make, ca }) => ({ options: make.certificate(ca, NAMES, -1), tls: { ca: ca.cert } })],
    ['certificate-self-signed', ({ make, ca }) => ({ options: make.certificate(null, NAMES), tls: { ca: ca.cert } })],
    [
      'certificate-wrong-name',
      ({ make, ca }) => ({ options: make.certificate(ca, 'DNS:other'), tls: { ca: ca.cert } }),
    ],
    [
      'client-certificate-required',
      ({ server, ca }) => ({ options: { ...server, ca: ca.cert, requestCert: true }, tls: { ca: ca.cert } }),
    ],
    [
      'tls-handshake',
      ({ server, ca }) => ({
        options: { ...server, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
        tls: { ca: ca.cert },
      }),
    ],
    ['no-tls', ({ ca }) => ({ options: null, tls: { ca: ca.cert } })],
  ])(
    'R55, R126: %s is a 502 whose cause the administrator learns',
    async ([failure, partsOf], { gateway, mounted, send, make, ca, server }) => {
      const { options, tls } = partsOf({ make, ca, server });
      const upstream =
        options === null ? `https://127.0.0.1:${await listen(createServer(OK))}` : await tlsServer(options);
      const application = await mounted({ upstream, tls });
      const answer = await send();
      expect(answer.status).toBe(502);
      expect(answer.text()).not.toMatch(/certificate|TLS/i);
      const events = await gateway.events({ application, type: 'upstream.failed' });
      expect(events).toMatchObject([{ code: 'upstream_unreachable', detail: { failure } }]);
      const check = await gateway.admin.post(`/applications/${application}/check`, {});
      expect(check.body).toMatchObject({ reachable: false, tls: false, advice: [adviceFor(failure)] });
    },
  );
});

interface Parts {
  readonly make: ReturnType<typeof certificateMaker>;
  readonly ca: { readonly cert: string; readonly key: string };
  readonly server: { readonly cert: string; readonly key: string };
}

interface Failing {
  readonly options: ServerOptions | null;
  readonly tls: object;
}

describe('the key of a client certificate', () => {
  it('R61, R111: is stored encrypted, never shown, and kept by its mask', async ({
    gateway,
    mounted,
    send,
    ca,
    server,
    client,
  }) => {
    const upstream = await tlsServer({ ...server, ca: ca.cert, requestCert: true });
    const tls = { ca: ca.cert, certificate: client.cert, key: client.key };
    const application = await mounted({ upstream, tls });
    const shown = await gateway.admin.get<ShownTls>(`/applications/${application}`);
    expect(shown.body.tls).toEqual({ ...tls, key: '********', serverName: null });
    const again = await gateway.admin.patch<ShownTls>(`/applications/${application}`, { tls: shown.body.tls });
    expect(again.status).toBe(200);
    expect((await send()).status).toBe(200);
    const rows = await gateway.provider(UnitOfWork).read((manager) => manager.find(ApplicationEntity));
    const events = await gateway.events({ application });
    expect(JSON.stringify([rows, events, shown.body, again.body])).not.toMatch(/PRIVATE KEY/);
    expect(JSON.stringify(events)).toMatch(/made-\d+ \(SHA-256 [0-9A-F:]+\)/);
    const removed = await gateway.admin.patch<ShownTls>(`/applications/${application}`, {
      tls: { certificate: null, key: null },
    });
    expect(removed.body.tls).toMatchObject({ ca: ca.cert, certificate: null, key: null });
    expect((await send()).status).toBe(502);
  });

  it('R111: belongs to the endpoint and to its certificate', async ({ gateway, mounted, make, ca, client }) => {
    const tls = { certificate: client.cert, key: client.key };
    const application = await mounted({ upstream: 'https://127.0.0.1:9', tls });
    const refused = async (patch: object, field: string): Promise<void> => {
      const answer = await gateway.admin.patch(`/applications/${application}`, patch);
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ field }] } });
      expect(JSON.stringify(answer.body)).not.toContain('PRIVATE KEY');
    };
    await refused({ upstream: 'https://127.0.0.1:10' }, 'tls.key');
    await refused({ upstream: 'https://unix:/run/app.sock' }, 'tls.key');
    await refused({ tls: { certificate: make.certificate(ca, 'DNS:x').cert } }, 'tls.key');
    await refused({ tls: { key: make.certificate(ca, 'DNS:x').key } }, 'tls.key');
    await refused({ tls: { key: make.encrypted(client.key) } }, 'tls.key');
    await refused({ tls: { key: 'v1.AAAA' } }, 'tls.key');
    await refused({ tls: { key: null } }, 'tls.key');
    await refused({ tls: { certificate: null } }, 'tls.certificate');
    await refused({ tls: { ca: ca.cert + ca.key } }, 'tls.ca');
    await refused({ tls: { ca: 'text' } }, 'tls.ca');
    await refused({ tls: { ca: '' } }, 'tls.ca');
    await refused({ tls: { serverName: 'a b' } }, 'tls.serverName');
    await refused({ tls: { unknown: 'x' } }, 'tls.unknown');
    const moved = await gateway.admin.patch(`/applications/${application}`, { upstream: 'https://127.0.0.1:10', tls });
    expect(moved.status).toBe(200);
  });

  it('R01: has no effect with http, and a warning says so', async ({ gateway, mounted, ca }) => {
    const application = await mounted({ tls: { ca: ca.cert } });
    const shown = await gateway.admin.get<ShownTls>(`/applications/${application}`);
    expect(shown.body.warnings.map(({ code }) => code)).toContain('tls_not_used');
  });
});

describe('a socket file as an upstream', () => {
  it('R01: is reached, for requests, checks and the version', async ({ gateway, mounted, send, folder }) => {
    const path = join(folder, 'app.sock');
    const seen: (string | undefined)[] = [];
    const server = createServer(({ url, headers }, response) => {
      seen.push(`${headers.host} ${url}`);
      if (url === '/base/moved') response.setHeader('Location', 'http://localhost/base/there');
      response.end(
        url === '/base/rest/applinks/1.0/manifest'
          ? '<manifest><typeId>jira</typeId><version>9.9.9</version></manifest>'
          : 'ok',
      );
    });
    await listen(server, path);
    const application = await mounted({ kind: 'jira', version: null, upstream: `http://unix:${path}:/base` });
    expect((await send()).status).toBe(200);
    expect(seen).toContain('localhost /base/rest/x');
    const check = await gateway.admin.post(`/applications/${application}/check`, {});
    expect(check.body).toMatchObject({ reachable: true, tls: false, version: '9.9.9' });
  });

  it('R01: with TLS is reached, and is checked for the name localhost', async ({
    mounted,
    send,
    folder,
    ca,
    server,
  }) => {
    const path = join(folder, 'tls.sock');
    await listen(createTlsServer(server, OK), path);
    await mounted({ upstream: `https://unix:${path}`, tls: { ca: ca.cert } });
    expect((await send()).status).toBe(200);
  });

  it('R126: that is not there has a cause of its own', async ({ gateway, mounted, send, folder }) => {
    const application = await mounted({ upstream: `http://unix:${join(folder, 'none.sock')}` });
    expect((await send()).status).toBe(502);
    const events = await gateway.events({ application, type: 'upstream.failed' });
    expect(events).toMatchObject([{ detail: { failure: 'socket-not-found' } }]);
    const shown = await gateway.admin.get<ShownTls>(`/applications/${application}`);
    expect(shown.body.warnings.map(({ code }) => code)).not.toContain('upstream_not_encrypted');
  });
});
