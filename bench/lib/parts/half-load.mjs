// The time of answers at half load: one rate for all, half of what the slowest one reaches.
import { atRate, measure } from '../load.mjs';
import { installPackages } from '../packages.mjs';
import { inRounds } from '../rounds.mjs';
import { startedCandidate } from './candidates.mjs';

const NAMES = ['bare', 'basic', 'request-form', 'nginx-lua', 'nginx-cached'];

export async function measureHalfLoad(bench) {
  await installPackages();
  const candidates = [];
  for (const name of NAMES) candidates.push(await startedCandidate(bench, name));
  const saturated = [];
  for (const candidate of candidates) {
    const known = bench.results.candidates?.[candidate.name]?.requestsPerSecond;
    saturated.push(known ?? (await saturatedRate(bench, candidate)));
  }
  const requestsPerSecond = Math.floor(Math.min(...saturated) / 2);
  const seconds = Math.max(3, bench.options.seconds);
  const measured = await inRounds(candidates, bench.options, async (candidate) => {
    const said = await atRate(candidate, requestsPerSecond, seconds);
    await candidate.settle?.();
    return said;
  });
  return { requestsPerSecond, ...measured };
}

async function saturatedRate({ options }, candidate) {
  await measure(candidate, options.warmUpSeconds);
  return (await measure(candidate, options.seconds)).requestsPerSecond;
}
