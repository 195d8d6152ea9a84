// Starts the processes of a run, each on its core, and reads what they used from /proc.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export const root = dirname(dirname(import.meta.dirname));

/** The proxies run on one core, one at a time. The load and the servers behind the proxies use the other. */
export const PROXY_CORE = '0';
export const LOAD_CORE = cpus().length > 1 ? '1' : '0';
export const BOTH_CORES = [...new Set([PROXY_CORE, LOAD_CORE])].join(',');

/** Clock ticks of /proc in a second; Linux has always had 100. */
const TICKS_PER_SECOND = 100;

const children = new Set();
export const folder = mkdtempSync(join(tmpdir(), 'scopegate-bench-'));

/** Keeps this process off the core of the proxies. */
export function pinThisProcess() {
  spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)]);
}

/** Starts a program on some cores. Shows its output only when it fails. */
export function start(cores, command, args, options = {}) {
  const child = spawn('taskset', ['-c', cores, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => (output = (output + chunk).slice(-8000)));
  }
  child.once('exit', () => children.delete(child));
  children.add(child);
  return { pid: child.pid, child, output: () => output, stop: () => stop(child) };
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), 60_000);
  await ended;
  clearTimeout(limit);
}

/** Ends everything and removes the folder. */
export async function cleanUp() {
  await Promise.all([...children].map(stop));
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a program to its end. */
export function run(cores, command, args, options = {}) {
  const { input, timeoutMs = 600_000, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', ['-c', cores, command, ...args], { stdio: ['pipe', 'pipe', 'pipe'], ...rest });
    const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
    child.once('error', reject);
    child.once('close', (status) => {
      clearTimeout(limit);
      children.delete(child);
      if (status === 0) resolve(stdout);
      else reject(new Error(`${command} ended with ${status}:\n${stdout.slice(-4000)}${stderr.slice(-4000)}`));
    });
    children.add(child);
    child.stdin.once('error', () => {});
    child.stdin.end(input);
  });
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

/** Waits until a port answers. @throws Error with the output of the process */
export async function answering(port, running, path = '/') {
  const endMs = Date.now() + 60_000;
  while (Date.now() < endMs) {
    if (running.child.exitCode !== null) throw new Error(`ended early:\n${running.output()}`);
    try {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(1000) });
      await answer.arrayBuffer();
      return;
    } catch {
      await wait(20);
    }
  }
  throw new Error(`nothing answers on port ${port}:\n${running.output()}`);
}

/** Processes and all that they started. */
function treeOf(pids) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields !== null) parents.set(Number(name), Number(fields[1]));
  }
  const found = new Set(pids);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child);
  }
  return [...found];
}

/** @param pid a process, or `<pid>/task/<tid>` for one of its threads */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function sumOfCpu(paths) {
  let ticks = 0;
  for (const path of paths) {
    const fields = statOf(path);
    if (fields !== null) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}

/** User and system time of processes and their children, in microseconds. */
export const cpuMicroseconds = (pids) => sumOfCpu(treeOf(pids));

/** The same, for their first threads only, which serve the requests. */
export const requestThreadMicroseconds = (pids) => sumOfCpu(treeOf(pids).map((pid) => `${pid}/task/${pid}`));

function statusMegabytes(pids, name) {
  let kilobytes = 0;
  for (const each of treeOf(pids)) {
    try {
      const status = readFileSync(`/proc/${each}/status`, 'utf8');
      kilobytes += Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
    } catch {
      // It has just ended.
    }
  }
  return kilobytes / 1024;
}

/** The memory of processes and their children, in megabytes. */
export const memoryMegabytes = (pids) => statusMegabytes(pids, 'VmRSS');

/** The peak memory of processes and their children, in megabytes. */
export const peakMemoryMegabytes = (pids) => statusMegabytes(pids, 'VmHWM');

/** Resets the peak to the present memory. */
export function forgetPeakMemory(pids) {
  for (const each of treeOf(pids)) writeFileSync(`/proc/${each}/clear_refs`, '5');
}
