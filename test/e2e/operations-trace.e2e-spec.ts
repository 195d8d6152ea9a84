import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { bearer, startScopegateFixture, type ScopegateFixture } from '../support/scopegate.fixture.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';

let upstream: RecordingUpstream;
let gateway: ScopegateFixture;
let token: string;
let sent = 0;

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  gateway = await startScopegateFixture();
  await gateway.createApplication({
    key: 'app',
    kind: 'generic',
    mount: { pathPrefix: '/app' },
    upstream: upstream.url,
    anonymous: 'allow',
  });
  token = (await gateway.createToken({ scope: 'read-only' })).secret;
});

afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});

/** Sends a request through the gateway; answers what the upstream got and what the audit has of it. */
async function send(headers: Readonly<Record<string, string>>): Promise<{
  readonly traceParent: string;
  readonly traceState: string | undefined;
  readonly detail: unknown;
}> {
  const requestId = `trace-${(sent += 1)}`;
  const answer = await fetch(`${gateway.url}/app/things`, {
    headers: { [bearer(token)[0]]: bearer(token)[1], 'X-Request-Id': requestId, ...headers },
  });
  expect(answer.status).toBe(200);
  await answer.arrayBuffer();
  const received = upstream.requests.at(-1);
  expect(received?.headerValues('traceparent')).toHaveLength(1);
  const events = await gateway.events({ application: 'app' });
  return {
    traceParent: received?.header('traceparent') ?? '',
    traceState: received?.header('tracestate'),
    detail: events.find((event) => event.requestId === requestId)?.detail,
  };
}

describe('the trace of a request', () => {
  it('R55: goes on upstream with the gateway as the parent, and is told by the event', async () => {
    const { traceParent, traceState, detail } = await send({
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-00`,
      tracestate: 'vendor=value',
    });
    expect(traceParent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    expect(traceParent).not.toContain(PARENT_ID);
    expect(traceState).toBe('vendor=value');
    expect(detail).toEqual({ traceId: TRACE_ID });
  });

  it.each([
    ['there is none', {}],
    ['it is not valid', { traceparent: `00-${TRACE_ID}-${'0'.repeat(16)}-01`, tracestate: 'vendor=value' }],
  ])('R55: begins at the gateway where %s', async (_case, headers) => {
    const first = await send(headers);
    const second = await send(headers);
    for (const { traceParent, traceState, detail } of [first, second]) {
      expect(traceParent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
      expect(traceParent).not.toContain(TRACE_ID);
      expect(traceState).toBeUndefined();
      expect(detail).toBeNull();
    }
    expect(first.traceParent.slice(0, 35)).not.toBe(second.traceParent.slice(0, 35));
  });
});
