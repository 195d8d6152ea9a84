// A separate program: an honest client that sends a GET every few milliseconds, without waiting for the last answer, and
// prints the times of the answers. The first seconds warm this program up and are not measured.
import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { quantile } from '../statistics.mjs';

const WARM_UP_MS = 2_000;
const ANSWER_LIMIT_MS = 30_000;

async function read(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return JSON.parse(text);
}

const { url, headers, requestsPerSecond, seconds } = await read(process.stdin);
const agent = new Agent({ keepAlive: true, maxSockets: 64 });
const durations = [];
const outcomes = {};

/** Sends one request. @returns the status or the error's code */
function ask() {
  return new Promise((resolve) => {
    const sent = request(url, { agent, headers, timeout: ANSWER_LIMIT_MS }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
      response.once('error', (error) => resolve(error.code));
    });
    sent.once('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'NO_ANSWER' })));
    sent.once('error', (error) => resolve(error.code));
    sent.end();
  });
}

const startedAtTick = performance.now();
const endsAtTick = startedAtTick + WARM_UP_MS + seconds * 1000;
const intervalMs = 1000 / requestsPerSecond;
const pending = new Set();
for (let index = 0; ; index += 1) {
  const dueAtTick = startedAtTick + index * intervalMs;
  if (dueAtTick >= endsAtTick) break;
  const earlyMs = dueAtTick - performance.now();
  if (earlyMs > 0) await wait(earlyMs);
  const sentAtTick = performance.now();
  const answer = ask().then((outcome) => {
    pending.delete(answer);
    if (sentAtTick - startedAtTick < WARM_UP_MS) return;
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    durations.push(performance.now() - sentAtTick);
  });
  pending.add(answer);
}
await Promise.all(pending);
agent.destroy();
process.stdout.write(
  JSON.stringify({
    requests: durations.length,
    outcomes,
    p50Ms: quantile(durations, 0.5),
    p99Ms: quantile(durations, 0.99),
    maxMs: quantile(durations, 1),
  }),
);
