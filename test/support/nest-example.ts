import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runSuccessfully } from './client-program.js';
import { privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';

const PROJECT = resolve(import.meta.dirname, '../..');

/** Needs no registry: the package depends on nothing, and Nest, its peer, is found in the folders above. */
const INSTALL = ['install', '--offline', '--legacy-peer-deps', '--ignore-scripts', '--no-audit', '--no-fund'];

const START_MS = 60_000;

/** The folders of the example applications. */
export const NEST_EXAMPLES = ['nest-11', 'nest-12-express', 'nest-12-fastify-graphql'] as const;

export type NestExample = (typeof NEST_EXAMPLES)[number];

/**
 * Builds and packs `@scopegate/nest`.
 * @returns the path of the file
 */
export async function packNestPackage(folder: string): Promise<string> {
  const output = await runSuccessfully('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
    cwd: join(PROJECT, 'packages/nest'),
    home: folder,
  });
  const [packed] = JSON.parse(output.slice(output.indexOf('['))) as { readonly filename: string }[];
  if (packed === undefined) throw new Error(`npm pack made no file: ${output}`);
  return join(folder, packed.filename);
}

/** A copy of an example, with the packed package installed and compiled. */
export class InstalledExample {
  private constructor(readonly folder: string) {}

  /** @param tarball the packed package */
  static async install(example: NestExample, tarball: string): Promise<InstalledExample> {
    const source = join(PROJECT, 'examples', example);
    // Below the example, so that its own packages are found.
    mkdirSync(join(source, 'artifacts'), { recursive: true });
    const folder = mkdtempSync(join(source, 'artifacts', 'installed-'));
    for (const name of ['src', 'tsconfig.json']) cpSync(join(source, name), join(folder, name), { recursive: true });
    const { name, type } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as Record<string, unknown>;
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, type, private: true }));
    await runSuccessfully('npm', [...INSTALL, tarball], { cwd: folder });
    await runSuccessfully(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      cwd: folder,
    });
    return new InstalledExample(folder);
  }

  /** Starts it and waits until it listens. */
  async start(env: Readonly<Record<string, string>>): Promise<RunningExample> {
    const child = startPrivateProcess(process.execPath, [join(this.folder, 'dist/main.js')], {
      cwd: this.folder,
      environment: { ...privateEnvironment(this.folder), PORT: '0', NO_COLOR: '1', ...env },
    });
    const address = (): string | undefined => /Listening on (http:\S+)/.exec(child.output())?.[1];
    await waitUntilReady('The example', child, () => Promise.resolve(address() !== undefined), START_MS);
    return {
      url: address() ?? '',
      output: () => child.output(),
      stop: async () => void (await child.end('SIGKILL')),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface RunningExample {
  readonly url: string;
  /** Everything that it has written. */
  output(): string;
  stop(): Promise<void>;
}
