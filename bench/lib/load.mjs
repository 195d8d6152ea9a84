// Sends load to a candidate and reads what became of it.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cpuMicroseconds, LOAD_CORE, requestThreadMicroseconds, root, run } from './processes.mjs';

export const CONNECTIONS = 64;

/** What is below the mount or the root of whatever is measured. */
export const PATH_BELOW = '/rest/api/2/issue/PROJ-1?fields=summary';

/**
 * One measurement of a candidate at saturation.
 * @param candidate `pids`, `url`, `headers`, `script`, `expects` (`allowed` or `refused`), `settle`, `ledger`
 */
export async function measure(candidate, seconds) {
  const before = cpuMicroseconds(candidate.pids);
  const threadBefore = requestThreadMicroseconds(candidate.pids);
  const said = await wrk(candidate, seconds);
  // What a proxy does behind its answers (shipping the audit) belongs to the requests that caused it.
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

/** Sends as much as the candidate takes, for some seconds. */
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

/** Sends a fixed number of requests a second; see at-a-rate.mjs for how they are spread. */
export async function atRate({ url, headers = [], expects, ledger }, requestsPerSecond, seconds) {
  const asked = { url, headers, connections: CONNECTIONS, requestsPerSecond, seconds };
  const program = join(root, 'bench/lib/at-a-rate.mjs');
  const output = await run(LOAD_CORE, process.execPath, [program], { input: JSON.stringify(asked) });
  const said = JSON.parse(output);
  expectAnswers({ url, expects, requests: said.requests, refused: said.refused, broken: said.broken });
  ledger?.countRun(said.requests);
  return said;
}

/** Nothing may be faster by being wrong: what should be answered is answered, and what should be refused is refused. */
function expectAnswers({ url, expects, requests, refused, broken }) {
  if (broken > 0) throw new Error(`${broken} connections to ${url} broke.`);
  const wrong = expects === 'refused' ? requests - refused : refused;
  if (wrong > 0) throw new Error(`${wrong} of ${requests} answers of ${url} are wrong: they should be ${expects}.`);
}

function milliseconds(match) {
  return match === null ? null : Number(match[1]) * { us: 0.001, ms: 1, s: 1000 }[match[2]];
}

/** What load generators have had answered by one application; the audit is compared to it at the end. */
export class Ledger {
  answered = 0;
  runs = 0;
  /** Requests that may have been under way when a load generator ended: recorded, and not counted by it. */
  underWay = 0;

  /** Counts the answers of one run of a load generator. */
  countRun(answers) {
    this.answered += answers;
    this.runs += 1;
    this.underWay += CONNECTIONS;
  }

  /** Counts the answer to a request that was waited for. */
  countOne() {
    this.answered += 1;
  }
}
