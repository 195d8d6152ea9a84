import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { runProgram, runSuccessfully, type ProgramResult } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { isSubversionAvailable, startSubversion, type SubversionServer } from '../support/subversion.server.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

/** What the server takes from the gateway for every user. */
const WORD = 'a word between gateway and server';

/** svn reads by these methods; to the gateway they are writes unless an exception says otherwise. */
const READS = ['PROPFIND', 'REPORT'].map((method) => ({ method, path: '/**' }));

describe.runIf(canRunWith('svn', isSubversionAvailable()))('svn in front of Apache with mod_dav_svn', () => {
  let gateway: ScopegateFixture;
  let upstream: SubversionServer;
  let folder: TemporaryFolder;
  let reader: TestToken;
  let writer: TestToken;
  let copies = 0;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startSubversion({ alice: WORD, bob: WORD })]);
    folder = createTemporaryFolder('svn');
    await gateway.createApplication({
      key: 'svn',
      kind: 'generic',
      mount: { pathPrefix: '/svn' },
      upstream: upstream.url,
      identity: { mode: 'headers', headers: { Authorization: { secret: `Basic {username}:${WORD}` } } },
      readOnlyExceptions: READS,
    });
    await gateway.createUser({ username: 'alice' });
    await gateway.createUser({ username: 'bob' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
    await folder.remove();
  });

  const address = (path = '/trunk'): string => `${gateway.url}/svn/demo${path}`;

  const svn = (token: TestToken, cwd: string, ...words: readonly string[]): Promise<ProgramResult> =>
    runProgram('svn', ['--non-interactive', '--no-auth-cache', ...loginOf(token), ...words], {
      cwd,
      home: folder.path,
    });

  const loginOf = ({ owner, secret }: TestToken): readonly string[] => ['--username', owner, '--password', secret];

  const checkOut = async (token: TestToken): Promise<string> => {
    const path = join(folder.path, `copy-${(copies += 1)}`);
    const result = await svn(token, folder.path, 'checkout', '--quiet', address(), path);
    expect(result.exitCode, result.errorOutput).toBe(0);
    return path;
  };

  /** What the repository itself has, past Apache. */
  const inRepository = (...words: readonly string[]): Promise<string> =>
    runSuccessfully('svn', words, { cwd: folder.path });

  it('R13: a read-only token checks out, updates, and reads the log', async () => {
    const copy = await checkOut(reader);
    for (const words of [['update'], ['log'], ['status', '--show-updates'], ['cat', address('/trunk/README')]]) {
      const result = await svn(reader, copy, ...words);
      expect(result.exitCode, result.errorOutput).toBe(0);
    }
    const received = upstream.requests().filter(({ path }) => path.startsWith('/svn/'));
    expect(new Set(received.map(({ user }) => user))).toEqual(new Set(['alice']));
    expect(received.some(({ method }) => method === 'REPORT')).toBe(true);
  });

  it('R03: a commit with a read-only token is refused, and the repository is unchanged', async () => {
    const before = await inRepository('info', '--show-item', 'revision', upstream.fileUrl);
    const copy = await checkOut(reader);
    writeFileSync(join(copy, 'README'), 'Never arrives.\n');
    const result = await svn(reader, copy, 'commit', '--message=Never');
    expect(result.exitCode).not.toBe(0);
    expect(result.errorOutput).toMatch(/403|forbidden/i);
    expect(result.errorOutput).not.toContain(reader.secret);
    expect(await inRepository('info', '--show-item', 'revision', upstream.fileUrl)).toBe(before);
  });

  it('R07: a read-write token commits, and the owner of the token is the author', async () => {
    const copy = await checkOut(writer);
    writeFileSync(join(copy, 'README'), 'The second line.\n');
    writeFileSync(join(copy, 'naïve name.txt'), 'Added.\n');
    expect((await svn(writer, copy, 'add', '--quiet', 'naïve name.txt')).exitCode).toBe(0);
    const result = await svn(writer, copy, 'commit', '--message=Second');
    expect(result.exitCode, result.errorOutput).toBe(0);
    expect(await inRepository('cat', `${upstream.fileUrl}/trunk/README`)).toBe('The second line.\n');
    expect(await inRepository('info', '--show-item', 'last-changed-author', upstream.fileUrl)).toBe('alice\n');
  });

  it('R07: a lock belongs to the owner of the token', async () => {
    const copy = await checkOut(writer);
    const locked = await svn(writer, copy, 'lock', 'README');
    expect(locked.exitCode, locked.errorOutput).toBe(0);
    expect(await inRepository('info', `${upstream.fileUrl}/trunk/README`)).toContain('Lock Owner: alice');
    const bob = await gateway.createToken({ owner: 'bob', scope: 'read-write' });
    const other = await checkOut(bob);
    const refused = await svn(bob, other, 'lock', 'README');
    expect(`${refused.exitCode} ${refused.errorOutput}`).toMatch(/locked by user 'alice'/);
    const unlocked = await svn(writer, copy, 'unlock', 'README');
    expect(unlocked.exitCode, unlocked.errorOutput).toBe(0);
  });

  it('R115: a copy within the repository arrives at the place that the client names', async () => {
    const copied = await svn(writer, folder.path, 'copy', '--message=Tag', address(), address('/tag'));
    expect(copied.exitCode, copied.errorOutput).toBe(0);
    expect(await inRepository('list', `${upstream.fileUrl}/tag`)).toContain('README');
    const refused = await svn(reader, folder.path, 'copy', '--message=Tag', address(), address('/second-tag'));
    expect(refused.exitCode).not.toBe(0);
    expect(await inRepository('list', upstream.fileUrl)).not.toContain('second-tag');
  });

  it('R44, R51: a token with another user’s name, or a revoked one, reads nothing', async () => {
    const before = upstream.requests().length;
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.revokeToken(revoked.id);
    for (const token of [{ ...reader, owner: 'bob' }, revoked]) {
      const result = await svn(token, folder.path, 'list', address());
      expect(result.exitCode).not.toBe(0);
      expect(result.errorOutput).toContain('Authentication failed');
    }
    expect(upstream.requests().length).toBe(before);
  });
});
