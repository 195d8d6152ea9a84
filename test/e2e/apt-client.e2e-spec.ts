import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAptAvailable, startAptRepository, type AptRepository } from '../support/apt.repository.js';
import { runProgram, type ProgramResult } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

const PACKAGE = 'scopegate-sample';
const FILE = `${PACKAGE}_1.0_all.deb`;

describe.runIf(canRunWith('apt', isAptAvailable()))('apt in front of a flat repository', () => {
  let gateway: ScopegateFixture;
  let upstream: AptRepository;
  let folder: TemporaryFolder;
  let reader: TestToken;

  beforeAll(async () => {
    [gateway, upstream] = await Promise.all([startScopegateFixture(), startAptRepository(PACKAGE)]);
    await gateway.createApplication({
      key: 'apt',
      kind: 'generic',
      mount: { pathPrefix: '/apt' },
      upstream: upstream.url,
    });
    await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
  });
  beforeEach(() => {
    folder = createTemporaryFolder('apt');
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
  });

  /** apt with a root of its own: nothing of the machine is read or changed. */
  const apt = async (token: TestToken | null, ...words: readonly string[]): Promise<ProgramResult> => {
    const root = folder.path;
    for (const path of ['etc/apt.conf.d', 'etc/preferences.d', 'state/lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(root, path), { recursive: true });
    }
    for (const name of ['status', 'apt.conf']) writeFileSync(join(root, name), '');
    writeFileSync(join(root, 'etc/sources.list'), `deb [trusted=yes] ${gateway.url}/apt ./\n`);
    // apt sends a password without TLS only to an address with its scheme.
    const login = token === null ? '' : `machine ${gateway.url}/apt login ${token.owner} password ${token.secret}\n`;
    writeFileSync(join(root, 'etc/auth.conf'), login, { mode: 0o600 });
    const options = {
      'Dir::Etc': join(root, 'etc'),
      'Dir::Etc::sourceparts': '-',
      'Dir::Etc::netrc': join(root, 'etc/auth.conf'),
      'Dir::Etc::netrcparts': '-',
      'Dir::State': join(root, 'state'),
      'Dir::State::status': join(root, 'status'),
      'Dir::Cache': join(root, 'cache'),
      'APT::Sandbox::User': '',
      'APT::Update::Error-Mode': 'any',
      'Acquire::Languages': 'none',
      'Acquire::http::Proxy': 'false',
    };
    const given = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    return runProgram('apt-get', [...given, ...words], {
      cwd: root,
      env: { APT_CONFIG: join(root, 'apt.conf'), DEBIAN_FRONTEND: 'noninteractive' },
    });
  };

  it('R02, R48: a read-only token updates the lists and downloads a package', async () => {
    const updated = await apt(reader, 'update');
    expect(updated.exitCode, updated.errorOutput).toBe(0);
    const downloaded = await apt(reader, 'download', PACKAGE);
    expect(downloaded.exitCode, downloaded.errorOutput).toBe(0);
    expect(existsSync(join(folder.path, FILE))).toBe(true);
    const targets = upstream.requests.map(({ target }) => target);
    // apt writes the `.` of a flat repository into its paths; it arrives as it was sent.
    expect(targets).toContain('/./Packages');
    expect(targets.some((target) => target.endsWith('.deb'))).toBe(true);
    for (const { headers } of upstream.requests) {
      expect(headers['x-forwarded-user']).toBe('alice');
      expect(headers.authorization).toBeUndefined();
    }
  });

  it('R45, R51: without a token, or with a revoked one, nothing is read', async () => {
    const before = upstream.requests.length;
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.revokeToken(revoked.id);
    for (const token of [null, revoked]) {
      const result = await apt(token, 'update');
      expect(result.exitCode).not.toBe(0);
      expect(`${result.standardOutput}${result.errorOutput}`).toContain('401');
      expect(result.errorOutput).not.toContain(revoked.secret);
    }
    expect(upstream.requests.length).toBe(before);
  });
});
