import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { freePort } from './free-port.js';
import { findProgram, privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';
import { PRIVATE_HOST } from './private-server.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A real container registry without users of its own: it serves everyone. */
export type DockerRegistryServer = {
  readonly url: string;
  /** Asks past the gateway; empty for an unknown repository. */
  tags(repository: string): Promise<readonly string[]>;
  stop(): Promise<void>;
};

const REGISTRY = 'docker-registry';

/** Whether the registry and the client `skopeo` are installed. */
export function isRegistryAvailable(): boolean {
  return findProgram(REGISTRY) !== undefined && findProgram('skopeo') !== undefined;
}

/**
 * Starts a registry with an empty storage.
 * @throws Error when it does not start; the message holds its output
 */
export async function startDockerRegistry(): Promise<DockerRegistryServer> {
  const folder = createTemporaryFolder('registry');
  const port = await freePort();
  const url = `http://${PRIVATE_HOST}:${port}`;
  const configuration = join(folder.path, 'config.yml');
  writeFileSync(
    configuration,
    [
      'version: 0.1',
      'log: {level: error}',
      `storage: {filesystem: {rootdirectory: ${JSON.stringify(join(folder.path, 'storage'))}}}`,
      `http: {addr: "${PRIVATE_HOST}:${port}"}`,
      '',
    ].join('\n'),
  );
  const child = startPrivateProcess(findProgram(REGISTRY) ?? REGISTRY, ['serve', configuration], {
    cwd: folder.path,
    environment: privateEnvironment(folder.path),
  });
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/v2/`).catch(() => null))?.status === 200;
  try {
    await waitUntilReady(REGISTRY, child, isReady, 30_000);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    url,
    async tags(repository) {
      const answer = await fetch(`${url}/v2/${repository}/tags/list`);
      const { tags } = (await answer.json()) as { tags?: readonly string[] | null };
      return tags ?? [];
    },
    async stop() {
      await child.end('SIGTERM', 5_000);
      await folder.remove();
    },
  };
}

/** Writes an image of one small layer as an OCI layout, for `skopeo copy oci:<folder>:<tag>`. */
export function writeImage(folder: string, tag: string): void {
  const blobs = join(folder, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const add = (mediaType: string, content: Buffer): object => {
    const digest = createHash('sha256').update(content).digest('hex');
    writeFileSync(join(blobs, digest), content);
    return { mediaType, digest: `sha256:${digest}`, size: content.length };
  };
  const addJson = (mediaType: string, content: object): object =>
    add(mediaType, Buffer.from(JSON.stringify({ schemaVersion: 2, ...content })));
  // An archive without files: two blocks of zeros.
  const archive = Buffer.alloc(1024);
  const layer = add('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(archive));
  const config = addJson('application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    config: { Labels: { tag } },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(archive).digest('hex')}`] },
  });
  const manifest = addJson('application/vnd.oci.image.manifest.v1+json', { config, layers: [layer] });
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  writeFileSync(
    join(folder, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
}
