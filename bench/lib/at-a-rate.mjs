// A separate program: sends a fixed number of requests a second with autocannon, and prints how long answers took.
//
// A connection of autocannon sends all its requests of a second at once and then waits for the next second. If all
// connections started together, every second would begin with a burst. So each one starts at another moment of the
// second, and the load is nearly even.
//
// This program is slow at first: in its first second, an answer that arrives in 0.1 ms seems to take milliseconds. Such
// answers would be most of the slowest hundredth. So only the last seconds are measured, with all connections open.
import { setTimeout as wait } from 'node:timers/promises';
import autocannon from 'autocannon';
import { quantile } from './statistics.mjs';

async function read(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return JSON.parse(text);
}

/** The warm-up of this program. */
const WARM_UP_SECONDS = 4;

const { url, headers, connections, requestsPerSecond, seconds } = await read(process.stdin);
const named = Object.fromEntries(headers.map((line) => line.split(/:\s*(.*)/s, 2)));
/** One second in which the connections start, then the warm-up, then the measurement. */
const duration = 1 + WARM_UP_SECONDS + seconds;
const endsAtTick = performance.now() + duration * 1000;
const durations = [];
let requests = 0;
let refused = 0;
const running = [];
for (let index = 0; index < connections; index += 1) {
  const share =
    Math.floor((requestsPerSecond * (index + 1)) / connections) - Math.floor((requestsPerSecond * index) / connections);
  const instance = autocannon({
    url,
    headers: named,
    connections: 1,
    overallRate: Math.max(1, share),
    duration,
  });
  instance.on('response', (_client, status, _bytes, milliseconds) => {
    requests += 1;
    const untilTheEndMs = endsAtTick - performance.now();
    if (untilTheEndMs > 0 && untilTheEndMs <= seconds * 1000) durations.push(milliseconds);
    if (status < 200 || status > 299) refused += 1;
  });
  running.push(instance);
  await wait(1000 / connections);
}
const results = await Promise.all(running);
// A broken connection or a missing answer has no time, and would be missing in the figures.
const broken = results.reduce((sum, { errors }) => sum + errors, 0);
process.stdout.write(
  JSON.stringify({
    requests,
    refused,
    broken,
    p50Ms: quantile(durations, 0.5),
    p99Ms: quantile(durations, 0.99),
  }),
);
