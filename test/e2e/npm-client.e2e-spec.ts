import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shareServer } from '../support/gateway-test.js';
import { type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { runNpm, startVerdaccio, type NpmResult } from '../support/verdaccio.upstream.js';

const PLAIN = 'sample-package';
const SCOPED = '@acme/sample-package';

const gateway = await shareServer();
const registry = `${gateway.url}/npm/`;
// Its own address would lead npm past the gateway for the tarballs.
const upstream = await startVerdaccio({ publicUrl: registry });
const folder = createTemporaryFolder('package');
afterAll(async () => {
  await upstream.stop();
  await folder.remove();
});
await gateway.createApplication({
  key: 'npm',
  kind: 'generic',
  mount: { pathPrefix: '/npm' },
  upstream: upstream.url,
});
const alice = await gateway.createUser({ username: 'alice' });
const reader = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
const writer = await gateway.createToken({ owner: alice.username, scope: 'read-write' });
let folders = 0;

describe('npm in front of verdaccio', () => {
  beforeAll(async () => {
    for (const name of [PLAIN, SCOPED]) {
      const first = await publish(name, '1.0.0', writer);
      if (first.exitCode !== 0) throw new Error(`${name} was not published: ${first.output}`);
    }
  });

  const newFolder = (): string => {
    const path = join(folder.path, `project-${(folders += 1)}`);
    mkdirSync(path);
    return path;
  };

  /** The line that `npm config set //host/:_authToken` writes. */
  const authLine = (token: TestToken): string => `//127.0.0.1:${gateway.port}/npm/:_authToken=${token.secret}`;

  const publish = (name: string, version: string, token: TestToken): Promise<NpmResult> => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name, version, publishConfig: { access: 'public' } }));
    writeFileSync(join(cwd, 'index.js'), `exports.version = '${version}';\n`);
    return runNpm(['publish'], { cwd, registry, authLine: authLine(token) });
  };

  const install = async (name: string, line: string | undefined): Promise<NpmResult & { path: string }> => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'package.json'), '{"private":true}');
    const result = await runNpm(['install', name], {
      cwd,
      registry,
      ...(line === undefined ? {} : { authLine: line }),
    });
    return { ...result, path: cwd };
  };

  /** The versions that the registry itself has, asked past the gateway. */
  const versionsUpstream = async (name: string): Promise<readonly string[]> => {
    const answer = await fetch(`${upstream.url}/${name.replace('/', '%2f')}`);
    const { versions } = (await answer.json()) as { versions?: Record<string, unknown> };
    return Object.keys(versions ?? {});
  };

  it.each([PLAIN, SCOPED])('R02: a read-only token installs %s, tarball included', async (name) => {
    const result = await install(name, authLine(reader));
    expect(result.exitCode, result.output).toBe(0);
    expect(readFileSync(join(result.path, 'node_modules', name, 'index.js'), 'utf8')).toContain('1.0.0');
    // The address of the tarball leads through the gateway, so the token was needed for it, too.
    expect(readFileSync(join(result.path, 'package-lock.json'), 'utf8')).toContain(
      `"resolved": "${registry}${name}/-/`,
    );
    const events = await gateway.events({ application: 'npm', tokenId: reader.id, q: '.tgz' });
    expect(events.some(({ path, outcome }) => path?.startsWith(`/${name}/-/`) === true && outcome === 'allowed')).toBe(
      true,
    );
  });

  it('R48: the name of a scoped package reaches the registry with its slash still encoded', async () => {
    const events = await gateway.events({ application: 'npm', q: '%2F' });
    expect(events.length).toBeGreaterThan(0);
    // As npm writes it.
    expect(events.every(({ path }) => path === '/@acme%2fsample-package')).toBe(true);
  });

  it('R02: the token stands as well as the password of a name in _auth', async () => {
    const encoded = Buffer.from(`${alice.username}:${reader.secret}`).toString('base64');
    const result = await install(SCOPED, `//127.0.0.1:${gateway.port}/npm/:_auth=${encoded}`);
    expect(result.exitCode, result.output).toBe(0);
  });

  it.each([PLAIN, SCOPED])(
    'R03: publishing %s with a read-only token is refused, and the registry is unchanged',
    async (name) => {
      const before = await versionsUpstream(name);
      const result = await publish(name, '2.0.0', reader);
      expect(result.exitCode).not.toBe(0);
      expect(result.output).toContain('E403');
      expect(result.output).toContain('403 Forbidden - PUT');
      expect(result.output).not.toContain(reader.secret);
      expect(await versionsUpstream(name)).toEqual(before);
      const events = await gateway.events({ application: 'npm', tokenId: reader.id, code: 'scope_insufficient' });
      expect(events.some(({ method, path }) => method === 'PUT' && path === `/${name.replace('/', '%2f')}`)).toBe(true);
    },
  );

  it.each([PLAIN, SCOPED])('R07: a read-write token publishes %s, and takes a version back', async (name) => {
    const published = await publish(name, '3.0.0', writer);
    expect(published.exitCode, published.output).toBe(0);
    expect(await versionsUpstream(name)).toContain('3.0.0');
    const removed = await runNpm(['unpublish', `${name}@3.0.0`], {
      cwd: newFolder(),
      registry,
      authLine: authLine(writer),
    });
    expect(removed.exitCode, removed.output).toBe(0);
    expect(await versionsUpstream(name)).not.toContain('3.0.0');
  });

  it('R51: a revoked token installs and publishes nothing', async () => {
    const token = await gateway.createToken({ owner: alice.username, scope: 'read-write' });
    const view = ['view', PLAIN, 'version'];
    const options = { cwd: newFolder(), registry, authLine: authLine(token) };
    const before = await runNpm(view, options);
    expect(before.exitCode, before.output).toBe(0);
    await gateway.revokeToken(token.id);
    for (const result of [
      await runNpm(view, options),
      await install(PLAIN, authLine(token)),
      await publish(PLAIN, '4.0.0', token),
    ]) {
      expect(result.exitCode).not.toBe(0);
      expect(result.output).toContain('E401');
    }
    expect(await versionsUpstream(PLAIN)).not.toContain('4.0.0');
  });

  it('R45: without a token nothing is installed', async () => {
    const result = await install(PLAIN, undefined);
    expect(result.exitCode).not.toBe(0);
    expect(result.output).toContain('E401');
  });
});
