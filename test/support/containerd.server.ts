import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, type ProgramResult } from './client-program.js';
import { findProgram, privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A private containerd, whose client for registries is the one of Docker and Kubernetes. */
export type ContainerdServer = {
  /** Runs its command `ctr`. */
  ctr(...words: readonly string[]): Promise<ProgramResult>;
  stop(): Promise<void>;
};

/** Whether containerd is installed; it runs only as root. */
export function isContainerdAvailable(): boolean {
  return process.getuid?.() === 0 && findProgram('containerd') !== undefined && findProgram('ctr') !== undefined;
}

/** @throws Error when it does not start; the message holds its output */
export async function startContainerd(): Promise<ContainerdServer> {
  const folder = createTemporaryFolder('containerd');
  const socket = join(folder.path, 'containerd.sock');
  const configuration = join(folder.path, 'config.toml');
  writeFileSync(
    configuration,
    [
      'version = 2',
      `root = ${JSON.stringify(join(folder.path, 'root'))}`,
      `state = ${JSON.stringify(join(folder.path, 'state'))}`,
      'disabled_plugins = ["io.containerd.grpc.v1.cri"]',
      `grpc = {address = ${JSON.stringify(socket)}}`,
      `ttrpc = {address = ${JSON.stringify(`${socket}.ttrpc`)}}`,
      '',
    ].join('\n'),
  );
  const program = findProgram('containerd') ?? 'containerd';
  const daemon = startPrivateProcess(program, ['--config', configuration, '--log-level', 'warn'], {
    cwd: folder.path,
    environment: privateEnvironment(folder.path),
  });
  const ctr = (...words: readonly string[]): Promise<ProgramResult> =>
    runProgram(findProgram('ctr') ?? 'ctr', ['--address', socket, ...words], { cwd: folder.path });
  try {
    await waitUntilReady('containerd', daemon, async () => (await ctr('version')).exitCode === 0, 60_000);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    ctr,
    async stop() {
      await daemon.end('SIGTERM', 10_000);
      await folder.remove();
    },
  };
}
