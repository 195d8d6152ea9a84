// What a setting costs: the same process with it and without it, by turns.
import { join } from 'node:path';
import { allowListOf } from '../allow-list.mjs';
import { candidateOf } from '../bench.mjs';
import { PATH_BELOW } from '../load.mjs';
import { inRounds } from '../rounds.mjs';

const AUDIT_ON = { successes: true, failures: true, denials: true };
const AUDIT_OFF = { successes: false, failures: false, denials: false };

/** The audit of requests on and off. What is sent without it goes to an application whose answers nobody counts. */
export async function measureAudit(bench) {
  const gateway = await bench.gateway();
  const measured = await inRounds(
    [
      switched(gateway, { name: 'on' }, { audit: AUDIT_ON }),
      switched(
        gateway,
        { name: 'off', url: `${gateway.scopegate.url}/unaudited${PATH_BELOW}`, ledger: undefined },
        { audit: AUDIT_OFF },
      ),
    ],
    bench.options,
  );
  await gateway.scopegate.must('PATCH', '/settings', { audit: AUDIT_ON });
  return measured;
}

/** A short and a long allow list; the requests come from many addresses. */
export async function measureAllowList(bench) {
  const gateway = await bench.gateway();
  const script = { file: join(import.meta.dirname, '../lua/addresses.lua'), arguments: [] };
  const ofLength = (name, count) =>
    switched(gateway, { name, script }, { ipRestriction: { allowList: allowListOf(count) } });
  const measured = await inRounds([ofLength('10', 10), ofLength('10,000', 10_000)], bench.options);
  await gateway.scopegate.must('PATCH', '/settings', { ipRestriction: { allowList: allowListOf(100) } });
  return measured;
}

/** A candidate that changes the settings first. */
function switched(gateway, more, settings) {
  return candidateOf(gateway, {
    ...more,
    before: async () => {
      await gateway.scopegate.must('PATCH', '/settings', settings);
      await gateway.scopegate.settle();
    },
  });
}
