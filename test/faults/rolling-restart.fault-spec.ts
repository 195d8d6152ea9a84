import { expect, it } from 'vitest';
import { describeWithMariaDb } from '../support/external-servers.js';
import { isLoadBalancerAvailable } from '../support/load-balancer.js';
import { restartInTurn } from '../support/rolling-restart.js';

/** Of each of two nodes; fewer where everything is run, since each takes some twenty seconds. */
const RESTARTS = process.env['CI'] === undefined ? 5 : 1;

describeWithMariaDb('rolling restarts of two nodes', (mariaDb) => {
  for (const kind of ['haproxy', 'nginx'] as const) {
    it.runIf(isLoadBalancerAvailable(kind))(
      `R79: ${2 * RESTARTS} behind ${kind} lose no request, and double none`,
      async () => {
        const { answered, ...wrong } = await restartInTurn(kind, await mariaDb().createDatabase(), RESTARTS);
        process.stdout.write(`rolling restarts behind ${kind}: ${answered} answered, ${JSON.stringify(wrong)}\n`);
        expect(wrong).toEqual({ lost: [], missing: 0, doubled: 0, unrecorded: 0 });
        expect(answered).toBeGreaterThan(500);
      },
      600_000,
    );
  }
});
