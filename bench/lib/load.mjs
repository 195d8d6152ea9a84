// Sends load with wrk and reads what it says.
import { spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMicroseconds, LOAD_CORE } from './processes.mjs';

export const CONNECTIONS = 64;

/** One measurement of a proxy at saturation. */
export async function measure({ pid, url, headers = [], script, seconds }) {
  const before = cpuMicroseconds(pid);
  const said = await wrk({ url, headers, script, seconds });
  // What a proxy does behind its answers (shipping the audit) belongs to the requests that caused it.
  await wait(500);
  const microseconds = cpuMicroseconds(pid) - before;
  return {
    requests: said.requests,
    cpuMicroseconds: microseconds / said.requests,
    requestsPerSecond: said.requests / seconds,
    p50Ms: said.p50Ms,
    p99Ms: said.p99Ms,
    refused: said.refused,
  };
}

function wrk({ url, headers, script, seconds }) {
  const args = ['-c', LOAD_CORE, 'wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency'];
  for (const header of headers) args.push('-H', header);
  if (script !== undefined) args.push('-s', script);
  return new Promise((resolve, reject) => {
    const child = spawn('taskset', [...args, url], { stdio: ['ignore', 'pipe', 'pipe'] });
    const limit = setTimeout(() => child.kill('SIGKILL'), (seconds + 30) * 1000);
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(limit);
      const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
      if (!(requests > 0)) return reject(new Error(`wrk measured nothing:\n${output}`));
      resolve({
        requests,
        p50Ms: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(output)),
        p99Ms: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(output)),
        refused: Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0),
      });
    });
  });
}

function milliseconds(match) {
  return match === null ? null : Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[match[2]];
}

export function median(values) {
  const sorted = [...values].sort((first, second) => first - second);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
