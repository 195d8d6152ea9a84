// The gateway on SQLite, which is the default: the database works in the gateway's own process.
import { candidateOf } from '../bench.mjs';
import { inRounds } from '../rounds.mjs';
import { SQLITE } from '../sqlite.mjs';
import { startedCandidate } from './candidates.mjs';

/** Everything on, on SQLite, by turns with the bare proxy. */
export async function measureEmbedded(bench) {
  const bare = await startedCandidate(bench, 'bare');
  const gateway = await bench.newGateway('embedded', { database: SQLITE });
  const measured = await inRounds([bare, candidateOf(gateway, { name: 'sqlite' })], bench.options);
  await bench.end(gateway);
  return measured;
}
