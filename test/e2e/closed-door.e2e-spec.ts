import { describe, expect } from 'vitest';
import { gatewayTest as it } from '../support/gateway-test.js';
import { isLoadBalancerAvailable, startLoadBalancer, type LoadBalancerKind } from '../support/load-balancer.js';
import { request } from '../support/raw-client.js';
import { bearer } from '../support/scopegate.fixture.js';

const KINDS = (['nginx', 'haproxy'] as const satisfies readonly LoadBalancerKind[]).filter(isLoadBalancerAvailable);

describe.for(KINDS)('%s in front of the gateway, as in its guide', (kind) => {
  it('R85: a client that asks for a decision through it learns nothing of the credential of the application', async ({
    gateway,
    upstream,
  }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const service = { type: 'bearer', secret: 'of-the-service' };
    const identity = { mode: 'credential', perUser: false, service };
    const mount = { pathPrefix: `/${kind}` };
    await gateway.createApplication({ key: kind, kind: 'generic', mount, upstream: upstream.url, identity });
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    const balancer = await startLoadBalancer(kind, [gateway.port]);
    const get = (target: string): ReturnType<typeof request> =>
      request({ port: balancer.port, target, headers: [bearer(secret)] });
    try {
      await expect.poll(async () => (await get(`/${kind}/x`)).status).toBe(200);
      expect(upstream.lastRequest?.header('authorization')).toBe('Bearer of-the-service');
      for (const target of [
        `/authorize/${kind}/x`,
        `/authorize/${kind}`,
        `/%61uthorize/${kind}/x`,
        `//authorize/${kind}/x`,
        `/x/../authorize/${kind}/x`,
        `/./authorize/${kind}/x`,
        `/authorize;x/${kind}/x`,
        `http://gateway/authorize/${kind}/x`,
      ]) {
        const answer = await get(target);
        expect(answer.status, target).toBeGreaterThanOrEqual(400);
        expect(answer.raw.toString('latin1'), target).not.toContain('of-the-service');
      }
    } finally {
      await balancer.stop();
    }
  });
});
