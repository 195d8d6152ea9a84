import { afterAll, beforeEach, test } from 'vitest';
import { startRecordingUpstream, type RecordingUpstream, type RecordingUpstreamOptions } from './recording-upstream.js';
import { startScopegateFixture, type FixtureOptions, type ScopegateFixture } from './scopegate.fixture.js';

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

/**
 * The same as constants of the file, for files in which functions outside the tests use them:
 * `const { gateway, upstream } = await shareGateway()`.
 */
export async function shareGateway({
  upstream: upstreamOptions,
  ...options
}: FixtureOptions & { readonly upstream?: RecordingUpstreamOptions } = {}): Promise<{
  readonly gateway: ScopegateFixture;
  readonly upstream: RecordingUpstream;
}> {
  const gateway = await shareServer(options);
  const upstream = await startRecordingUpstream(upstreamOptions);
  beforeEach(() => upstream.clear());
  // Hooks run in reverse order: the upstream ends before the gateway stops.
  afterAll(() => upstream.stop());
  return { gateway, upstream };
}

/** A gateway without an upstream, until the tests of the file end. */
export async function shareServer(options: FixtureOptions = {}): Promise<ScopegateFixture> {
  const server = await startScopegateFixture(options);
  afterAll(() => server.stop());
  return server;
}
