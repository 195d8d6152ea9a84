import { expect, it } from 'vitest';
import { describeWithRedis } from '../support/external-servers.js';
import { startFaultProxy } from '../support/fault.proxy.js';
import { startScopegate } from '../support/scopegate.process.js';

describeWithRedis('a Redis that falls silent', (redis) => {
  it('R81: connections whose packets are swallowed are made anew, that of the subscriber as well', async () => {
    const proxy = await startFaultProxy(redis());
    const server = await startScopegate({ env: { REDIS_URL: proxy.through(redis().url) } });
    try {
      await expect.poll(() => proxy.openConnections).toBe(2);
      proxy.swallow();
      // Every connection that was open is given up, and those that are tried meanwhile are as silent.
      await expect.poll(() => proxy.acceptedConnections).toBeGreaterThanOrEqual(4);
      proxy.pass();
      await expect.poll(() => [proxy.openConnections, proxy.silentConnections]).toEqual([2, 0]);
    } finally {
      await server.stop();
      await proxy.stop();
    }
  });
});
