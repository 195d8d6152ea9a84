// Sends load to a candidate and reads the results.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMicroseconds, LOAD_CORE, requestThreadMicroseconds, root, run } from './processes.mjs';

export const CONNECTIONS = 64;

/** The path below the mount or the root of a candidate. */
export const PATH_BELOW = '/rest/api/2/issue/PROJ-1?fields=summary';

/**
 * One measurement of a candidate at saturation.
 * @param candidate `pids`, `url`, `headers`, `script`, `expects` (`allowed` or `refused`), `settle`, `ledger`
 */
export async function measure(candidate, seconds) {
  const before = cpuMicroseconds(candidate.pids);
  const threadBefore = requestThreadMicroseconds(candidate.pids);
  const said = await wrk(candidate, seconds);
  // Work after the answers (shipping the audit) counts for the requests that caused it.
  const drainMs = candidate.settle === undefined ? await wait(100, 0) : await candidate.settle();
  const microseconds = cpuMicroseconds(candidate.pids) - before;
  const threadMicroseconds = requestThreadMicroseconds(candidate.pids) - threadBefore;
  return {
    requests: said.requests,
    cpuMicroseconds: microseconds / said.requests,
    threadMicroseconds: threadMicroseconds / said.requests,
    requestsPerSecond: said.requests / seconds,
    p50Ms: said.p50Ms,
    p99Ms: said.p99Ms,
    drainMs,
  };
}

/** Sends as many requests as the candidate answers, for some seconds. */
export async function wrk({ url, headers = [], script, expects, ledger, cores = LOAD_CORE }, seconds) {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency'];
  for (const header of headers) args.push('-H', header);
  if (script !== undefined) args.push('-s', script.file);
  const output = await run(cores, 'wrk', [...args, url, ...(script === undefined ? [] : ['--', ...script.arguments])], {
    timeoutMs: (seconds + 60) * 1000,
  });
  const requests = Number(/(\d+) requests in/.exec(output)?.[1]);
  if (!(requests > 0)) throw new Error(`wrk measured nothing:\n${output}`);
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+)/.exec(output)?.slice(1).map(Number) ?? [];
  expectAnswers({ url, expects, requests, refused, broken: broken.reduce((sum, count) => sum + count, 0) });
  ledger?.countRun(requests);
  return {
    requests,
    p50Ms: milliseconds(/50%\s+([\d.]+)(us|ms|s)/.exec(output)),
    p99Ms: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(output)),
  };
}

/** Sends a fixed number of requests a second; at-a-rate.mjs explains how they are spread. */
export async function atRate({ url, headers = [], expects, ledger }, requestsPerSecond, seconds) {
  const asked = { url, headers, connections: CONNECTIONS, requestsPerSecond, seconds };
  const program = join(root, 'bench/lib/at-a-rate.mjs');
  const output = await run(LOAD_CORE, process.execPath, [program], { input: JSON.stringify(asked) });
  const said = JSON.parse(output);
  expectAnswers({ url, expects, requests: said.requests, refused: said.refused, broken: said.broken });
  ledger?.countRun(said.requests);
  return said;
}

/** A wrong answer must not count as a fast one: every answer has to be the expected success or refusal. */
function expectAnswers({ url, expects, requests, refused, broken }) {
  if (broken > 0) throw new Error(`${broken} connections to ${url} broke.`);
  const wrong = expects === 'refused' ? requests - refused : refused;
  if (wrong > 0) throw new Error(`${wrong} of ${requests} answers of ${url} are wrong: they should be ${expects}.`);
}

function milliseconds(match) {
  return match === null ? null : Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[match[2]];
}

/** The answers of one application that load generators counted; compared with the audit at the end. */
export class Ledger {
  answered = 0;
  runs = 0;
  /** Requests that may have been running when a load generator ended: recorded, but not counted by it. */
  underWay = 0;

  /** Counts the answers of one run of a load generator. */
  countRun(answers) {
    this.answered += answers;
    this.runs += 1;
    this.underWay += CONNECTIONS;
  }

  /** Counts the answer to a single request. */
  countOne() {
    this.answered += 1;
  }
}
