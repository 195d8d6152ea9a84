import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { shareGateway } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { basic, bearer, type TestEvent } from '../support/scopegate.fixture.js';

interface PathCase {
  readonly id: string;
  readonly why: string;
  /** As it stands on the request line. */
  readonly target: string;
  readonly context?: string;
  readonly kind?: string;
  readonly expected_on: string;
  readonly canonical?: string;
  readonly expected_off: 'reject' | { readonly ban: boolean; readonly token: boolean };
  readonly also_ok?: readonly string[];
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../corpora/paths.json'), 'utf8')) as {
  readonly cases: readonly PathCase[];
};

interface EventPage {
  readonly items: readonly TestEvent[];
  readonly nextCursor: string | null;
}

/** What the corpus calls REST in one word or another: where passwords are stopped. */
const BANNED: ReadonlySet<string> = new Set(['rest', 'rest-session', 'remote-api', 'rpc-other']);

/** Where tokens work. */
const FOR_TOKENS: ReadonlySet<string> = new Set(['rest', 'rest-session']);

const PASSWORD = basic('alice', 'a password of the product');

let sent = 0;
/** What was answered, by request id: each has to be in the audit once. */
const answered = new Map<string, { readonly id: string; readonly status: number; readonly hasToken: boolean }>();

const { gateway, upstream } = await shareGateway();
await gateway.patchSettings({
  throttling: { maxFailures: 0 },
  audit: { anonymous: true },
  // Each request comes from an address of its own: failures that are alike would be counted in one event.
  reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] },
});
for (const kind of ['jira', 'confluence', 'bitbucket', 'generic'] as const) {
  const open = { anonymous: 'allow', passwords: 'forward' } as const;
  await gateway.createApplication({ key: kind, kind, ...open, mount: { host: kind }, upstream: upstream.url });
  await gateway.createApplication({
    key: `${kind}-below`,
    kind,
    ...open,
    mount: { host: `${kind}.below`, pathPrefix: '/jira' },
    upstream: `${upstream.url}/jira`,
  });
}
const readOnly = (await gateway.createToken({ scope: 'read-only' })).secret;
const readWrite = (await gateway.createToken({ scope: 'read-write' })).secret;

async function send(one: PathCase, credential: readonly (readonly [string, string])[]): Promise<RawAnswer> {
  const kind = one.kind ?? 'jira';
  const requestId = `path-${(sent += 1)}`;
  const host = one.context === undefined ? kind : `${kind}.below`;
  const answer = await request(
    {
      port: gateway.port,
      // The absolute form is for the host of its target (R67): that of the application, so that the path is judged.
      target: one.target.replace(/^(https?:\/\/)[^/?]*/i, `$1${host}`),
      headers: [
        ['Host', host],
        ['X-Request-Id', requestId],
        ['X-Forwarded-For', `10.0.${sent >> 8}.${sent & 0xff}`],
        ...credential,
      ],
    },
    { closeWaitMs: 0 },
  );
  const hasToken = credential.some(([, value]) => value.startsWith('Bearer '));
  if (answer.status !== 404) answered.set(requestId, { id: one.id, status: answer.status, hasToken });
  return answer;
}

/** The target below the mount as it came, whatever form it was sent in. */
function rawTarget({ target }: PathCase): string {
  return target.replace(/^https?:\/\/[^/?]*/i, '');
}

function queryOf({ target }: PathCase): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : target.slice(at);
}

/** Outside the mount of its host there is no application. */
function isOutside({ context, target }: PathCase): boolean {
  return context !== undefined && !target.startsWith(`${context}/`);
}

function expectNothingForwarded(answer: RawAnswer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.header('content-type')).toBe('application/problem+json');
  expect(answer.headerValues('set-cookie')).toEqual([]);
  expect(upstream.bytesReceived).toBe(0);
}

function expectForwarded(answer: RawAnswer, target: string): void {
  expect(answer.status).toBe(200);
  expect(upstream.requests.map((recorded) => recorded.target)).toEqual([target]);
}

/** The session endpoint is answered by the gateway (R04). */
function expectAnsweredHere(answer: RawAnswer): void {
  expect(answer.status).toBe(200);
  expect(answer.json<{ readonly name: string }>().name).not.toBe('');
  expect(upstream.bytesReceived).toBe(0);
}

/** Judges an answer by the strict class that it fits. */
function expectStrict(
  one: PathCase,
  answer: RawAnswer,
  refuses: (pathClass: string) => boolean,
  canonicalOf: (one: PathCase) => string | undefined,
): void {
  const accepted = [one.expected_on, ...(one.also_ok ?? [])];
  const target = upstream.lastRequest?.target;
  if (answer.status === 400) {
    expect(accepted).toContain('reject');
    expectNothingForwarded(answer, 400);
  } else if (answer.status === 401) {
    expect(accepted.some((pathClass) => pathClass !== 'reject' && refuses(pathClass))).toBe(true);
    expectNothingForwarded(answer, 401);
  } else {
    expect(accepted.some((pathClass) => pathClass !== 'reject' && !refuses(pathClass))).toBe(true);
    const canonical = canonicalOf(one);
    expectForwarded(answer, canonical === undefined ? (target ?? '') : canonical + queryOf(one));
  }
}

const canonicalOf = (one: PathCase): string | undefined => one.canonical;

/** Without the protection, by what the corpus says of the switch being off. */
function expectLenient(one: PathCase, answer: RawAnswer, stopsAtBan: boolean): void {
  // A backslash is no URI syntax at all, so the form of the request is refused before its path is read (raw-http.json).
  if (one.expected_off === 'reject' || one.target.includes('\\')) expectNothingForwarded(answer, 400);
  else if (stopsAtBan && one.expected_off.ban) expectNothingForwarded(answer, 401);
  else expectForwarded(answer, rawTarget(one));
}

describe.each<[string, { readonly enabled: boolean; readonly preventPathTraversal?: boolean }]>([
  ['passwords are enabled', { enabled: true }],
  ['passwords are disabled', { enabled: false, preventPathTraversal: false }],
  ['passwords are disabled and path traversal is prevented', { enabled: false, preventPathTraversal: true }],
])('paths while %s', (_name, passwords) => {
  const isProtected = passwords.preventPathTraversal === true;

  beforeAll(() => gateway.patchSettings({ passwords }));

  it.each(corpus.cases)('R48: $id with a token: $target ($why)', async (one) => {
    for (const secret of [readOnly, readWrite]) {
      upstream.clear();
      const answer = await send(one, [bearer(secret)]);
      if (isOutside(one)) expectNothingForwarded(answer, 404);
      else if (one.expected_on === 'rest-session') expectAnsweredHere(answer);
      else expectStrict(one, answer, (pathClass) => !FOR_TOKENS.has(pathClass), canonicalOf);
    }
  });

  it.each(corpus.cases)('R46: $id with a password: $target ($why)', async (one) => {
    const answer = await send(one, [PASSWORD]);
    if (isOutside(one)) expectNothingForwarded(answer, 404);
    else if (isProtected) expectStrict(one, answer, (pathClass) => BANNED.has(pathClass), canonicalOf);
    else expectLenient(one, answer, !passwords.enabled);
  });

  it.each(corpus.cases)('R46: $id without a credential: $target ($why)', async (one) => {
    for (const lines of [[], [['Cookie', 'JSESSIONID=1']]] as const) {
      upstream.clear();
      const answer = await send(one, lines);
      if (isOutside(one)) expectNothingForwarded(answer, 404);
      else if (isProtected) expectStrict(one, answer, () => false, canonicalOf);
      else expectLenient(one, answer, false);
    }
  });
});

describe('the path that is forwarded', () => {
  beforeAll(() => gateway.patchSettings({ passwords: { enabled: true } }));

  function generic(target: string, secret = readOnly): Promise<RawAnswer> {
    return request({ port: gateway.port, target, headers: [['Host', 'generic'], bearer(secret)] });
  }

  it('R48: goes behind the path of the upstream, the query untouched', async () => {
    for (const [target, forwarded] of [
      ['/jira', '/jira'],
      ['/jira/', '/jira/'],
      ['/jira/?x=1', '/jira/?x=1'],
      ['/jira?x=1', '/jira?x=1'],
      ['/jira/rest/api?p=100%&q=a%2Fb%zz&q=/../x;y=?&&=', '/jira/rest/api?p=100%&q=a%2Fb%zz&q=/../x;y=?&&='],
      ['/jira/rest/a?', '/jira/rest/a?'],
    ]) {
      upstream.clear();
      const headers = [['Host', 'generic.below'] as const, bearer(readOnly)];
      expect((await request({ port: gateway.port, target: target ?? '', headers })).status).toBe(200);
      expect(upstream.lastRequest?.target).toBe(forwarded);
    }
  });

  it('R113: the mount itself gets the own path of the upstream, without an added slash', async () => {
    for (const [key, path] of [
      ['graphql', '/graphql'],
      ['root', ''],
      ['slash', '/app/'],
    ] as const) {
      await gateway.createApplication({
        key,
        kind: 'generic',
        mount: { pathPrefix: `/${key}` },
        upstream: `${upstream.url}${path}`,
        readOnlyExceptions: [{ method: 'POST', path: '/' }],
      });
    }
    for (const [target, forwarded] of [
      ['/graphql', '/graphql'],
      ['/graphql?query={me}', '/graphql?query={me}'],
      ['/graphql/', '/graphql/'],
      ['/graphql//', '/graphql/'],
      ['/graphql/x', null],
      ['/root', '/'],
      ['/root?', '/?'],
      ['/root/', '/'],
      ['/slash', '/app/'],
      ['/slash/', '/app/'],
    ] as const) {
      upstream.clear();
      const answer = await request(
        {
          port: gateway.port,
          method: 'POST',
          target,
          headers: [['Content-Length', '2'], bearer(readOnly)],
          body: '{}',
        },
        { closeWaitMs: 0 },
      );
      expect([target, answer.status]).toEqual([target, forwarded === null ? 403 : 200]);
      expect(upstream.requests.map((received) => received.target)).toEqual(forwarded === null ? [] : [forwarded]);
    }
    for (const target of ['/graphql%2F', '/graphql;x', '/graphqlx']) {
      upstream.clear();
      expect((await request({ port: gateway.port, target, headers: [bearer(readOnly)] })).status).toBe(404);
    }
  });

  it('R113: explain judges the mount itself as /, as the gateway does', async () => {
    for (const [path, decision] of [
      ['/', 'allow'],
      ['/?query={me}', 'allow'],
      ['/x', 'deny'],
    ] as const) {
      const asked = { application: 'graphql', method: 'POST', path, peer: '127.0.0.1', headers: [bearer(readOnly)] };
      const { body } = await gateway.admin.post<{ readonly decision: string }>('/explain', asked);
      expect([path, body.decision]).toEqual([path, decision]);
    }
  });

  it('R48: a generic application gets encoded slashes byte for byte, and nothing that climbs with them', async () => {
    expect((await generic('/packages/%40scope%2fname')).status).toBe(200);
    expect(upstream.lastRequest?.target).toBe('/packages/%40scope%2fname');
    upstream.clear();
    for (const target of ['/a/..%2fb', '/a/%2e%2e%2fb', '/a%2f..%2fb', '/a/%252e%252e%252fb', '/a/..%5cb']) {
      expect((await generic(target)).status, target).toBe(400);
    }
    await gateway.admin.patch('/applications/generic', { paths: 'tomcat' });
    expect((await generic('/packages/%40scope%2fname')).status).toBe(400);
    expect(upstream.bytesReceived).toBe(0);
    await gateway.admin.patch('/applications/generic', { encodedSlashes: 'allow' });
    expect((await generic('/packages/%40scope%2fname')).status).toBe(200);
  });

  it('R46: no path leads from a mount to another application or to the management API', async () => {
    for (const target of [
      '/jira/../api/v1/me',
      '/jira/%2e%2e/api/v1/me',
      '/jira/..;/api/v1/me',
      '/jira/..\\api/v1/me',
    ]) {
      upstream.clear();
      for (const lines of [[bearer(readWrite)], [PASSWORD], []]) {
        const answer = await request({ port: gateway.port, target, headers: [['Host', 'jira.below'], ...lines] });
        expect(answer.text()).not.toContain('administrator');
      }
    }
  });

  it('R06: the session endpoint is an exception under its own names alone', async () => {
    const post = (target: string, secret: string): Promise<RawAnswer> =>
      request({ port: gateway.port, method: 'POST', target, headers: [['Host', 'jira'], bearer(secret)] });
    expect((await post('/rest/auth/1/session', readOnly)).status).toBe(200);
    upstream.clear();
    for (const path of [
      '/rest/auth/1/session/x',
      '/rest/auth/1/session.xml',
      '/rest/auth/2/session',
      '/rest/auth/1/Session',
      '/rest/auth/1/websudo',
    ]) {
      expect((await post(path, readOnly)).status, path).toBe(403);
    }
    for (const path of ['/rest/auth/1/session/../x', '/rest/auth/1/session;x', '/rest/auth/1/session%2f']) {
      expect((await post(path, readOnly)).status, path).toBe(400);
    }
    for (const method of ['DELETE', 'PUT', 'PATCH']) {
      const headers = [['Host', 'jira'] as const, bearer(readOnly)];
      const answer = await request({ port: gateway.port, method, target: '/rest/auth/1/session', headers });
      expect(answer.status, method).toBe(403);
    }
    expect(upstream.bytesReceived).toBe(0);
  });
});

it('R55: every one of these requests has exactly one event, with the status that was sent', async () => {
  const events = new Map<string, TestEvent[]>();
  await gateway.events({});
  for (let cursor: string | null = ''; cursor !== null;) {
    const query: string = cursor === '' ? 'limit=200' : `limit=200&cursor=${encodeURIComponent(cursor)}`;
    const { body }: { body: EventPage } = await gateway.admin.get<EventPage>(`/audit-events?${query}`);
    for (const event of body.items) {
      if (event.requestId?.startsWith('path-') === true) {
        events.set(event.requestId, [...(events.get(event.requestId) ?? []), event]);
      }
    }
    cursor = body.nextCursor;
  }
  for (const [requestId, { id, status, hasToken }] of answered) {
    const forwarded = hasToken ? 'authentication.succeeded' : 'authentication.passed';
    const type = status === 200 ? forwarded : 'authentication.failed';
    expect(
      events.get(requestId)?.map((event) => [event.status, event.type]),
      `${id} ${status}`,
    ).toEqual([[status, type]]);
  }
  expect(answered.size).toBeGreaterThan(corpus.cases.length * 3);
});
