import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.js';
import { runNpm, startVerdaccio, type VerdaccioUpstream } from './verdaccio.upstream.js';

describe('verdaccio upstream', () => {
  let upstream: VerdaccioUpstream;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    upstream = await startVerdaccio();
    folder = createTemporaryFolder('package');
  });
  afterAll(async () => {
    await upstream.stop();
    await folder.remove();
  });

  it('support: a package is published and installed, and the registry knows no other package', async () => {
    const registry = `${upstream.url}/`;
    const authLine = `//127.0.0.1:${upstream.port}/:_auth=${Buffer.from('somebody:').toString('base64')}`;
    const source = join(folder.path, 'source');
    mkdirSync(source);
    writeFileSync(join(source, 'package.json'), JSON.stringify({ name: 'sample-package', version: '1.0.0' }));
    writeFileSync(join(source, 'index.js'), 'exports.answer = 42;\n');
    const publication = await runNpm(['publish'], { cwd: source, registry, authLine });
    expect(publication.exitCode, publication.output).toBe(0);

    const consumer = join(folder.path, 'consumer');
    mkdirSync(consumer);
    writeFileSync(join(consumer, 'package.json'), '{"private":true}');
    const installation = await runNpm(['install', 'sample-package'], { cwd: consumer, registry });
    expect(installation.exitCode, installation.output).toBe(0);
    expect(readFileSync(join(consumer, 'node_modules/sample-package/index.js'), 'utf8')).toContain('42');
    expect(readFileSync(join(consumer, 'package-lock.json'), 'utf8')).toContain(`${registry}sample-package/-/`);

    const unknown = await runNpm(['view', 'express'], { cwd: consumer, registry });
    expect(unknown.output).toContain('E404');
  });

  it('support: npm is not let loose on another registry', async () => {
    await expect(runNpm(['ping'], { cwd: folder.path, registry: 'https://registry.example.org/' })).rejects.toThrow(
      'not on the loopback',
    );
  });
});
