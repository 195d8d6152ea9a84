// The cost of the number of tokens: with the same thousand in use, and with all in use.
import { join } from 'node:path';
import { candidateOf } from '../bench.mjs';
import { measure } from '../load.mjs';
import { inRounds } from '../rounds.mjs';
import { TokenPool } from '../token-seed.mjs';

const SCRIPT = join(import.meta.dirname, '../lua/tokens.lua');

const presenting = (gateway, name, file, order) =>
  candidateOf(gateway, { name, headers: [], script: { file: SCRIPT, arguments: [file, order] } });

/** @param sizes the numbers of tokens, the largest last */
export async function measureTokens(bench, sizes, { all = false } = {}) {
  const pool = await TokenPool.mint(sizes.at(-1));
  const gateways = new Map();
  for (const size of sizes) {
    const gateway = await bench.newGateway(`tokens_${size}`);
    await pool.store(bench.database, gateway.scopegate.name, size, 'alice');
    gateways.set(size, gateway);
  }
  const candidates = sizes.map((size) => presenting(gateways.get(size), String(size), pool.workingSet, 'in-turn'));
  const workingSet = await inRounds(candidates, bench.options);
  const found = { workingSet };
  if (all) {
    found.cold = await firstUses(bench, gateways.get(100_000), await pool.fileOf(100_000));
    const everywhere = [];
    for (const size of sizes) {
      everywhere.push(presenting(gateways.get(size), String(size), await pool.fileOf(size), 'at-random'));
    }
    found.all = await inRounds(everywhere, bench.options);
  }
  for (const gateway of gateways.values()) await bench.end(gateway);
  return found;
}

/** The first request of many tokens: they are not in memory, and everything else is warm. */
async function firstUses({ options }, gateway, file) {
  const { scopegate } = gateway;
  const missesBefore = await misses(scopegate);
  const measured = await measure(presenting(gateway, 'cold', file, 'in-turn'), options.seconds);
  return { ...measured, misses: (await misses(scopegate)) - missesBefore };
}

function misses(scopegate) {
  return scopegate.metric('token_lookups_total', 'result="miss"');
}
