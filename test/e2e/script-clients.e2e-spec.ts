import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { runProgram, type ProgramResult } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { gatewayTest } from '../support/gateway-test.js';
import { findProgram } from '../support/private-process.js';
import type { TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const PYTHON = '/usr/bin/python3';

const it = gatewayTest
  .extend('folder', { scope: 'file' }, ({ gateway: _gateway }, { onCleanup }): TemporaryFolder => {
    const folder = createTemporaryFolder('scripts');
    onCleanup(() => folder.remove());
    return folder;
  })
  .extend('tokens', { scope: 'file', auto: true }, async ({ gateway, upstream, folder }) => {
    await gateway.createApplication({
      key: 'api',
      kind: 'generic',
      mount: { pathPrefix: '/api-of-a-team' },
      upstream: upstream.url,
    });
    await gateway.createUser({ username: 'alice' });
    const reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    const writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    writeFileSync(join(folder.path, '.netrc'), netrcOf(reader), { mode: 0o600 });
    return { reader, writer };
  })
  .extend('address', { scope: 'file' }, ({ gateway }) => `${gateway.url}/api-of-a-team/items`);

function netrcOf({ owner, secret }: TestToken): string {
  return `machine 127.0.0.1\nlogin ${owner}\npassword ${secret}\n`;
}

describe.runIf(canRunWith('curl', findProgram('curl') !== undefined))('curl', () => {
  const curl = (folder: TemporaryFolder, ...words: readonly string[]): Promise<ProgramResult> =>
    runProgram('curl', ['--silent', '--show-error', ...words], { cwd: folder.path });

  it('R67: sends a token by --user, by --netrc, and as Bearer', async ({ folder, tokens, address, upstream }) => {
    const { owner, secret } = tokens.reader;
    const ways = [['--user', `${owner}:${secret}`], ['--netrc'], ['--oauth2-bearer', secret]];
    for (const way of ways) {
      const result = await curl(folder, '--fail-with-body', ...way, address);
      expect(result.exitCode, result.errorOutput).toBe(0);
      expect(upstream.lastRequest?.header('x-forwarded-user')).toBe('alice');
      expect(upstream.lastRequest?.header('authorization')).toBeUndefined();
    }
    expect(upstream.requests).toHaveLength(ways.length);
  });

  it('R03: shows the reason of a refusal, and fails', async ({ folder, address, upstream }) => {
    const result = await curl(folder, '--fail-with-body', '--netrc', '--json', '{"a":1}', address);
    expect(result.exitCode).toBe(22);
    expect(JSON.parse(result.standardOutput)).toMatchObject({ code: 'scope_insufficient' });
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R02: uploads and downloads files byte for byte', async ({ folder, tokens, address, upstream }) => {
    const content = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    writeFileSync(join(folder.path, 'file.bin'), content);
    const login = ['--user', `alice:${tokens.writer.secret}`];
    const uploaded = await curl(folder, '--fail-with-body', ...login, '--upload-file', 'file.bin', address);
    expect(uploaded.exitCode, uploaded.errorOutput).toBe(0);
    expect(upstream.lastRequest?.body).toEqual(content);
  });
});

const hasRequests = spawnSync(PYTHON, ['-c', 'import requests']).status === 0;

describe.runIf(canRunWith('python-jira', hasRequests))('the module requests of Python', () => {
  it('R67: takes the token from .netrc, in place of a Bearer line of its own', async ({
    folder,
    tokens,
    address,
    upstream,
  }) => {
    const script = `
import requests, sys
bearer = {'Authorization': 'Bearer ' + sys.argv[2]}
print(requests.get(sys.argv[1]).status_code, requests.put(sys.argv[1], headers=bearer).status_code)
session = requests.Session()
session.trust_env = False
print(session.put(sys.argv[1], headers=bearer).status_code)`;
    const result = await runProgram(PYTHON, ['-c', script, address, tokens.writer.secret], { cwd: folder.path });
    // The read-only token of .netrc counts; with trust_env off, the line of the script does.
    expect(result.standardOutput, result.errorOutput).toBe('200 403\n200\n');
    expect(upstream.requests.map(({ method }) => method)).toEqual(['GET', 'PUT']);
  });
});
