import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSuccessfully } from './client-program.js';
import { findProgram } from './private-process.js';
import { PRIVATE_HOST, startPrivateServer, type PrivateServer } from './private-server.js';

/** `hg serve` with one repository of one commit below `/hg`, open to every client. */
export type MercurialServer = PrivateServer & {
  readonly url: string;
  /** The description of the newest commit, past the server. */
  newest(): Promise<string>;
};

export function isMercurialAvailable(): boolean {
  return findProgram('hg') !== undefined;
}

export async function startMercurial(): Promise<MercurialServer> {
  let repository = '';
  const hg = (...words: readonly string[]): Promise<string> =>
    runSuccessfully('hg', ['--repository', repository, ...words], {
      cwd: repository,
      env: { HGRCPATH: '', HGUSER: 'Test' },
    });
  const server = await startPrivateServer({
    name: 'hg',
    program: findProgram('hg') ?? 'hg',
    argumentsFor: (folder, port) => {
      const address = ['--address', PRIVATE_HOST, '--port', String(port), '--prefix', 'hg'];
      const writable = ['--config', 'web.allow-push=*', '--config', 'web.push_ssl=no'];
      return ['serve', '--repository', join(folder, 'demo'), ...address, ...writable];
    },
    accepts: async (port) => (await fetch(`http://${PRIVATE_HOST}:${port}/hg`).catch(() => null)) !== null,
    readyTimeoutMs: 60_000,
    prepare: async (folder) => {
      repository = join(folder, 'demo');
      mkdirSync(repository);
      writeFileSync(join(repository, 'README'), 'The first line.\n');
      await runSuccessfully('hg', ['init', repository], { cwd: folder, env: { HGRCPATH: '' } });
      await hg('add', 'README');
      await hg('commit', '--message', 'First');
      // hg refuses a repository that belongs to another user.
      await runSuccessfully('chown', ['-R', '--reference', folder, repository], { cwd: folder });
    },
  });
  return Object.assign(server, {
    url: `http://${PRIVATE_HOST}:${server.port}/hg`,
    newest: () => hg('--config', 'trusted.users=*', 'log', '--rev', 'tip', '--template', '{desc}'),
  });
}
