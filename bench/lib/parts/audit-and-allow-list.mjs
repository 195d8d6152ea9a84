// The cost of the audit and of a long allow list: the same process with and without them, in turn.
import { join } from 'node:path';
import { allowListOf } from '../allow-list.mjs';
import { candidateOf } from '../bench.mjs';
import { PATH_BELOW } from '../load.mjs';
import { inRounds } from '../rounds.mjs';

const AUDIT_ON = { successes: true, failures: true, denials: true };
const AUDIT_OFF = { successes: false, failures: false, denials: false };

/** The audit of requests on and off. Without it, requests go to an application whose answers are not counted. */
export async function measureAudit(bench) {
  const gateway = await bench.gateway();
  const measured = await inRounds(
    [
      candidateWith(gateway, { name: 'on' }, { audit: AUDIT_ON }),
      candidateWith(
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
    candidateWith(gateway, { name, script }, { ipRestriction: { allowList: allowListOf(count) } });
  const measured = await inRounds([ofLength('10', 10), ofLength('10,000', 10_000)], bench.options);
  await gateway.scopegate.must('PATCH', '/settings', { ipRestriction: { allowList: allowListOf(100) } });
  return measured;
}

/** A candidate that changes the settings first. */
function candidateWith(gateway, more, settings) {
  return candidateOf(gateway, {
    ...more,
    before: async () => {
      await gateway.scopegate.must('PATCH', '/settings', settings);
      await gateway.scopegate.settle();
    },
  });
}
