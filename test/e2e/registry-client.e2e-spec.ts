import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram, type ProgramResult } from '../support/client-program.js';
import {
  isRegistryAvailable,
  startDockerRegistry,
  writeImage,
  type DockerRegistryServer,
} from '../support/docker-registry.server.js';
import { canRunWith } from '../support/external-servers.js';
import { request } from '../support/raw-client.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

// skopeo, podman, buildah and CRI-O share one client (containers/image). All clients of registries choose the way to log in
// by the challenge in the answer to GET /v2/.
describe.runIf(canRunWith('registry', isRegistryAvailable()))('skopeo in front of a container registry', () => {
  let gateway: ScopegateFixture;
  let registry: DockerRegistryServer;
  let folder: TemporaryFolder;
  let reader: TestToken;
  let writer: TestToken;
  let host: string;
  let folders = 0;

  beforeAll(async () => {
    [gateway, registry] = await Promise.all([startScopegateFixture(), startDockerRegistry()]);
    // Wrong credentials are sent on purpose, all from one address.
    await gateway.patchSettings({ throttling: { maxFailures: 0 } });
    folder = createTemporaryFolder('skopeo');
    host = `127.0.0.1:${gateway.port}`;
    await gateway.createApplication({
      key: 'registry',
      kind: 'generic',
      mount: { pathPrefix: '/v2' },
      upstream: `${registry.url}/v2`,
    });
    await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    expectDone(await push('acme/app:first', ['--dest-creds', `alice:${writer.secret}`]));
  });
  afterAll(async () => {
    await gateway.stop();
    await registry.stop();
    await folder.remove();
  });

  const newFolder = (): string => {
    const path = join(folder.path, `home-${(folders += 1)}`);
    mkdirSync(path);
    return path;
  };

  const skopeo = (words: readonly string[], input = '', home = newFolder()): Promise<ProgramResult> =>
    runProgram('skopeo', words, {
      cwd: home,
      input,
      env: { XDG_RUNTIME_DIR: home, REGISTRY_AUTH_FILE: join(home, 'auth.json') },
    });

  const push = (name: string, options: readonly string[] = [], home = newFolder()): Promise<ProgramResult> => {
    const image = join(home, 'image');
    const tag = name.split(':')[1] ?? '';
    writeImage(image, tag);
    const to = `docker://${host}/${name}`;
    return skopeo(
      ['copy', '--insecure-policy', '--dest-tls-verify=false', ...options, `oci:${image}:${tag}`, to],
      '',
      home,
    );
  };

  const pull = (name: string, options: readonly string[] = [], home = newFolder()): Promise<ProgramResult> =>
    skopeo(
      [
        'copy',
        '--insecure-policy',
        '--src-tls-verify=false',
        ...options,
        `docker://${host}/${name}`,
        `oci:${join(home, 'pulled')}:x`,
      ],
      '',
      home,
    );

  const login = (username: string, password: string, home = newFolder()): Promise<ProgramResult> =>
    skopeo(['login', '--tls-verify=false', '--username', username, '--password-stdin', host], password, home);

  const expectDone = (result: ProgramResult): void => expect(result, result.errorOutput).toMatchObject({ exitCode: 0 });

  const expectRefused = (result: ProgramResult, reason: RegExp): void => {
    expect(result.exitCode).not.toBe(0);
    expect(result.errorOutput).toMatch(reason);
    expect(result.errorOutput + result.standardOutput).not.toMatch(/sg_[0-9A-Za-z]{12}_/);
  };

  it('R119: logs in, pushes and pulls with a read-write token', async () => {
    const home = newFolder();
    expectDone(await login('alice', writer.secret, home));
    expectDone(await push('acme/app:second', [], home));
    expect(await registry.tags('acme/app')).toContain('second');
    expectDone(await pull('acme/app:second', [], home));
    expect(existsSync(join(home, 'pulled/index.json'))).toBe(true);
    const events = await gateway.events({ application: 'registry', tokenId: writer.id });
    expect(events.some(({ method, outcome }) => method === 'PATCH' && outcome === 'allowed')).toBe(true);
    expect(new Set(events.map(({ credential }) => credential))).toEqual(new Set(['basic-token']));
  });

  it('R119, R121: logs in and pulls with the token under a name that clients invent', async () => {
    for (const name of ['oauth2', 'x-access-token']) {
      const home = newFolder();
      expectDone(await login(name, reader.secret, home));
      expectDone(await pull('acme/app:first', [], home));
    }
  });

  it('R02, R03: pulls with a read-only token, and may not push with it', async () => {
    const home = newFolder();
    expectDone(await login('alice', reader.secret, home));
    expectDone(await pull('acme/app:first', [], home));
    expectRefused(await push('acme/app:third', [], home), /StatusCode: 403, .*scope_insufficient/);
    expect(await registry.tags('acme/app')).not.toContain('third');
    const [event] = await gateway.events({ application: 'registry', code: 'scope_insufficient' });
    expect(event).toMatchObject({ method: 'POST', status: 403, tokenId: reader.id });
  });

  it('R03: a read-only token deletes no image', async () => {
    const words = [
      'delete',
      '--tls-verify=false',
      '--creds',
      `alice:${reader.secret}`,
      `docker://${host}/acme/app:first`,
    ];
    expectRefused(await skopeo(words), /A read-only token may only send GET, HEAD and OPTIONS.*403 Forbidden/);
    expect(await registry.tags('acme/app')).toContain('first');
  });

  it('R44, R51: does not log in with a wrong credential', async () => {
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
    await gateway.revokeToken(revoked.id);
    for (const [name, secret] of [
      ['bob', writer.secret],
      ['alice', `${writer.secret.slice(0, -1)}_`],
      ['alice', revoked.secret],
    ] as const) {
      expectRefused(await login(name, secret), /invalid username\/password/);
    }
  });

  it('R42: a registry without users of its own is not open to every password', async () => {
    expectRefused(await login('nobody', 'nonsense'), /invalid username\/password/);
    expectRefused(
      await push('acme/app:fourth', ['--dest-creds', 'nobody:nonsense']),
      /unauthorized: authentication required/,
    );
    expect(await registry.tags('acme/app')).not.toContain('fourth');
    const [event] = await gateway.events({ application: 'registry', code: 'password_disabled' });
    expect(event).toMatchObject({ type: 'authentication.failed', actor: 'nobody', status: 401 });
  });

  it('R45: pulls nothing without a credential', async () => {
    expectRefused(await pull('acme/app:first'), /unauthorized: authentication required/);
  });

  it('R119: the challenge of GET /v2/ is Basic, so that no client asks a token server', async () => {
    const answer = await request({ port: gateway.port, target: '/v2/', headers: [['Host', host]] });
    expect(answer.headerValues('www-authenticate')).toEqual(['Basic realm="Scopegate", charset="UTF-8"']);
  });

  it('R119: with Bearer alone in the challenge, skopeo takes the realm for an address and fails', async () => {
    await gateway.admin.patch('/applications/registry', { challenge: ['bearer'] });
    try {
      const home = newFolder();
      const pair = Buffer.from(`alice:${writer.secret}`).toString('base64');
      writeFileSync(join(home, 'auth.json'), JSON.stringify({ auths: { [host]: { auth: pair } } }));
      expectRefused(await pull('acme/app:first', [], home), /Scopegate/);
    } finally {
      await gateway.admin.patch('/applications/registry', { challenge: ['basic'] });
    }
  });
});
