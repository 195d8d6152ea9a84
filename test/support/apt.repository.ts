import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { join, normalize } from 'node:path';
import { runSuccessfully } from './client-program.js';
import { findProgram } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

type RepositoryRequest = { readonly target: string; readonly headers: IncomingHttpHeaders };

/** A web server with a flat, unsigned repository of one package, open to every client. */
export type AptRepository = {
  readonly url: string;
  readonly requests: readonly RepositoryRequest[];
  stop(): Promise<void>;
};

export function isAptAvailable(): boolean {
  return ['apt-get', 'dpkg-deb', 'apt-ftparchive'].every((name) => findProgram(name) !== undefined);
}

/** @param name of the package, in version 1.0 */
export async function startAptRepository(name: string): Promise<AptRepository> {
  const folder = createTemporaryFolder('apt');
  const cwd = folder.path;
  const content = join(cwd, name);
  mkdirSync(join(content, 'DEBIAN'), { recursive: true, mode: 0o755 });
  const control = { Package: name, Version: '1.0', Architecture: 'all', Maintainer: 'Test <test@example.org>' };
  const lines = Object.entries({ ...control, Description: 'A package of the tests' });
  writeFileSync(join(content, 'DEBIAN/control'), lines.map(([field, value]) => `${field}: ${value}\n`).join(''));
  // A + in the name of a file is usual in versions.
  await runSuccessfully('dpkg-deb', ['--build', '--root-owner-group', content, `${name}_1.0+test_all.deb`], { cwd });
  writeFileSync(join(cwd, 'Packages'), await runSuccessfully('apt-ftparchive', ['packages', '.'], { cwd }));
  writeFileSync(join(cwd, 'Release'), await runSuccessfully('apt-ftparchive', ['release', '.'], { cwd }));

  const requests: RepositoryRequest[] = [];
  const server = createServer(({ url: target = '/', headers }, response) => {
    requests.push({ target, headers });
    try {
      response.end(readFileSync(join(cwd, normalize(decodeURIComponent(target)))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    requests,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await folder.remove();
    },
  };
}
