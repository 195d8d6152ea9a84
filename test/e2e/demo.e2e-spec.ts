import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../support/free-port.js';
import {
  findProgram,
  privateEnvironment,
  startPrivateProcess,
  waitUntilReady,
  type PrivateProcess,
} from '../support/private-process.js';
import { DEMO_PROGRAM, ensureBuilt } from '../support/project-build.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

type Demo = PrivateProcess & { readonly port: number; readonly folder: TemporaryFolder };

// The demo builds first if the sources have changed.
vi.setConfig({ testTimeout: 300_000 });

/** One call that the story printed, and the answer below it. */
type PrintedCall = { readonly step: number; readonly command: string; readonly status: number; readonly body: string };

const LAST_LINE = 'Press Ctrl-C to stop.';

describe('the demo', () => {
  let demo: Demo | undefined;
  afterEach(async () => {
    await demo?.end('SIGINT');
    await demo?.folder.remove();
    demo = undefined;
  });

  const start = async (environment: Readonly<Record<string, string>> = {}): Promise<Demo> => {
    await ensureBuilt();
    const folder = createTemporaryFolder('demo');
    const port = await freePort();
    const child = startPrivateProcess(process.execPath, [DEMO_PROGRAM], {
      cwd: folder.path,
      // The folder is the home and the place of temporary files: what the demo leaves behind is seen in it.
      environment: { ...privateEnvironment(folder.path), PORT: String(port), ...environment },
    });
    demo = { ...child, port, folder };
    return demo;
  };

  const startUntil = async (line: string): Promise<Demo> => {
    const started = await start();
    await waitUntilReady('The demo', started, () => Promise.resolve(started.output().includes(line)), 180_000);
    return started;
  };

  it('R02, R03, R44, R17: shows each step once, with the expected answer, and ends with 0', async () => {
    const once = await start({
      SCOPEGATE_TEST_DEMO_ONCE: '1',
      // The demo ignores what configures the reader's own server.
      DATABASE_URL: 'mysql://nobody:nothing@127.0.0.1:1/none',
      SCOPEGATE_TOKEN_PEPPER: 'short',
    });
    expect(await once.exited, once.output()).toBe(0);
    const calls = printedCalls(once.output());
    expect(calls.map(({ step, status }) => `${step}: ${status}`)).toEqual([
      '1: 200',
      '2: 201',
      '3: 201',
      '4: 201',
      '5: 201',
      '6: 200',
      '6: 200',
      '7: 403',
      '7: 200',
      '8: 201',
      '9: 401',
      '10: 204',
      '10: 401',
      '11: 200',
    ]);
    // The reader sees the secrets that the later commands use, and why a call was refused.
    expect(calls.find(({ step }) => step === 4)?.body).toMatch(/"scope":"read-only".*"secret":"sg_[0-9A-Za-z_]{60}"/);
    expect(calls.find(({ step }) => step === 7)?.body).toContain('"code":"scope_insufficient"');
    expect(calls.find(({ step }) => step === 9)?.body).toContain('"code":"credential_invalid"');
    expect(calls.find(({ step, status }) => step === 10 && status === 401)?.body).toContain('"code":"token_revoked"');
    expect(once.output()).toMatch(/failed +401 +owner_mismatch +bob +GET \/rest\/api\/2\/issue\/DEMO-1/);
    expect(once.output()).toContain(`http://127.0.0.1:${once.port}/docs`);
    expect(leftBehind(once)).toEqual([]);
  });

  it('R07: keeps running, its printed commands work as they are, and Ctrl-C ends everything with 0', async () => {
    const running = await startUntil(LAST_LINE);
    const output = running.output();
    const commands = output
      .slice(output.indexOf('Try it yourself'))
      .split('\n')
      .filter((line) => line.trimStart().startsWith('$ '))
      .map((line) => line.trim().slice(2));
    expect(commands).toHaveLength(2);
    if (findProgram('curl') !== undefined) {
      const [read = '', write = ''] = commands;
      expect(await shell(write)).toMatch(/^HTTP\/1\.1 204 /);
      const answer = await shell(read);
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain('"summary":"Changed by me"');
      const refused = printedCalls(output).find(({ step }) => step === 9)?.command ?? '';
      expect(await shell(refused)).toMatch(/^HTTP\/1\.1 401 /);
    }
    const [, upstream = ''] = /Sample upstream +(http:\S+)/.exec(output) ?? [];
    expect((await fetch(`${upstream}/received`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${running.port}/docs`)).status).toBe(200);

    expect(await running.end('SIGINT'), running.output()).toBe(0);
    expect(running.output().trimEnd()).toMatch(/Stopping …$/);
    await expect(fetch(`${upstream}/received`)).rejects.toThrow('fetch failed');
    await expect(fetch(`http://127.0.0.1:${running.port}/health/live`)).rejects.toThrow('fetch failed');
    expect(leftBehind(running)).toEqual([]);
  });

  it('R61: is stopped in the middle of its start, and leaves no server and no file with a secret', async () => {
    const starting = await startUntil('Starting the server');
    expect(await starting.end('SIGINT'), starting.output()).toBe(0);
    await expect(fetch(`http://127.0.0.1:${starting.port}/health/live`)).rejects.toThrow('fetch failed');
    expect(leftBehind(starting)).toEqual([]);
  });

  it('R61: leaves no server behind even when it is killed', async () => {
    const running = await startUntil(LAST_LINE);
    await running.end('SIGKILL');
    const deadline = Date.now() + 60_000;
    let answers = true;
    while (answers && Date.now() < deadline) {
      answers = await fetch(`http://127.0.0.1:${running.port}/health/live`).then(
        () => true,
        () => false,
      );
    }
    expect(answers).toBe(false);
  });

  it('R61: does not talk to a stranger on its port: it says that the port is taken, and ends with 1', async () => {
    const stranger = createServer((_request, response) => response.end());
    const port = await freePort();
    await new Promise<void>((resolve) => stranger.listen(port, '127.0.0.1', () => resolve()));
    try {
      const refused = await start({ PORT: String(port) });
      expect(await refused.exited).toBe(1);
      expect(refused.output()).toContain(`The demo failed: PORT ${port} is taken.`);
      expect(refused.output()).not.toContain('The administrator signs in');
    } finally {
      stranger.close();
    }
  });
});

/** The calls of the story: a line with the command, the line of the status, and perhaps one with the body. */
function printedCalls(output: string): readonly PrintedCall[] {
  const calls: PrintedCall[] = [];
  const lines = output.split('\n').map((line) => line.trim());
  let step = 0;
  for (const [index, line] of lines.entries()) {
    step = Number(/^(\d+)\. /.exec(line)?.[1] ?? step);
    const status = /^HTTP\/1\.1 (\d{3})/.exec(lines[index + 1] ?? '')?.[1];
    if (line.startsWith('$ curl ') && status !== undefined) {
      calls.push({ step, command: line.slice(2), status: Number(status), body: lines[index + 2] ?? '' });
    }
  }
  return calls;
}

/** What is left of the folders of a demo that has ended. */
function leftBehind({ folder }: Demo): readonly string[] {
  return readdirSync(folder.path).filter((name) => name.startsWith('scopegate'));
}

/** Runs a printed command as its reader would. */
async function shell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command]);
  return stdout;
}
