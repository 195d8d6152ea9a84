import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProgramResult } from '../support/client-program.js';
import { isGitAvailable, runGit, startGitUpstream, type GitUpstream } from '../support/git.upstream.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import {
  basic,
  startScopegateFixture,
  type ScopegateFixture,
  type TestToken,
  type TestUser,
} from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const LFS_TYPE = 'application/vnd.git-lfs+json';

describe.runIf(isGitAvailable())('git in front of git http-backend', () => {
  let gateway: ScopegateFixture;
  let upstream: GitUpstream;
  let folder: TemporaryFolder;
  let alice: TestUser;
  let reader: TestToken;
  let writer: TestToken;
  let copies = 0;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startGitUpstream()]);
    folder = createTemporaryFolder('clone');
    await gateway.createApplication({
      key: 'bitbucket',
      kind: 'bitbucket',
      version: '8.19.0',
      mount: { pathPrefix: '/bitbucket' },
      upstream: upstream.url,
      // Git sends a credential only after a 401.
      anonymous: 'deny',
    });
    alice = await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    writer = await gateway.createToken({ owner: alice.username, scope: 'read-write' });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
    await folder.remove();
  });
  beforeEach(() => upstream.clear());

  /** The address of the repository behind the gateway, with a credential in it as people write it. */
  const addressFor = (username: string, secret: string): string =>
    `http://${username}:${secret}@127.0.0.1:${gateway.port}/bitbucket${upstream.repositoryTarget}`;

  const plainAddress = (): string => `${gateway.url}/bitbucket${upstream.repositoryTarget}`;

  const clone = async (address: string, more: readonly string[] = []): Promise<ProgramResult & { path: string }> => {
    const name = `copy-${(copies += 1)}`;
    const result = await runGit([...more, 'clone', '--quiet', address, name], { cwd: folder.path });
    return { ...result, path: join(folder.path, name) };
  };

  const commitFile = async (path: string, name: string, content: string | Buffer): Promise<void> => {
    writeFileSync(join(path, name), content);
    await expectSuccess(runGit(['add', name], { cwd: path }));
    await expectSuccess(runGit(['commit', '--quiet', `--message=Add ${name}`], { cwd: path }));
  };

  /** The commit that `main` stands at in the repository itself. */
  const commitUpstream = async (): Promise<string> =>
    (await expectSuccess(runGit(['rev-parse', 'main'], { cwd: upstream.repositoryPath }))).standardOutput.trim();

  const commitHere = async (path: string): Promise<string> =>
    (await expectSuccess(runGit(['rev-parse', 'HEAD'], { cwd: path }))).standardOutput.trim();

  it('R14: a read-only token clones, and later fetches what others have pushed', async () => {
    const copy = await clone(addressFor(alice.username, reader.secret));
    expect(copy.exitCode, copy.errorOutput).toBe(0);
    expect(await commitHere(copy.path)).toBe(await commitUpstream());

    const other = await clone(upstream.repositoryPath);
    await commitFile(other.path, 'fetched.txt', 'Pushed past the gateway.\n');
    await expectSuccess(runGit(['push', '--quiet', 'origin', 'main'], { cwd: other.path }));
    const fetched = await runGit(['pull', '--quiet', '--ff-only'], { cwd: copy.path });
    expect(fetched.exitCode, fetched.errorOutput).toBe(0);
    expect(await commitHere(copy.path)).toBe(await commitHere(other.path));

    // Git first sends a request without a credential. The gateway answers that one.
    expect(upstream.requests.length).toBeGreaterThan(0);
    expect(upstream.requests.every(({ headers }) => headers['x-forwarded-user'] === alice.username)).toBe(true);
    expect(upstream.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });

  it.each([0, 1, 2])('R14: a read-only token reads with version %i of the protocol of git', async (version) => {
    const references = await runGit(
      ['-c', `protocol.version=${version}`, 'ls-remote', addressFor(alice.username, reader.secret)],
      {
        cwd: folder.path,
      },
    );
    expect(references.exitCode, references.errorOutput).toBe(0);
    expect(references.standardOutput).toContain(`${await commitUpstream()}\trefs/heads/main`);
    const copy = await clone(addressFor(alice.username, reader.secret), ['-c', `protocol.version=${version}`]);
    expect(copy.exitCode, copy.errorOutput).toBe(0);
  });

  it('R14: a shallow clone with a read-only token works as well', async () => {
    const path = join(folder.path, 'shallow');
    const result = await runGit(['clone', '--quiet', '--depth=1', addressFor(alice.username, reader.secret), path], {
      cwd: folder.path,
    });
    expect(result.exitCode, result.errorOutput).toBe(0);
    expect(await commitHere(path)).toBe(await commitUpstream());
  });

  it('R14: a push with a read-only token is refused with 403, and the repository is unchanged', async () => {
    const copy = await clone(addressFor(alice.username, reader.secret));
    await commitFile(copy.path, 'refused.txt', 'Never arrives.\n');
    const before = await commitUpstream();
    upstream.clear();
    const push = await runGit(['push', 'origin', 'main'], { cwd: copy.path });
    expect(push.exitCode).toBe(128);
    expect(push.errorOutput).toContain('The requested URL returned error: 403');
    expect(push.errorOutput).not.toContain(reader.secret);
    expect(await commitUpstream()).toBe(before);
    expect(upstream.requests).toEqual([]);
    const events = await gateway.events({ application: 'bitbucket', code: 'scope_insufficient', tokenId: reader.id });
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 'permission.denied',
      method: 'GET',
      path: `${upstream.repositoryTarget}/info/refs`,
      status: 403,
      actor: alice.username,
    });
  });

  it('R14: a push that leaves out the advertisement is refused as well, and the upstream receives nothing', async () => {
    const before = await commitUpstream();
    const answer = await fetch(`${plainAddress()}/git-receive-pack`, {
      method: 'POST',
      headers: [basic(alice.username, reader.secret), ['Content-Type', 'application/x-git-receive-pack-request']] as [
        string,
        string,
      ][],
      body: '0000',
    });
    expect(answer.status).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'scope_insufficient' });
    expect(await commitUpstream()).toBe(before);
    expect(upstream.requests).toEqual([]);
  });

  it('R07: a read-write token pushes, and a pack larger than the buffer of git goes through in chunks', async () => {
    const copy = await clone(addressFor(alice.username, writer.secret));
    expect(copy.exitCode, copy.errorOutput).toBe(0);
    // Random bytes do not shrink: the pack has about as many.
    await commitFile(copy.path, 'large.bin', randomBytes(4 * 1024 * 1024));
    upstream.clear();
    const push = await runGit(['push', '--quiet', 'origin', 'main'], { cwd: copy.path });
    expect(push.exitCode, push.errorOutput).toBe(0);
    expect(await commitUpstream()).toBe(await commitHere(copy.path));
    const packs = upstream.requests.filter(
      ({ method, target }) => method === 'POST' && target.endsWith('/git-receive-pack'),
    );
    expect(packs.some(({ headers }) => headers['transfer-encoding'] === 'chunked')).toBe(true);
    expect(packs.every(({ headers }) => headers['x-forwarded-user'] === alice.username)).toBe(true);
  });

  it('R08: one user pushes with one token and not with the other', async () => {
    const copy = await clone(addressFor(alice.username, writer.secret));
    await commitFile(copy.path, 'either.txt', 'By the token that may.\n');
    const refused = await runGit(['push', addressFor(alice.username, reader.secret), 'main'], { cwd: copy.path });
    expect(refused.errorOutput).toContain('403');
    const accepted = await runGit(['push', '--quiet', addressFor(alice.username, writer.secret), 'main'], {
      cwd: copy.path,
    });
    expect(accepted.exitCode, accepted.errorOutput).toBe(0);
    expect(await commitUpstream()).toBe(await commitHere(copy.path));
  });

  it('R67: git sends a token as Bearer by http.extraHeader, or by a credential helper, and both are read', async () => {
    const bearerHeader = `http.extraHeader=Authorization: Bearer ${reader.secret}`;
    const byHeader = await clone(plainAddress(), ['-c', bearerHeader]);
    expect(byHeader.exitCode, byHeader.errorOutput).toBe(0);
    const helper = `credential.helper=!f() { echo "username=${alice.username}"; echo "password=${reader.secret}"; }; f`;
    const byHelper = await clone(plainAddress(), ['-c', helper]);
    expect(byHelper.exitCode, byHelper.errorOutput).toBe(0);

    await commitFile(byHeader.path, 'bearer.txt', 'Never arrives.\n');
    const push = await runGit(['-c', bearerHeader, 'push', 'origin', 'main'], { cwd: byHeader.path });
    expect(push.errorOutput).toContain('The requested URL returned error: 403');
  });

  it('R51: a revoked token is a 401, for a clone and for a copy that was made before', async () => {
    const token = await gateway.createToken({ owner: alice.username, scope: 'read-write' });
    const address = addressFor(alice.username, token.secret);
    const copy = await clone(address);
    expect(copy.exitCode, copy.errorOutput).toBe(0);
    await gateway.revokeToken(token.id);
    upstream.clear();

    const again = await clone(address);
    expect(again.exitCode).toBe(128);
    expect(again.errorOutput).toContain('Authentication failed');
    const fetched = await runGit(['fetch'], { cwd: copy.path });
    expect(fetched.exitCode).toBe(128);
    expect(fetched.errorOutput).toContain('Authentication failed');
    expect(upstream.requests).toEqual([]);
    const answer = await fetch(`${plainAddress()}/info/refs?service=git-upload-pack`, {
      headers: [basic(alice.username, token.secret)] as [string, string][],
    });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: 'token_revoked' });
  });

  it('R44: refuses a token in an address with another user’s name', async () => {
    const copy = await clone(addressFor('bob', reader.secret));
    expect(copy.exitCode).toBe(128);
    expect(copy.errorOutput).toContain('Authentication failed');
    expect(upstream.requests).toEqual([]);
  });

  it('R45: without a credential git is asked for one, and the upstream receives nothing', async () => {
    const copy = await clone(plainAddress());
    expect(copy.exitCode).toBe(128);
    expect(copy.errorOutput).toContain('could not read Username');
    expect(upstream.requests).toEqual([]);
    const answer = await fetch(`${plainAddress()}/info/refs?service=git-upload-pack`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]*", charset="UTF-8"/);
  });
});

describe('git LFS through the gateway', () => {
  let gateway: ScopegateFixture;
  let upstream: RecordingUpstream;
  let alice: TestUser;
  let reader: TestToken;
  let writer: TestToken;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startRecordingUpstream()]);
    await gateway.createApplication({
      key: 'bitbucket',
      kind: 'bitbucket',
      version: '8.19.0',
      mount: { pathPrefix: '/bitbucket' },
      upstream: upstream.url,
      anonymous: 'deny',
    });
    alice = await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    writer = await gateway.createToken({ owner: alice.username, scope: 'read-write' });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });
  beforeEach(() => upstream.clear());

  /** A batch request as git-lfs 3 sends it. */
  const batchFor = (operation: string): string =>
    JSON.stringify({
      operation,
      objects: [{ oid: '4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393', size: 12_345 }],
      transfers: ['lfs-standalone-file', 'basic', 'ssh'],
      ref: { name: 'refs/heads/main' },
      hash_algo: 'sha256',
    });

  const post = (path: string, body: string, token: TestToken): Promise<Response> =>
    fetch(`${gateway.url}/bitbucket/scm/PROJ/sample.git/info/lfs/${path}`, {
      method: 'POST',
      headers: [
        basic(alice.username, token.secret),
        ['Accept', LFS_TYPE],
        ['Content-Type', `${LFS_TYPE}; charset=utf-8`],
        ['User-Agent', 'git-lfs/3.5.1 (GitHub; linux amd64; go 1.21.8)'],
      ] as [string, string][],
      body,
    });

  const answerBatch = (): void =>
    upstream.respondWith(() => ({
      status: 200,
      headers: [['Content-Type', LFS_TYPE]],
      body: '{"transfer":"basic","objects":[]}',
    }));

  it('R14: a batch that downloads passes with a read-only token, its body byte for byte', async () => {
    answerBatch();
    const body = batchFor('download');
    const answer = await post('objects/batch', body, reader);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe(LFS_TYPE);
    expect(await answer.json()).toEqual({ transfer: 'basic', objects: [] });
    expect(upstream.lastRequest?.body.toString('utf8')).toBe(body);
    expect(upstream.lastRequest?.header('x-forwarded-user')).toBe(alice.username);
  });

  it.each([
    ['uploads', batchFor('upload')],
    ['verifies', batchFor('verify')],
    ['says it twice', '{"operation":"download","operation":"upload","objects":[]}'],
    ['says nothing', '{"objects":[]}'],
    ['is no JSON', 'operation=download'],
  ])(
    'R14: a batch that %s is refused with a read-only token, and the upstream receives nothing',
    async (_what, body) => {
      const answer = await post('objects/batch', body, reader);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ code: 'scope_insufficient' });
      expect(upstream.bytesReceived).toBe(0);
    },
  );

  it('R14: a batch that uploads passes with a read-write token', async () => {
    answerBatch();
    const body = batchFor('upload');
    const answer = await post('objects/batch', body, writer);
    expect(answer.status).toBe(200);
    expect(upstream.lastRequest?.body.toString('utf8')).toBe(body);
  });

  it('R03: locking a file with a read-only token is refused', async () => {
    const answer = await post('locks', '{"path":"large.bin"}', reader);
    expect(answer.status).toBe(403);
    expect(upstream.bytesReceived).toBe(0);
  });
});

async function expectSuccess(running: Promise<ProgramResult>): Promise<ProgramResult> {
  const result = await running;
  expect(result.exitCode, result.errorOutput).toBe(0);
  return result;
}
