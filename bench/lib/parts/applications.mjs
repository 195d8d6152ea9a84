// The cost of the number of applications.
import { candidateOf } from '../bench.mjs';
import { inRounds } from '../rounds.mjs';

export async function measureApplications(bench, counts) {
  const gateways = [];
  const candidates = [];
  for (const count of counts) {
    const others = Array.from({ length: count - 1 }, (_, index) => `application-${index}`);
    const gateway = await bench.newGateway(`applications_${count}`, { applications: ['bench', ...others] });
    gateways.push(gateway);
    candidates.push(candidateOf(gateway, { name: String(count) }));
  }
  const measured = await inRounds(candidates, bench.options);
  for (const gateway of gateways) await bench.end(gateway);
  return measured;
}
