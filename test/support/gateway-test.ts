import { test } from 'vitest';
import { startRecordingUpstream } from './recording-upstream.js';
import { startScopegateFixture, type FixtureOptions } from './scopegate.fixture.js';

/**
 * `it` for the tests of a file that share one gateway and one upstream. A file adds what its tests have in common by
 * `gatewayTest.extend(…)`: applications, users, tokens, and a function that sends a request. The upstream has received
 * nothing when a test begins.
 */
export const gatewayTest = test
  .extend('gatewayOptions', { scope: 'file' }, (): FixtureOptions => ({}))
  .extend('gateway', { scope: 'file' }, async ({ gatewayOptions }, { onCleanup }) => {
    const gateway = await startScopegateFixture(gatewayOptions);
    onCleanup(() => gateway.stop());
    return gateway;
  })
  // After the gateway, so that it ends before the gateway stops: a connection may still be open.
  .extend('upstream', { scope: 'file' }, async ({ gateway: _gateway }, { onCleanup }) => {
    const upstream = await startRecordingUpstream();
    onCleanup(() => upstream.stop());
    return upstream;
  })
  .extend('emptyUpstream', { auto: true }, ({ upstream }) => upstream.clear());
