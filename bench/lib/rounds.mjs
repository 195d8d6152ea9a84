// Candidates by turns.
import { measure } from './load.mjs';
import { summaryOf } from './statistics.mjs';

/**
 * Measures candidates by turns (A B C A B C …), each after a warm-up of its own, and says how far it is.
 * @param candidates each with a `name`, and `warmUpSeconds` where another warm-up is enough
 * @returns the summaries by name
 */
export async function inRounds(candidates, options, take = (candidate) => measure(candidate, options.seconds)) {
  const measured = new Map(candidates.map(({ name }) => [name, []]));
  for (const candidate of candidates) {
    await candidate.before?.();
    await measure(candidate, candidate.warmUpSeconds ?? options.warmUpSeconds);
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
