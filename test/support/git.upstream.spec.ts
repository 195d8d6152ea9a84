import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isGitAvailable, runGit, startGitUpstream, type GitUpstream } from './git.upstream.js';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.js';

describe.runIf(isGitAvailable())('git upstream', () => {
  let upstream: GitUpstream;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    upstream = await startGitUpstream();
    folder = createTemporaryFolder('clone');
  });
  afterAll(async () => {
    await upstream.stop();
    await folder.remove();
  });

  it('support: a clone, a large push and a fetch go through', async () => {
    const address = `${upstream.url}${upstream.repositoryTarget}`;
    const clone = await runGit(['clone', '--quiet', address, 'copy'], { cwd: folder.path });
    expect(clone).toEqual({ exitCode: 0, standardOutput: '', errorOutput: '' });
    const copy = join(folder.path, 'copy');
    // More than http.postBuffer (1 MiB), so that git sends the pack in chunks.
    await runGit(['config', 'http.postBuffer', '2000'], { cwd: copy });
    await runGit(['commit', '--quiet', '--allow-empty', `--message=${'long '.repeat(2_000)}`], { cwd: copy });
    const push = await runGit(['push', '--quiet', 'origin', 'main'], { cwd: copy });
    expect(push.exitCode, push.errorOutput).toBe(0);
    const here = await runGit(['rev-parse', 'HEAD'], { cwd: copy });
    const there = await runGit(['rev-parse', 'main'], { cwd: upstream.repositoryPath });
    expect(there.standardOutput).toBe(here.standardOutput);
    expect(upstream.requests.some(({ target }) => target.endsWith('/git-receive-pack'))).toBe(true);
  });

  it('support: an unknown repository is an error without a prompt', async () => {
    const clone = await runGit(['clone', '--quiet', `${upstream.url}/scm/PROJ/none.git`, 'none'], { cwd: folder.path });
    expect(clone.exitCode).toBe(128);
    expect(clone.errorOutput).toContain('not found');
  });
});
