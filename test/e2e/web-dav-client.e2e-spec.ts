import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { runSuccessfully } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { gatewayTest } from '../support/gateway-test.js';
import { request } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { isWebDavAvailable, startWebDav } from '../support/web-dav.server.js';

const it = gatewayTest
  .extend('dav', { scope: 'file' }, async ({ gateway }, { onCleanup }) => {
    const dav = await startWebDav({ 'a.txt': 'the text', 'locked.txt': 'locked' });
    onCleanup(() => dav.stop());
    await gateway.createApplication({
      kind: 'generic',
      mount: { pathPrefix: '/files' },
      upstream: dav.url,
      blockedPaths: [{ path: '/secret*' }],
    });
    return dav;
  })
  .extend('token', { scope: 'file' }, ({ gateway }) => gateway.createToken({ scope: 'read-write' }))
  .extend('cadaver', { scope: 'file' }, async ({ dav, gateway, token }, { onCleanup }) => {
    const home = createTemporaryFolder('cadaver');
    onCleanup(() => home.remove());
    const login = `machine 127.0.0.1 login admin password ${token.secret}\n`;
    writeFileSync(join(home.path, '.netrc'), login, { mode: 0o600 });
    const { pathname } = new URL(dav.url);
    return (commands: string): Promise<string> =>
      runSuccessfully('cadaver', [`${gateway.url}${pathname}/`], { cwd: home.path, input: `${commands}\nquit\n` });
  });

describe.runIf(canRunWith('web-dav', isWebDavAvailable()))('WebDAV on Apache', () => {
  it('R115: cadaver copies and moves on Apache', async ({ cadaver, dav }) => {
    const output = await cadaver('copy a.txt b.txt\nmove b.txt c.txt\nmkcol d\ncopy c.txt d/e.txt');
    expect(output).not.toMatch(/failed|could not|error/i);
    expect(dav.names()).toEqual(['a.txt', 'c.txt', 'd', 'locked.txt']);
    expect(dav.read('d/e.txt')).toBe('the text');
    expect(dav.requests()).toContain(`COPY /files/a.txt 201 ${dav.url}/b.txt`);
  });

  it('R115: cadaver moves a file that it has locked', async ({ cadaver, dav }) => {
    const output = await cadaver('lock locked.txt\nmove locked.txt moved.txt');
    expect(output).not.toMatch(/failed|could not|error/i);
    expect(dav.names()).toContain('moved.txt');
  });

  it.for([
    '/outside/x.txt',
    '/files/../outside/x.txt',
    '/files/%2e%2e/x.txt',
    '/files/secret.txt',
    'http://elsewhere.example/files/x.txt',
  ])('R115: Apache receives no COPY to %s', async (destination, { gateway, dav, token }) => {
    const before = dav.requests().length;
    const headers = [bearer(token.secret), ['Destination', destination]] as const;
    const answer = await request({ port: gateway.port, method: 'COPY', target: '/files/a.txt', headers });
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([403, 'destination_not_allowed']);
    expect(dav.requests()).toHaveLength(before);
  });
});
