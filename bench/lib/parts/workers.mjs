// The cost of a second worker. The workers and the load share both cores, so only CPU can be compared.
import { setTimeout as wait } from 'node:timers/promises';
import { candidateOf } from '../bench.mjs';
import { BOTH_CORES } from '../processes.mjs';
import { inRounds } from '../rounds.mjs';
import { medianRatio } from '../statistics.mjs';

/** Changes reach every worker within one second. */
const CHANGES_ARRIVE_MS = 2_000;

const NOT_SUPPORTED = /SCOPEGATE_WORKERS/;

export async function measureWorkers(bench) {
  let two;
  try {
    two = await bench.newGateway('workers_2', { cores: BOTH_CORES, environment: { SCOPEGATE_WORKERS: '2' } });
  } catch (error) {
    if (!(error instanceof Error && NOT_SUPPORTED.test(error.message))) throw error;
    const skipped = error.message.trim().split('\n').at(-1);
    process.stdout.write(`  Left out, because two workers do not start: ${skipped}\n`);
    return { skipped };
  }
  const one = await bench.newGateway('workers_1', { cores: BOTH_CORES });
  await wait(CHANGES_ARRIVE_MS);
  const rounds = await inRounds(
    [candidateOf(one, { name: '1', cores: BOTH_CORES }), candidateOf(two, { name: '2', cores: BOTH_CORES })],
    bench.options,
  );
  const shares = await sharesOf(bench.database, two.scopegate);
  await bench.end(one);
  await bench.end(two);
  return {
    rounds,
    shares,
    ratio: medianRatio(rounds['2'].rounds, rounds['1'].rounds, 'cpuMicroseconds'),
    smallestShare: shares.length < 2 ? 0 : Math.min(...shares),
  };
}

/** The share of each worker in the requests. Each has its own chain in the audit. */
async function sharesOf(database, { name }) {
  const rows = await database.query(
    name,
    `SELECT SUM(count) FROM audit_events WHERE application = 'bench' AND outcome <> 'changed' GROUP BY chain`,
  );
  const counts = rows.map(([count]) => Number(count));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}
