import { request, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditEvent } from '@scopegate/audit';
import { encodeEvent } from '@scopegate/audit';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AuditEventRepository } from '../../src/audit/audit-event.repository.js';
import { AuditChain } from '../../src/audit/audit-chain.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { eventOf, FIRST_EVENT_MS, storeEvents } from '../support/audit-events.js';
import type { ApiAnswer } from '../support/api.client.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import type { ScopegateFixture, TestEvent } from '../support/scopegate.fixture.js';

const DAY_MS = 86_400_000;

interface Page {
  readonly items: readonly TestEvent[];
  readonly nextCursor: string | null;
}

/** All pages of a question, with the number of them. */
async function allPages(
  server: ScopegateFixture,
  query: Readonly<Record<string, string>>,
): Promise<{ readonly ids: readonly string[]; readonly pages: number }> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let pages = 1; ; pages += 1) {
    const search: URLSearchParams = new URLSearchParams({ ...query, ...(cursor === null ? {} : { cursor }) });
    const answer: ApiAnswer<Page> = await server.admin.get(`/audit-events?${search.toString()}`);
    expect(answer.status).toBe(200);
    ids.push(...answer.body.items.map((event) => event.id));
    cursor = answer.body.nextCursor;
    if (cursor === null) return { ids, pages };
  }
}

describeOnEachDatabase('questions to the audit log', (server) => {
  const period = {
    from: new Date(FIRST_EVENT_MS).toISOString(),
    to: new Date(FIRST_EVENT_MS + 100 * DAY_MS).toISOString(),
  };
  let events: readonly AuditEvent[] = [];

  beforeAll(async () => {
    events = [
      ...Array.from({ length: 30 }, () => eventOf()),
      eventOf({ actor: 'BÖRGE', owner: null, outcome: 'failed', type: 'authentication.failed', code: 'token_unknown' }),
      eventOf({ actor: 'admin', owner: 'Börge', outcome: 'changed', type: 'token.created', application: null }),
      eventOf({ actor: 'anna', owner: 'anna', tokenId: 'tokenOfAnna2', application: 'wiki' }),
      eventOf({ clientIp: '2001:db8::1', userAgent: 'Übersicht/1.0 (100%)', path: '/a_b' }),
      eventOf({ outcome: 'denied', type: 'permission.denied', code: 'scope_insufficient', status: 403 }),
      eventOf({ door: 'guard', application: 'wiki' }),
      eventOf({ door: 'headers' }),
      eventOf({ door: 'guard' }),
    ];
    await storeEvents(server(), events);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  const idsWhere = (condition: (event: AuditEvent) => boolean): string[] =>
    events
      .filter(condition)
      .map((event) => event.id)
      .reverse();

  it.each<[string, Record<string, string>, (event: AuditEvent) => boolean]>([
    ['type', { type: 'token.created' }, (event) => event.type === 'token.created'],
    ['outcome', { outcome: 'denied' }, (event) => event.outcome === 'denied'],
    ['code', { code: 'token_unknown' }, (event) => event.code === 'token_unknown'],
    [
      'user as actor or owner, without case',
      { user: 'börge' },
      (event) => /börge/i.test(`${event.actor} ${event.owner}`),
    ],
    ['user', { user: 'ANNA' }, (event) => event.actor?.toLowerCase() === 'anna'],
    ['token', { tokenId: 'tokenOfAnna2' }, (event) => event.tokenId === 'tokenOfAnna2'],
    ['address in another spelling', { clientIp: '2001:DB8:0::1' }, (event) => event.clientIp === '2001:db8::1'],
    ['application', { application: 'wiki' }, (event) => event.application === 'wiki'],
    ['text in the user agent, without case', { q: 'übersicht' }, (event) => event.userAgent?.startsWith('Ü') === true],
    ['text with what LIKE would read otherwise', { q: 'a_b' }, (event) => event.path === '/a_b'],
    ['text with a percent sign', { q: '100%' }, (event) => event.userAgent?.includes('100%') === true],
    ['text in the description', { q: 'NIGHTLY' }, () => true],
    ['door', { door: 'guard' }, (event) => event.door === 'guard'],
    [
      'door and application',
      { door: 'guard', application: 'wiki' },
      (event) => event.application === 'wiki' && event.door === 'guard',
    ],
    [
      'several limits together',
      { user: 'anna', application: 'jira', outcome: 'denied', q: 'issue' },
      (event) => event.outcome === 'denied',
    ],
  ])('R58: events are found by %s', async (_title, query, condition) => {
    const { ids } = await allPages(server(), { ...period, ...query });
    expect(ids).toEqual(idsWhere(condition));
  });

  it('R58: limits of time include both ends, and find nothing beside them', async () => {
    const [first, last] = [events[3], events[7]];
    const between = {
      from: new Date(first?.atMs ?? 0).toISOString(),
      to: new Date(last?.atMs ?? 0).toISOString(),
    };
    const { ids } = await allPages(server(), between);
    expect(ids).toEqual(idsWhere((event) => event.atMs >= (first?.atMs ?? 0) && event.atMs <= (last?.atMs ?? 0)));
    expect((await allPages(server(), { from: between.to, to: between.from })).ids).toEqual([]);
    expect((await allPages(server(), { to: '1969-12-31T23:59:59Z' })).ids).toEqual([]);
    expect((await allPages(server(), { from: '9999-12-31T00:00:00Z' })).ids).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['of all', {}],
    ['of one limit', { application: 'jira' }],
    ['of a user', { user: 'anna' }],
    ['of several limits', { application: 'jira', user: 'anna', q: 'rest' }],
  ])('R58: pages %s follow one another without a gap and without an overlap', async (_title, query) => {
    const whole = await allPages(server(), { ...period, ...query, limit: '200' });
    for (const limit of ['1', '7', String(whole.ids.length)]) {
      const paged = await allPages(server(), { ...period, ...query, limit });
      expect(paged.ids).toEqual(whole.ids);
      expect(paged.pages).toBe(Math.ceil(whole.ids.length / Number(limit)));
    }
  });

  it('R58: failures that are still being counted are in the list with their number so far', async () => {
    const application = unique('app');
    const failures = Array.from({ length: 25 }, () =>
      eventOf({ outcome: 'failed', type: 'authentication.failed', code: 'token_unknown', application }),
    );
    const [held] = failures.slice(10);
    const chain = server().provider(AuditChain);
    await server()
      .provider(UnitOfWork)
      .run(async ({ manager }) => {
        const head = await chain.lockHead(manager, unique('chain'));
        await chain.append(manager, head, failures.slice(0, 10).map(encodeEvent), {
          held: [['key', { endsAtMs: FIRST_EVENT_MS, singles: 10, held: { ...held, count: 15 } }]],
        });
      });
    const answer = await server().admin.get<Page>(`/audit-events?application=${application}&limit=200`);
    expect(answer.body.items.map((event) => event.id)).toEqual(
      failures
        .slice(0, 11)
        .map((event) => event.id)
        .reverse(),
    );
    expect(answer.body.items.reduce((sum, event) => sum + Number((event as { count?: number }).count), 0)).toBe(25);
    const { ids } = await allPages(server(), { application, limit: '3' });
    expect(ids).toHaveLength(11);
  });

  it('R58, R63: an export is the list as JSON lines, for administrators alone', async () => {
    const query = new URLSearchParams({ ...period, format: 'ndjson' }).toString();
    const answer = await server().admin.get<string>(`/audit-events/export?${query}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toMatch(
      /^attachment; filename="scopegate-audit-\d{8}T\d{6}Z\.ndjson"$/,
    );
    const lines = answer.body
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TestEvent);
    const listed = await server().admin.get<Page>(
      `/audit-events?${new URLSearchParams({ ...period, limit: '200' }).toString()}`,
    );
    expect(lines).toEqual(listed.body.items);
    const user = await server().createUser();
    const asUser = await server().as({ user: user.username, password: user.password }).get('/audit-events/export');
    expect(asUser.status).toBe(403);
    expect((await server().as(null).get('/audit-events/export')).status).toBe(401);
    for (const wrong of ['format=xml', 'limit=5', 'cursor=x', 'from=yesterday']) {
      expect((await server().admin.get(`/audit-events/export?${wrong}`)).status).toBe(400);
    }
  });

  it('R58: an export as CSV has a header line, and nothing in it runs in a spreadsheet', async () => {
    const application = unique('app');
    await storeEvents(server(), [
      eventOf({
        application,
        userAgent: '=HYPERLINK("http://evil/")',
        path: '/a,b\n"c"',
        tokenDescription: '-1+1',
        detail: { a: 1 },
      }),
    ]);
    const answer = await server().admin.get<string>(`/audit-events/export?format=csv&application=${application}`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    const [header, ...rest] = answer.body.split('\r\n');
    expect(header).toBe(
      'id,at,count,type,outcome,upstreamRefused,code,actor,owner,tokenId,tokenDescription,tokenScope,credential,clientIp,peer,method,path,' +
        'application,status,durationMs,userAgent,requestId,detail,door',
    );
    const text = rest.join('\r\n');
    expect(text).toContain(`"'=HYPERLINK(""http://evil/"")"`);
    expect(text).toContain(`,'-1+1,`);
    expect(text).toContain(`,"/a,b\n""c""",`);
    expect(text).toContain(`,"{""a"":1}"`);
  });

  it('R58: an export is written at the pace of its reader, and ends when that one goes away', async () => {
    const application = unique('app');
    const path = `/${'x'.repeat(2_000)}`;
    await storeEvents(
      server(),
      Array.from({ length: 3_000 }, () => eventOf({ application, path })),
    );
    const reading = vi.spyOn(server().provider(AuditEventRepository), 'newest');
    const auth = `admin:${server().adminPassword}`;
    const sent = request({ port: server().port, path: `/api/v1/audit-events/export?application=${application}`, auth });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      sent.once('response', resolve).once('error', reject).end();
    });
    // Eight megabytes follow, and the client does not read them.
    let read = -1;
    while (read !== reading.mock.calls.length) {
      read = reading.mock.calls.length;
      await sleep(500);
    }
    expect(read).toBeLessThan(10);
    answer.destroy();
    await sleep(200);
    expect(reading.mock.calls.length - read).toBeLessThan(2);
    vi.restoreAllMocks();
    const whole = await server().admin.get<string>(`/audit-events/export?application=${application}`);
    expect(whole.body.trimEnd().split('\n')).toHaveLength(3_000);
  });

  it('R58: an export that fails on its way does not end like a complete one', async () => {
    const application = unique('app');
    await storeEvents(
      server(),
      Array.from({ length: 600 }, () => eventOf({ application })),
    );
    const repository = server().provider(AuditEventRepository);
    const path = `/audit-events/export?application=${application}`;
    const newest = repository.newest.bind(repository);
    let calls = 0;
    vi.spyOn(repository, 'newest').mockImplementation((...question) => {
      calls += 1;
      return calls > 1 ? Promise.reject(new Error('gone')) : newest(...question);
    });
    await expect(server().admin.get(path)).rejects.toThrow(/fetch failed|terminated/);
    vi.spyOn(repository, 'newest').mockRejectedValue(new Error('gone'));
    expect((await server().admin.get(path)).status).toBe(500);
  });

  describe('many events', () => {
    it('R58: a search that finds little looks at a bounded number of events and goes on from there', async () => {
      const application = unique('app');
      const rare = eventOf({ application, path: '/needle', atMs: FIRST_EVENT_MS - DAY_MS });
      const others = Array.from({ length: 3_000 }, (_, index) =>
        eventOf({ application, atMs: FIRST_EVENT_MS - DAY_MS + 1 + index }),
      );
      await storeEvents(server(), [rare, ...others]);
      const { ids } = await allPages(server(), { application, q: 'NEEDLE', limit: '5' });
      expect(ids).toEqual([rare.id]);
    });
  });
});
