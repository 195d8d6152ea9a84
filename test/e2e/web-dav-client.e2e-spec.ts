import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { privateEnvironment } from '../support/private-process.js';
import { request } from '../support/raw-client.js';
import { bearer, startScopegateFixture } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { missingForWebDav, startWebDav } from '../support/web-dav.server.js';

const missing = missingForWebDav();
if (missing !== null) console.warn(`Skipped: the tests of WebDAV, because there is ${missing}.`);

const it = test
  .extend('dav', { scope: 'file' }, async ({}, { onCleanup }) => {
    const dav = await startWebDav({ 'a.txt': 'the text', 'locked.txt': 'locked' });
    onCleanup(() => dav.stop());
    return dav;
  })
  .extend('gateway', { scope: 'file' }, async ({ dav }, { onCleanup }) => {
    const gateway = await startScopegateFixture();
    onCleanup(() => gateway.stop());
    await gateway.createApplication({
      key: 'dav',
      kind: 'generic',
      mount: { pathPrefix: '/files' },
      upstream: dav.url,
      blockedPaths: [{ path: '/secret*' }],
    });
    return gateway;
  })
  .extend('token', { scope: 'file' }, ({ gateway }) => gateway.createToken({ scope: 'read-write' }))
  .extend('cadaver', { scope: 'file' }, async ({ gateway, token }, { onCleanup }) => {
    const home = createTemporaryFolder('cadaver');
    onCleanup(() => home.remove());
    writeFileSync(join(home.path, '.netrc'), `machine 127.0.0.1 login admin password ${token.secret}\n`, {
      mode: 0o600,
    });
    return (commands: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const child = spawn('cadaver', [`${gateway.url}/files/`], {
          cwd: home.path,
          env: privateEnvironment(home.path),
        });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
        child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
        child.once('error', reject);
        child.once('close', () => resolve(output));
        child.stdin.end(`${commands}\nquit\n`);
      });
  });

it.runIf(missing === null)('R115: cadaver copies and moves on Apache', async ({ cadaver, dav }) => {
  const output = await cadaver('copy a.txt b.txt\nmove b.txt c.txt\nmkcol d\ncopy c.txt d/e.txt');
  expect(output).not.toMatch(/failed|could not|error/i);
  expect(dav.names()).toEqual(['a.txt', 'c.txt', 'd', 'locked.txt']);
  expect(dav.read('d/e.txt')).toBe('the text');
  expect(dav.requests()).toContain(`COPY /files/a.txt 201 ${dav.url}/b.txt`);
});

it.runIf(missing === null)('R115: cadaver moves a file that it has locked', async ({ cadaver, dav }) => {
  const output = await cadaver('lock locked.txt\nmove locked.txt moved.txt');
  expect(output).not.toMatch(/failed|could not|error/i);
  expect(dav.names()).toContain('moved.txt');
});

it
  .runIf(missing === null)
  .for([
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
