// The gateway on SQLite, the default: the database works in the gateway's process.
import { candidateOf } from '../bench.mjs';
import { inRounds } from '../rounds.mjs';
import { SQLITE } from '../sqlite.mjs';
import { startedCandidate } from './candidates.mjs';

/** Everything on, on SQLite, in turn with the bare proxy. */
export async function measureEmbedded(bench) {
  const bare = await startedCandidate(bench, 'bare');
  const gateway = await bench.newGateway('embedded', { database: SQLITE });
  const measured = await inRounds([bare, candidateOf(gateway, { name: 'sqlite' })], bench.options);
  await bench.end(gateway);
  return measured;
}
