import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { describe, expect, it, vi } from 'vitest';
import { canRunWith, describeWithMariaDb, describeWithRedis, requiredParts } from './external-servers.js';
import { startMariaDb } from './maria-db.server.js';
import { privateEnvironment, startPrivateProcess } from './private-process.js';
import { createTemporaryFolder } from './temporary-folder.js';

describe('external parts', () => {
  it('support: the required parts are the names in the variable', () => {
    expect([...requiredParts('')]).toEqual([]);
    expect([...requiredParts(' redis, mysql')].sort()).toEqual(['mysql', 'redis']);
    expect(() => requiredParts('mysql,reddis')).toThrow('reddis');
  });

  it('support: a missing part is skipped unless it is required', () => {
    expect(canRunWith('redis', true, new Set(['redis']))).toBe(true);
    const warning = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    expect(canRunWith('redis', false, new Set(['mysql']))).toBe(false);
    expect(warning).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('no redis-server on the PATH'));
    warning.mockRestore();
    expect(() => canRunWith('mysql', false, new Set(['mysql']))).toThrow('SCOPEGATE_TEST_REQUIRE names mysql');
  });
});

describe('private processes', () => {
  it('support: no child and no folder outlives a test process that is killed', async () => {
    const folder = createTemporaryFolder('parent');
    // These modules stand on Node alone, so that a plain process can load them without the test runner around it.
    for (const name of ['private-process', 'temporary-folder']) {
      const source = readFileSync(join(import.meta.dirname, `${name}.ts`), 'utf8');
      const { outputText } = transpileModule(source, {
        compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 },
      });
      writeFileSync(join(folder.path, `${name}.mjs`), outputText);
    }
    writeFileSync(
      join(folder.path, 'parent.mjs'),
      `import { startPrivateProcess, privateEnvironment } from './private-process.mjs';
       import { createTemporaryFolder } from './temporary-folder.mjs';
       const { path } = createTemporaryFolder('child');
       const child = startPrivateProcess('sleep', ['300'], { cwd: path, environment: privateEnvironment(path) });
       console.log(JSON.stringify({ childPid: child.pid, childFolder: path }));
       setInterval(() => undefined, 1000);`,
    );
    const parent = spawn(process.execPath, ['parent.mjs'], { cwd: folder.path, stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    const { childPid, childFolder } = JSON.parse(line) as { childPid: number; childFolder: string };
    expect([isAlive(childPid), existsSync(childFolder)]).toEqual([true, true]);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect([isAlive(childPid), existsSync(dirname(childFolder))]).toEqual([false, false]), {
      timeout: 30_000,
      interval: 50,
    });
    await folder.remove();
  });

  it('support: returns the exit code, the signal and the output', async () => {
    const folder = createTemporaryFolder('process');
    const options = { cwd: folder.path, environment: privateEnvironment(folder.path) };
    const ending = startPrivateProcess('/bin/sh', ['-c', 'echo out; echo err >&2; exit 3'], options);
    expect(await ending.exited).toBe(3);
    expect(ending.output().split('\n').sort()).toEqual(['', 'err', 'out']);
    expect(ending.standardOutput()).toBe('out\n');
    const killed = startPrivateProcess('/bin/sh', ['-c', 'exec sleep 60'], options);
    expect(await killed.end('SIGKILL')).toBe(137);
    expect(() => startPrivateProcess('/nonexistent/program', [], options)).toThrow('could not be started');
    await folder.remove();
  });
});

describeWithMariaDb('private MariaDB', (server) => {
  it('support: a database keeps committed rows through a kill and a restart', async () => {
    const url = await server().createDatabase();
    const before = await createConnection(url);
    await before.query('CREATE TABLE kept (id INT PRIMARY KEY)');
    await before.query('INSERT INTO kept VALUES (7)');
    before.on('error', () => undefined);
    const firstPid = server().pid;
    await server().kill9();
    await server().restart();
    expect(server().pid).not.toBe(firstPid);
    const after = await createConnection(url);
    const [rows] = await after.query('SELECT id FROM kept');
    expect(rows).toEqual([{ id: 7 }]);
    await after.end();
  });

  // The folder is read from the command line of the process, which only Linux shows in a file.
  it.runIf(process.platform === 'linux')('support: a stopped server leaves no process and no folder', async () => {
    const second = await startMariaDb();
    const commandLine = readFileSync(`/proc/${second.pid}/cmdline`, 'utf8').split('\0');
    const dataFolder = commandLine.find((argument) => argument.startsWith('--datadir='))?.slice('--datadir='.length);
    expect(existsSync(dataFolder ?? '')).toBe(true);
    await second.stop();
    expect(isAlive(second.pid)).toBe(false);
    expect(existsSync(dataFolder ?? '')).toBe(false);
  });
});

describeWithRedis('private Redis', (server) => {
  it('support: the server restarts on its own port', async () => {
    const { port } = server();
    await server().kill9();
    await server().restart();
    expect(server().port).toBe(port);
    expect(server().url).toBe(`redis://127.0.0.1:${port}`);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
