// Measures candidates in turn.
import { measure } from './load.mjs';
import { summaryOf } from './statistics.mjs';

/** A warm process needs no long warm-up for another kind of request. */
const SHORT_WARM_UP_SECONDS = 2;

const warm = new Set();

/** Seconds of warm-up: all of them for a process that has not been under load yet. */
function warmUpSecondsOf({ pids }, { warmUpSeconds }) {
  const isWarm = pids.every((pid) => warm.has(pid));
  for (const pid of pids) warm.add(pid);
  return isWarm ? Math.min(SHORT_WARM_UP_SECONDS, warmUpSeconds) : warmUpSeconds;
}

/**
 * Measures candidates in turn (A B C A B C …), each after its own warm-up, and shows its progress.
 * @param candidates each with a `name`, and `warmUpSeconds` if it needs no warm-up of a process
 * @returns the summaries by name
 */
export async function inRounds(candidates, options, take = (candidate) => measure(candidate, options.seconds)) {
  const measured = new Map(candidates.map(({ name }) => [name, []]));
  for (const candidate of candidates) {
    await candidate.before?.();
    await measure(candidate, candidate.warmUpSeconds ?? warmUpSecondsOf(candidate, options));
  }
  for (let round = 1; round <= options.rounds; round += 1) {
    process.stdout.write(`  round ${round} of ${options.rounds}`);
    for (const candidate of candidates) {
      await candidate.before?.();
      const taken = await take(candidate);
      measured.get(candidate.name).push(taken);
      process.stdout.write(` · ${candidate.name} ${taken.cpuMicroseconds?.toFixed(0) ?? taken.p99Ms.toFixed(1)}`);
    }
    process.stdout.write('\n');
  }
  return Object.fromEntries([...measured].map(([name, rounds]) => [name, summaryOf(rounds)]));
}
