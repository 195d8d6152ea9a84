import { DOORS, type Door } from '@scopegate/access';
import { expect, vi } from 'vitest';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { gatewayTest } from '../support/gateway-test.js';
import { askForDecision, postIntrospection } from '../support/introspection.client.js';
import { request } from '../support/raw-client.js';
import { bearer, type TestEvent } from '../support/scopegate.fixture.js';

const CLIENT = '203.0.113.7';
const PATH = '/rest/api/2/issue/A-1';

/** A request with a token, and what its answer says for its event. */
interface Asked {
  readonly secret: string;
  readonly method: string;
}

type DoorEvent = TestEvent & { readonly door: string | null };

const it = gatewayTest
  .extend('asker', { scope: 'file' }, async ({ gateway }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    const { secret } = await gateway.createToken({ scope: 'read-only' });
    return { bearer: secret };
  })
  .extend('application', { scope: 'file' }, ({ gateway, upstream }) =>
    gateway.createApplication({ key: 'jira', mount: { pathPrefix: '/jira' }, upstream: upstream.url }),
  )
  .extend('ask', { scope: 'file' }, ({ gateway, asker, application }) => {
    const { port, url } = gateway;
    const send = async (method: string, target: string, secret: string, more: [string, string][] = []) => {
      const headers = [bearer(secret), ['X-Forwarded-For', CLIENT] as const, ...more];
      return (await request({ port, method, target, headers })).header('x-request-id') ?? null;
    };
    /** Through each door; @returns the request id. */
    const doors = {
      proxy: ({ method, secret }) => send(method, `/jira${PATH}`, secret),
      request: ({ method, secret }) => send(method, `/authorize/${application}${PATH}`, secret),
      headers: ({ method, secret }) =>
        send('GET', `/authorize/${application}`, secret, [
          ['X-Original-Method', method],
          ['X-Original-URL', PATH],
        ]),
      guard: async ({ method, secret }) => {
        const asked = { application, method, target: PATH, headers: [bearer(secret)], clientIp: CLIENT };
        return (await askForDecision(url, asker, asked)).headers.get('x-request-id');
      },
      introspection: async ({ secret }) => {
        const form = new URLSearchParams({ token: secret, client_ip: CLIENT }).toString();
        const type = 'application/x-www-form-urlencoded';
        return (await postIntrospection(`${url}/introspect`, asker, type, form)).headers.get('x-request-id');
      },
    } satisfies Record<Door, (asked: Asked) => Promise<string | null>>;
    return doors;
  })
  /** The one event of each door about the same request. */
  .extend('eventsOf', { scope: 'file' }, ({ gateway, ask }) => async (asked: Asked) => {
    const found = {} as Record<Door, DoorEvent>;
    for (const door of DOORS) {
      const requestId = await ask[door](asked);
      const all = (await gateway.events({})) as readonly DoorEvent[];
      const own = all.filter((event) => event.requestId === requestId);
      expect(own, door).toHaveLength(1);
      found[door] = own[0] as DoorEvent;
    }
    return found;
  });

/** What is the same through every door. */
function sharedPart(event: DoorEvent): Partial<DoorEvent> {
  const { type, outcome, code, status, actor, owner, tokenId, tokenScope, credential, clientIp } = event;
  return { type, outcome, code, status, actor, owner, tokenId, tokenScope, credential, clientIp };
}

it('R91: an allowed request is the same event through every door, with its name', async ({ gateway, eventsOf }) => {
  const { id, secret } = await gateway.createToken({ scope: 'read-only' });
  const events = await eventsOf({ secret, method: 'GET' });
  for (const door of DOORS) {
    expect(sharedPart(events[door]), door).toEqual({
      type: 'authentication.succeeded',
      outcome: 'allowed',
      code: null,
      status: 200,
      actor: 'admin',
      owner: 'admin',
      tokenId: id,
      tokenScope: 'read-only',
      credential: 'bearer-token',
      clientIp: CLIENT,
    });
    expect(events[door].door).toBe(door);
    // A token is introspected without a request to an application.
    const subject = { application: 'jira', method: 'GET', path: PATH };
    expect(events[door]).toMatchObject(door === 'introspection' ? { application: null } : subject);
  }
});

it('R91: a refused request is the same event, with the true reason', async ({ gateway, eventsOf }) => {
  const { secret, id } = await gateway.createToken({ scope: 'read-only' });
  const { introspection: _, ...denied } = await eventsOf({ secret, method: 'DELETE' });
  for (const [door, event] of Object.entries(denied)) {
    expect(event, door).toMatchObject({
      type: 'permission.denied',
      outcome: 'denied',
      code: 'scope_insufficient',
      status: 403,
      tokenId: id,
      application: 'jira',
      method: 'DELETE',
      path: PATH,
      clientIp: CLIENT,
      door,
    });
  }
  await gateway.revokeToken(id);
  const failed = await eventsOf({ secret, method: 'GET' });
  for (const door of DOORS) {
    expect(sharedPart(failed[door]), door).toEqual({ ...sharedPart(failed.proxy), code: 'token_revoked', status: 401 });
    expect(failed[door].door).toBe(door);
  }
});

it('R91: the log is searched by door, and the management API and changes have none', async ({ gateway, eventsOf }) => {
  const { secret, id } = await gateway.createToken({ scope: 'read-only' });
  await eventsOf({ secret, method: 'GET' });
  for (const door of DOORS) {
    const found = (await gateway.events({ door, tokenId: id })) as readonly DoorEvent[];
    expect(found.map((event) => event.door)).toEqual([door]);
    const csv = await gateway.admin.get<string>(`/audit-events/export?format=csv&door=${door}&tokenId=${id}`);
    const [header = '', row = ''] = csv.body.split('\r\n');
    expect([header.split(',').at(-1), row.split(',').at(-1)]).toEqual(['door', door]);
  }
  const others = (await gateway.events({ tokenId: id })) as readonly DoorEvent[];
  expect(others.find(({ type }) => type === 'token.created')?.door).toBeNull();
  expect((await gateway.as({ bearer: secret }).get('/me')).status).toBe(200);
  const [management] = (await gateway.events({ tokenId: id })) as readonly DoorEvent[];
  expect(management).toMatchObject({ door: null, application: null });
  expect((await gateway.admin.get('/audit-events?door=window')).status).toBe(400);
  expect((await gateway.admin.post('/audit-events/verify', {})).body).toMatchObject({ intact: true });
});

it('R84: a decision about a token in memory reads no database, through every door', async ({ gateway, ask }) => {
  const { secret } = await gateway.createToken({ scope: 'read-only' });
  const read = vi.spyOn(gateway.provider(UnitOfWork), 'read');
  const judgingReads = (): number => read.mock.calls.filter(([, options]) => options?.lane === 'judging').length;
  try {
    for (const door of DOORS) await ask[door]({ secret, method: 'GET' });
    const first = judgingReads();
    expect(first).toBeGreaterThan(0);
    for (const door of DOORS) {
      await ask[door]({ secret, method: 'GET' });
      expect(judgingReads(), door).toBe(first);
    }
  } finally {
    read.mockRestore();
  }
});
