import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, type ProgramResult } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { isMercurialAvailable, startMercurial, type MercurialServer } from '../support/mercurial.server.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

describe.runIf(canRunWith('mercurial', isMercurialAvailable()))('hg in front of hg serve', () => {
  let gateway: ScopegateFixture;
  let upstream: MercurialServer;
  let folder: TemporaryFolder;
  let reader: TestToken;
  let writer: TestToken;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startMercurial()]);
    folder = createTemporaryFolder('hg');
    await gateway.createApplication({
      key: 'hg',
      kind: 'generic',
      mount: { pathPrefix: '/hg' },
      upstream: upstream.url,
    });
    await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
    await folder.remove();
  });

  const hg = (token: TestToken, cwd: string, ...words: readonly string[]): Promise<ProgramResult> => {
    const login = { prefix: `${gateway.url}/hg`, schemes: 'http', username: token.owner, password: token.secret };
    const configured = Object.entries(login).flatMap(([name, value]) => ['--config', `auth.gate.${name}=${value}`]);
    return runProgram('hg', ['--noninteractive', ...configured, ...words], {
      cwd,
      env: { HGRCPATH: '', HGUSER: 'Alice' },
    });
  };

  const clone = async (token: TestToken, name: string): Promise<string> => {
    const path = join(folder.path, name);
    const result = await hg(token, folder.path, 'clone', '--quiet', `${gateway.url}/hg`, path);
    expect(result.exitCode, result.errorOutput).toBe(0);
    return path;
  };

  const commit = async (path: string, message: string): Promise<void> => {
    writeFileSync(join(path, 'README'), `${message}\n`);
    expect((await hg(reader, path, 'commit', '--message', message)).exitCode).toBe(0);
  };

  it('R02: a read-only token clones and pulls', async () => {
    const copy = await clone(reader, 'read');
    expect(readFileSync(join(copy, 'README'), 'utf8')).toBe('The first line.\n');
    const pulled = await hg(reader, copy, 'pull');
    expect(pulled.exitCode, pulled.errorOutput).toBe(0);
  });

  it('R03: a push with a read-only token is refused, and the repository is unchanged', async () => {
    const copy = await clone(reader, 'refused');
    await commit(copy, 'Never');
    const result = await hg(reader, copy, 'push');
    expect(result.exitCode).not.toBe(0);
    expect(result.errorOutput).toContain('403');
    expect(await upstream.newest()).toBe('First');
  });

  it('R07: a read-write token pushes', async () => {
    const copy = await clone(writer, 'written');
    await commit(copy, 'Second');
    const result = await hg(writer, copy, 'push');
    expect(result.exitCode, `${result.standardOutput}${result.errorOutput}`).toBe(0);
    expect(await upstream.newest()).toBe('Second');
  });

  it('R51: a revoked token clones nothing', async () => {
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.revokeToken(revoked.id);
    const result = await hg(revoked, folder.path, 'clone', `${gateway.url}/hg`, join(folder.path, 'none'));
    expect(result.exitCode).not.toBe(0);
    expect(result.errorOutput).toMatch(/authorization failed|401/);
  });
});
