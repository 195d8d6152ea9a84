import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort } from './free-port.js';
import { privateEnvironment, startPrivateProcess, waitUntilReady } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

/** A real npm registry that asks no other registry, and lets every client read and publish. */
export type VerdaccioUpstream = {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  output(): string;
  stop(): Promise<void>;
};

export type VerdaccioOptions = {
  /**
   * The address under which clients reach it, which it writes into the addresses of tarballs. Behind a gateway it has to be
   * the gateway's, because clients would go past the gateway otherwise. By default its own.
   */
  readonly publicUrl?: string;
};

export type NpmResult = { readonly exitCode: number; readonly output: string };

export type NpmOptions = {
  readonly cwd: string;
  /** The only registry that is asked; it has to be on the loopback. */
  readonly registry: string;
  /** The line of `.npmrc` with the credential, such as `//127.0.0.1:3000/npm/:_authToken=…`. */
  readonly authLine?: string;
  readonly timeoutMs?: number;
};

const HOST = '127.0.0.1';
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/|$)/;

/**
 * Starts verdaccio with an empty storage.
 * @throws Error when it does not start; the message holds its output
 */
export async function startVerdaccio(options: VerdaccioOptions = {}): Promise<VerdaccioUpstream> {
  const folder = createTemporaryFolder('npm');
  const port = await freePort();
  const url = `http://${HOST}:${port}`;
  const configuration = join(folder.path, 'config.yaml');
  writeFileSync(configuration, verdaccioConfiguration(folder.path));
  const child = startPrivateProcess(
    process.execPath,
    [verdaccioProgram(), '--config', configuration, '--listen', `${HOST}:${port}`],
    {
      cwd: folder.path,
      environment: { ...privateEnvironment(folder.path), VERDACCIO_PUBLIC_URL: options.publicUrl ?? url },
    },
  );
  try {
    await waitUntilReady('verdaccio', child, () => answers(`${url}/-/ping`), 60_000);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    url,
    port,
    pid: child.pid,
    output: () => child.output(),
    async stop(): Promise<void> {
      await child.end('SIGTERM', 5_000);
      await folder.remove();
    },
  };
}

/**
 * Runs npm with a home, a configuration and a cache of its own, against the given registry alone.
 * @throws Error for a registry that is not on the loopback; what npm itself says is in the answer
 */
export async function runNpm(npmArguments: readonly string[], options: NpmOptions): Promise<NpmResult> {
  if (!LOOPBACK.test(options.registry)) {
    throw new Error(`${options.registry} is not on the loopback.`);
  }
  const folder = createTemporaryFolder('npm-home');
  const userConfiguration = join(folder.path, '.npmrc');
  const globalConfiguration = join(folder.path, 'global.npmrc');
  writeFileSync(userConfiguration, options.authLine === undefined ? '' : `${options.authLine}\n`, { mode: 0o600 });
  writeFileSync(globalConfiguration, '');
  mkdirSync(options.cwd, { recursive: true });
  try {
    return await new Promise<NpmResult>((resolve) => {
      const child = spawn('npm', [...npmArguments], {
        cwd: options.cwd,
        env: {
          ...privateEnvironment(folder.path),
          npm_config_registry: options.registry,
          npm_config_userconfig: userConfiguration,
          npm_config_globalconfig: globalConfiguration,
          npm_config_cache: join(folder.path, 'cache'),
          npm_config_audit: 'false',
          npm_config_fund: 'false',
          npm_config_update_notifier: 'false',
          npm_config_fetch_retries: '0',
          npm_config_ignore_scripts: 'true',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: options.timeoutMs ?? 60_000,
        killSignal: 'SIGKILL',
      });
      const output: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
      child.once('error', (error) => resolve({ exitCode: 127, output: String(error) }));
      child.once('close', (exitCode) =>
        resolve({ exitCode: exitCode ?? 1, output: Buffer.concat(output).toString('utf8') }),
      );
    });
  } finally {
    await folder.remove();
  }
}

function verdaccioProgram(): string {
  return join(dirname(createRequire(import.meta.url).resolve('verdaccio/package.json')), 'bin', 'verdaccio');
}

// There is no `uplinks` and no `middlewares.audit`: both would ask the public registry. No user can register, and none
// needs to: the gateway has let every request through that comes here.
function verdaccioConfiguration(folder: string): string {
  return `storage: ${join(folder, 'storage')}
web:
  enable: false
auth:
  htpasswd:
    file: ${join(folder, 'htpasswd')}
    max_users: -1
packages:
  '**':
    access: $all
    publish: $all
    unpublish: $all
log: { type: stdout, format: json, level: warn }
`;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}
