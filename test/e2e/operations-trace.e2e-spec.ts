import { describe, expect } from 'vitest';
import { gatewayTest } from '../support/gateway-test.js';
import { bearer } from '../support/scopegate.fixture.js';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT_ID = '00f067aa0ba902b7';

let sent = 0;

const it = gatewayTest
  .extend('authorization', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.createApplication({
      key: 'app',
      kind: 'generic',
      mount: { pathPrefix: '/app' },
      upstream: upstream.url,
      anonymous: 'allow',
    });
    return bearer((await gateway.createToken({ scope: 'read-only' })).secret)[1];
  })
  /** Sends a request through the gateway. @returns what the upstream received, and what the audit has stored of it */
  .extend('send', ({ gateway, upstream, authorization }) => async (headers: Readonly<Record<string, string>>) => {
    const requestId = `trace-${(sent += 1)}`;
    const answer = await fetch(`${gateway.url}/app/things`, {
      headers: { Authorization: authorization, 'X-Request-Id': requestId, ...headers },
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
  });

describe('the trace of a request', () => {
  it('R55: continues upstream with the gateway as the parent, and the event names it', async ({ send }) => {
    const { traceParent, traceState, detail } = await send({
      traceparent: `00-${TRACE_ID}-${PARENT_ID}-00`,
      tracestate: 'vendor=value',
    });
    expect(traceParent).toMatch(new RegExp(`^00-${TRACE_ID}-[0-9a-f]{16}-00$`));
    expect(traceParent).not.toContain(PARENT_ID);
    expect(traceState).toBe('vendor=value');
    expect(detail).toEqual({ traceId: TRACE_ID });
  });

  it.for([
    ['the request has none', {}],
    ['it is not valid', { traceparent: `00-${TRACE_ID}-${'0'.repeat(16)}-01`, tracestate: 'vendor=value' }],
  ] as const)('R55: begins at the gateway where %s', async ([_case, headers], { send }) => {
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
