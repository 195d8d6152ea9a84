import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, type ProgramResult } from '../support/client-program.js';
import { isContainerdAvailable, startContainerd, type ContainerdServer } from '../support/containerd.server.js';
import {
  isRegistryAvailable,
  startDockerRegistry,
  writeImage,
  type DockerRegistryServer,
} from '../support/docker-registry.server.js';
import { canRunWith } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const runs = canRunWith('containerd', isContainerdAvailable() && isRegistryAvailable());

describe.runIf(runs)('containerd in front of a container registry', () => {
  let gateway: ScopegateFixture;
  let registry: DockerRegistryServer;
  let containerd: ContainerdServer;
  let folder: TemporaryFolder;
  let reader: TestToken;
  let writer: TestToken;
  let repository: string;

  beforeAll(async () => {
    [gateway, registry, containerd] = await Promise.all([
      startScopegateFixture(),
      startDockerRegistry(),
      startContainerd(),
    ]);
    folder = createTemporaryFolder('image');
    repository = `127.0.0.1:${gateway.port}/acme/app`;
    const upstream = `${registry.url}/v2`;
    await gateway.createApplication({ key: 'registry', kind: 'generic', mount: { pathPrefix: '/v2' }, upstream });
    await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    const image = join(folder.path, 'image');
    writeImage(image, 'first');
    const options = ['--insecure-policy', '--dest-tls-verify=false', '--dest-creds', `alice:${writer.secret}`];
    const pushed = await runProgram(
      'skopeo',
      ['copy', ...options, `oci:${image}:first`, `docker://${repository}:first`],
      { cwd: folder.path },
    );
    expect(pushed, pushed.errorOutput).toMatchObject({ exitCode: 0 });
  });
  afterAll(async () => {
    await containerd.stop();
    await gateway.stop();
    await registry.stop();
    await folder.remove();
  });

  const pull = (user: string, tag = 'first'): Promise<ProgramResult> =>
    containerd.ctr('content', 'fetch', '--plain-http', '--user', user, `${repository}:${tag}`);

  const push = (user: string, tag: string): Promise<ProgramResult> =>
    containerd.ctr('images', 'push', '--plain-http', '--user', user, `${repository}:${tag}`, `${repository}:first`);

  it('R119: pulls with a read-only token, and pushes with a read-write token alone', async () => {
    expect(await pull(`alice:${reader.secret}`)).toMatchObject({ exitCode: 0 });
    expect(await push(`alice:${writer.secret}`, 'second')).toMatchObject({ exitCode: 0 });
    const refused = await push(`alice:${reader.secret}`, 'third');
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.errorOutput).toContain('403 Forbidden');
    expect(await registry.tags('acme/app')).toEqual(['first', 'second']);
  });

  it('R42, R44: does not log in with another name or with a made-up password', async () => {
    for (const user of [`bob:${reader.secret}`, 'nobody:nonsense']) {
      const refused = await pull(user);
      expect(refused).toMatchObject({ exitCode: 1 });
      expect(refused.errorOutput).toContain('401 Unauthorized');
    }
  });

  it('R119: takes the realm of a Bearer challenge for an address, so it is not offered by default', async () => {
    await gateway.admin.patch('/applications/registry', { challenge: ['bearer'] });
    const failed = await pull(`alice:${reader.secret}`);
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.errorOutput).toContain('unsupported protocol scheme');
  });
});
