// Starts the processes of a run, each pinned to one core, and reads what they used from /proc.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** The proxies share one core, one at a time; the load and what stands behind the proxies have the other. */
export const PROXY_CORE = '0';
export const LOAD_CORE = cpus().length > 1 ? '1' : '0';

/** Clock ticks of /proc in a second; Linux has always had 100. */
const TICKS_PER_SECOND = 100;

const children = new Set();
export const folder = mkdtempSync(join(tmpdir(), 'scopegate-bench-'));

/** Starts a program on a core. Its output is kept and shown only when it fails. */
export function start(core, command, args, options = {}) {
  const child = spawn('taskset', ['-c', core, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => (output = (output + chunk).slice(-8000)));
  child.once('exit', () => children.delete(child));
  children.add(child);
  return { pid: child.pid, child, output: () => output, stop: () => stop(child) };
}

async function stop(child) {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([ended, wait(12_000).then(() => child.kill('SIGKILL'))]);
}

/** Ends everything and removes the folder. */
export async function cleanUp() {
  await Promise.all([...children].map(stop));
  rmSync(folder, { recursive: true, force: true });
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until a port answers, or says what the process printed. */
export async function answering(port, running, path = '/') {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (running.child.exitCode !== null) throw new Error(`ended early:\n${running.output()}`);
    try {
      await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1000) });
      return;
    } catch {
      await wait(100);
    }
  }
  throw new Error(`nothing answers on port ${port}:\n${running.output()}`);
}

/** A process and all that it started. */
function tree(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const found = new Set([pid]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  return [...found];
}

function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** User and system time of a process and its children, in microseconds. */
export function cpuMicroseconds(pid) {
  let ticks = 0;
  for (const each of tree(pid)) {
    const fields = statOf(each);
    if (fields !== null) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}

/** The most memory a process and its children have had, in megabytes. */
export function peakMemoryMegabytes(pid) {
  let kilobytes = 0;
  for (const each of tree(pid)) {
    try {
      kilobytes += Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has just ended.
    }
  }
  return kilobytes / 1024;
}
