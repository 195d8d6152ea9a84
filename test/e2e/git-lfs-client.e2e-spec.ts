import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canRunWith } from '../support/external-servers.js';
import type { ProgramResult } from '../support/client-program.js';
import { runGit, startGitUpstream, type GitUpstream } from '../support/git.upstream.js';
import { createLfsStore, type LfsStore } from '../support/lfs.store.js';
import { findProgram } from '../support/private-process.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

/** git-lfs's filter, set for one command in place of `git lfs install`. */
const WITH_LFS = ['process', 'clean', 'smudge'].flatMap((step) => [
  '-c',
  `filter.lfs.${step}=git-lfs ${step === 'process' ? 'filter-process' : `${step} -- %f`}`,
]);

describe.runIf(canRunWith('git-lfs', findProgram('git-lfs') !== undefined))('git-lfs in front of a git server', () => {
  let gateway: ScopegateFixture;
  let upstream: GitUpstream;
  let store: LfsStore;
  let folder: TemporaryFolder;
  let reader: TestToken;
  let writer: TestToken;
  let copies = 0;

  beforeAll(async () => {
    store = createLfsStore();
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startGitUpstream(undefined, store.serve)]);
    folder = createTemporaryFolder('lfs');
    store.publicUrl = `${gateway.url}/bitbucket`;
    await gateway.createApplication({
      key: 'bitbucket',
      kind: 'bitbucket',
      mount: { pathPrefix: '/bitbucket' },
      upstream: upstream.url,
      anonymous: 'deny',
      // The credential that a batch answers with is the server's own.
      passSchemes: ['JWT'],
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

  const git = (cwd: string, ...words: readonly string[]): Promise<ProgramResult> =>
    runGit([...WITH_LFS, ...words], { cwd });

  const succeed = async (running: Promise<ProgramResult>): Promise<void> => {
    const result = await running;
    expect(result.exitCode, result.errorOutput).toBe(0);
  };

  const clone = async (token: TestToken): Promise<ProgramResult & { readonly path: string }> => {
    const path = join(folder.path, `copy-${(copies += 1)}`);
    const address = `http://alice:${token.secret}@127.0.0.1:${gateway.port}/bitbucket${upstream.repositoryTarget}`;
    return { ...(await git(folder.path, 'clone', '--quiet', address, path)), path };
  };

  /** Commits a large file. @returns its id in the store */
  const commitLargeFile = async (path: string, content: Buffer): Promise<string> => {
    writeFileSync(join(path, '.gitattributes'), '*.bin filter=lfs diff=lfs merge=lfs -text\n');
    writeFileSync(join(path, 'large.bin'), content);
    await succeed(git(path, 'add', '.'));
    await succeed(git(path, 'commit', '--quiet', '--message=A large file'));
    return createHash('sha256').update(content).digest('hex');
  };

  /** git-lfs uploads first; its hook would do the same. */
  const push = async (path: string): Promise<ProgramResult> => {
    const uploaded = await git(path, 'lfs', 'push', 'origin', 'main');
    return uploaded.exitCode === 0 ? git(path, 'push', '--quiet', 'origin', 'main') : uploaded;
  };

  it('R14, R120: a read-write token pushes a large file, and a read-only token clones it', async () => {
    const content = randomBytes(300_000);
    const copy = await clone(writer);
    expect(copy.exitCode, copy.errorOutput).toBe(0);
    const oid = await commitLargeFile(copy.path, content);
    await succeed(push(copy.path));
    expect(store.objects.get(oid)).toEqual(content);

    const other = await clone(reader);
    expect(other.exitCode, other.errorOutput).toBe(0);
    expect(readFileSync(join(other.path, 'large.bin'))).toEqual(content);
    // The objects came with the server's credential: no token and no identity went with it.
    expect(store.storageRequests.map(({ method }) => method)).toEqual(['PUT', 'GET']);
    for (const request of store.storageRequests) {
      expect(request).toMatchObject({ authorization: store.credential, user: '' });
    }
    const events = await gateway.events({ application: 'bitbucket', q: oid });
    expect(events.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
  });

  it('R14: a read-only token uploads nothing', async () => {
    const copy = await clone(reader);
    const oid = await commitLargeFile(copy.path, randomBytes(10_000));
    const result = await push(copy.path);
    expect(result.exitCode).not.toBe(0);
    expect(`${result.standardOutput}${result.errorOutput}`).toMatch(/403|[Aa]uthorization error/);
    expect(store.objects.has(oid)).toBe(false);
  });

  it('R120: a scheme that is not named, and a request without a credential, are challenged', async () => {
    const [oid = ''] = store.objects.keys();
    const before = store.storageRequests.length;
    const target = `${store.publicUrl}/rest/git-lfs/storage/${oid}`;
    for (const headers of [{}, { Authorization: store.credential.replace('JWT', 'Token') }]) {
      const answer = await fetch(target, { headers });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Basic');
    }
    expect(store.storageRequests.length).toBe(before);
    // A wrong credential of a named scheme is the server's own to refuse.
    expect((await fetch(target, { headers: { Authorization: 'JWT wrong' } })).status).toBe(401);
    expect(store.storageRequests.at(-1)?.authorization).toBe('JWT wrong');
  });
});
