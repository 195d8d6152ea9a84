// How far the database falls behind the journal at saturation. The check of the audit shows whether events were lost.
import { setTimeout as wait } from 'node:timers/promises';
import { candidateOf } from '../bench.mjs';
import { wrk } from '../load.mjs';

const SAMPLE_INTERVAL_MS = 500;

export async function measureSaturation(bench) {
  const gateway = await bench.gateway();
  const { scopegate } = gateway;
  const seconds = Math.max(5, bench.options.seconds * 3);
  let isOver = false;
  const load = wrk(candidateOf(gateway), seconds).finally(() => (isOver = true));
  load.catch(() => {});
  let backlogBytes = 0;
  let lagSeconds = 0;
  while (!isOver) {
    await wait(SAMPLE_INTERVAL_MS);
    backlogBytes = Math.max(backlogBytes, await scopegate.metric('journal_backlog_bytes'));
    lagSeconds = Math.max(lagSeconds, await scopegate.metric('journal_lag_seconds'));
  }
  const { requests } = await load;
  const drainMs = await scopegate.settle();
  return { seconds, requestsPerSecond: requests / seconds, backlogBytes, lagSeconds, drainMs };
}
