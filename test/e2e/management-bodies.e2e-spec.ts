import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { authorizationOf } from '../support/api.client.js';
import { logIn, OWN_PAGE } from '../support/browser-session.client.js';
import { restoreRules, unique } from '../support/each-database.js';
import { shareServer } from '../support/gateway-test.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { bearer, type ScopegateFixture } from '../support/scopegate.fixture.js';

const MEBIBYTE = 1_048_576;
const JSON_LINE = ['Content-Type', 'application/json'] as const;
const VENDOR = '/jira/rest/de.resolution.apitokenauth/latest/user/token';

/** Far more than a body that is dropped, and less than what arrives in the time without a bound. */
const MOST_BYTES_TAKEN = 24 * MEBIBYTE;

type Line = readonly [string, string];

/** What a head alone brings: nothing of the body it announces is ever sent. */
interface HeadCase {
  readonly what: string;
  readonly method?: string;
  readonly target: string;
  readonly as: 'nobody' | 'user' | 'admin' | 'read-only';
  readonly lines?: readonly Line[];
  readonly expect: readonly [number, string];
}

const LENGTH: Line = ['Content-Length', '60000'];

const REFUSED_FROM_THE_HEAD: readonly HeadCase[] = [
  { what: 'nobody', target: '/api/v1/tokens', as: 'nobody', expect: [401, 'authentication_required'] },
  { what: 'nobody, below a mount', target: VENDOR, as: 'nobody', expect: [401, 'authentication_required'] },
  {
    what: 'nobody, with a form',
    target: '/api/v1/tokens',
    as: 'nobody',
    lines: [['Content-Type', 'text/plain'], LENGTH],
    expect: [401, 'authentication_required'],
  },
  {
    what: 'nobody, with a type that is none',
    target: '/api/v1/tokens',
    as: 'nobody',
    lines: [['Content-Type', 'nonsense'], LENGTH],
    expect: [401, 'authentication_required'],
  },
  {
    what: 'nobody, with far too much',
    target: '/api/v1/tokens',
    as: 'nobody',
    lines: [JSON_LINE, ['Content-Length', '9000000000']],
    expect: [401, 'authentication_required'],
  },
  {
    what: 'a user, where administrators may',
    target: '/api/v1/groups',
    as: 'user',
    expect: [403, 'administrator_required'],
  },
  { what: 'a read-only token', target: '/api/v1/groups', as: 'read-only', expect: [403, 'scope_insufficient'] },
  {
    what: 'a read-only token below a mount',
    method: 'PATCH',
    target: `${VENDOR}/1`,
    as: 'read-only',
    expect: [403, 'scope_insufficient'],
  },
  { what: 'a path that there is not', target: '/api/v1/nothing', as: 'admin', expect: [404, 'not_found'] },
  {
    what: 'a call of the vendor that there is not',
    target: `${VENDOR}/1/2/3`,
    as: 'admin',
    expect: [404, 'not_found'],
  },
  {
    what: 'a method that there is not',
    method: 'PUT',
    target: '/api/v1/groups',
    as: 'admin',
    expect: [405, 'method_not_allowed'],
  },
  {
    what: 'a method that is only refused',
    method: 'PATCH',
    target: '/api/v1/tokens',
    as: 'admin',
    expect: [405, 'method_not_allowed'],
  },
  {
    what: 'a form',
    target: '/api/v1/groups',
    as: 'admin',
    lines: [['Content-Type', 'application/x-www-form-urlencoded'], LENGTH],
    expect: [415, 'unsupported_media_type'],
  },
  {
    what: 'a form below a mount',
    target: VENDOR,
    as: 'admin',
    lines: [['Content-Type', 'multipart/form-data'], LENGTH],
    expect: [415, 'unsupported_media_type'],
  },
  {
    what: 'two types',
    target: '/api/v1/groups',
    as: 'admin',
    lines: [JSON_LINE, ['Content-Type', 'text/plain'], LENGTH],
    expect: [415, 'unsupported_media_type'],
  },
  { what: 'no type', target: '/api/v1/groups', as: 'admin', lines: [LENGTH], expect: [415, 'unsupported_media_type'] },
  {
    what: 'too much',
    target: '/api/v1/tokens',
    as: 'admin',
    lines: [JSON_LINE, ['Content-Length', '131073']],
    expect: [413, 'too_large'],
  },
  {
    what: 'too much below a mount',
    target: VENDOR,
    as: 'admin',
    lines: [JSON_LINE, ['Content-Length', '131073']],
    expect: [413, 'too_large'],
  },
  { what: 'an unknown parameter', target: '/api/v1/groups?x=1', as: 'admin', expect: [400, 'validation_failed'] },
  { what: 'a body for the documentation', target: '/docs', as: 'nobody', expect: [405, 'method_not_allowed'] },
  { what: 'a path of nobody', target: '/nowhere', as: 'nobody', expect: [404, 'application_not_found'] },
];

const server = await shareServer();
const split = await shareServer({ management: true });
const authorizations = new Map<ScopegateFixture, Readonly<Record<HeadCase['as'], readonly Line[]>>>();
for (const fixture of [server, split]) {
  await restoreRules(fixture);
  await fixture.createApplication({
    key: 'jira-mounted',
    kind: 'jira',
    version: '9.12.0',
    mount: { pathPrefix: '/jira' },
    upstream: 'http://127.0.0.1:9',
  });
  const user = await fixture.createUser();
  const readOnly = await fixture.createToken({ scope: 'read-only' });
  authorizations.set(fixture, {
    nobody: [],
    user: [['Authorization', authorizationOf({ user: user.username, password: user.password })]],
    admin: [['Authorization', authorizationOf({ user: 'admin', password: fixture.adminPassword })]],
    'read-only': [bearer(readOnly.secret)],
  });
}

/** The port that answers a path: its own paths are on the management port, where there is one. */
function portFor(fixture: ScopegateFixture, target: string): number {
  return /^\/(api|docs)/.test(target) ? fixture.managementPort : fixture.port;
}

function linesOf(fixture: ScopegateFixture, as: HeadCase['as']): readonly Line[] {
  return authorizations.get(fixture)?.[as] ?? [];
}

const outcome = (answer: RawAnswer): readonly [number, string] => [answer.status, answer.json<{ code: string }>().code];

describe.each([
  ['one port', () => server],
  ['two ports', () => split],
])('with %s', (_name, fixture) => {
  it.each(REFUSED_FROM_THE_HEAD)(
    'R112: $what: the head decides, and nothing of the body is waited for',
    async (row) => {
      const { method = 'POST', target, as, lines = [JSON_LINE, LENGTH], expect: expected } = row;
      const content = { port: portFor(fixture(), target), method, target };
      const headers = [...linesOf(fixture(), as), ...lines];
      expect(outcome(await request({ ...content, headers }, { timeoutMs: 30_000 }))).toEqual(expected);
      // Who waits to be asked for the body is not asked, and the connection ends.
      const asking = await request(
        { ...content, headers: [...headers, ['Expect', '100-continue']] },
        { timeoutMs: 30_000 },
      );
      expect(outcome(asking)).toEqual(expected);
      expect(asking.interim).toEqual([]);
      expect(asking.closed).toBe(true);
    },
  );

  it.each(['/api/v1/tokens', VENDOR, '/api/v1/nothing', '/health/live', '/docs/openapi.json'])(
    'R112: an endless body to %s is answered at once, and cut off',
    async (target) => {
      const method = target.startsWith('/health') || target.startsWith('/docs') ? 'GET' : 'POST';
      const attack = flood(portFor(fixture(), target), `${method} ${target}`);
      await expect.poll(() => attack.answer()).toMatch(/^HTTP\/1\.1 (?:200|401|404) /);
      // Others are answered meanwhile.
      const others = await request({
        port: portFor(fixture(), '/api/v1/me'),
        target: '/api/v1/me',
        headers: linesOf(fixture(), 'read-only'),
      });
      expect(others.status).toBe(200);
      await expect.poll(() => attack.isClosed()).toBe(true);
      expect(attack.bytesTaken()).toBeLessThan(MOST_BYTES_TAKEN);
    },
  );

  it('R112: a caller that may send a body is asked for it, and answered', async () => {
    const body = JSON.stringify({ name: unique('asked') });
    const answer = await request(
      {
        port: fixture().managementPort,
        method: 'POST',
        target: '/api/v1/groups',
        headers: [
          ...linesOf(fixture(), 'admin'),
          JSON_LINE,
          ['Content-Length', String(body.length)],
          ['Expect', '100-continue'],
        ],
      },
      { afterContinue: body },
    );
    expect(answer.interim.map(({ status }) => status)).toEqual([100]);
    expect(answer.status).toBe(201);
  });
});

describe('the limits of the routes', () => {
  interface Operation {
    readonly requestBody?: { readonly content: Readonly<Record<string, object>> };
    readonly responses: Readonly<Record<string, { readonly description: string }>>;
  }

  it('R112: are documented, and enforced from the head and from what arrives', async () => {
    const document = await request({ port: server.port, target: '/docs/openapi.json' });
    const { paths } = document.json<{ paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }>();
    const calls = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations)
        .filter(([, operation]) => operation.requestBody !== undefined)
        .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
    );
    expect(calls.length).toBeGreaterThan(12);
    const session = await logIn(server.url, { username: 'admin', password: server.adminPassword });
    const ofSession: readonly Line[] = [...Object.entries(OWN_PAGE), ['Cookie', session.cookie]];
    const limits = new Map<string, number>();
    for (const { method, path, operation } of calls) {
      const limit = Number(/at most (\d+) bytes/.exec(operation.responses['413']?.description ?? '')?.[1]);
      limits.set(`${method} ${path}`, limit);
      const content = { port: server.port, method, target: path.replace(/\{\w+\}/g, 'nothing') };
      const [type = ''] = Object.keys(operation.requestBody?.content ?? {});
      const caller = path.startsWith('/api/v1/session') ? ofSession : linesOf(server, 'admin');
      const lines: readonly Line[] = [...caller, ['Content-Type', type]];
      const announced = await request({ ...content, headers: [...lines, ['Content-Length', String(limit + 1)]] });
      expect(outcome(announced), `${method} ${path}`).toEqual([413, 'too_large']);
      const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${' '.repeat(bytes)}\r\n`;
      const chunked = { ...content, headers: [...lines, ['Transfer-Encoding', 'chunked']] as readonly Line[] };
      const tooMuch = await request({ ...chunked, body: `${chunk(limit + 1)}0\r\n\r\n` });
      expect(outcome(tooMuch), `${method} ${path}`).toEqual([413, 'too_large']);
      const fits = await request({ ...chunked, body: `${chunk(limit)}0\r\n\r\n` });
      const isJson = type.endsWith('json');
      expect(outcome(fits), `${method} ${path}`).toEqual([400, isJson ? 'request_malformed' : 'validation_failed']);
    }
    expect(limits.get('POST /api/v1/tokens')).toBe(131_072);
    expect(limits.get('PATCH /api/v1/settings')).toBe(2_097_152);
    expect(limits.get('PUT /api/v1/settings')).toBe(2_097_152);
  });

  it('R112: a body that comes more slowly than 64 bytes a second is a 408', async () => {
    const socket = connect(server.port, '127.0.0.1');
    let answer = '';
    let isClosed = false;
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => (isClosed = true));
    const [, authorization] = linesOf(server, 'admin')[0] ?? [];
    socket.write(
      `POST /api/v1/tokens HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n`,
    );
    const trickle = setInterval(() => socket.write(' '.repeat(20)), 1_000);
    await expect.poll(() => answer).toMatch(/^HTTP\/1\.1 408 .*"code":"request_timeout"/s);
    await expect.poll(() => isClosed).toBe(true);
    clearInterval(trickle);
  });
});

/** Sends a body without an end, without a credential, as fast as the server takes it. */
function flood(port: number, call: string): { answer(): string; isClosed(): boolean; bytesTaken(): number } {
  const socket: Socket = connect(port, '127.0.0.1');
  let answer = '';
  let isClosed = false;
  const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
  const pour = (): void => {
    while (!isClosed && socket.write(chunk));
  };
  socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
  socket.on('drain', pour);
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  socket.write(`${call} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
  pour();
  return {
    answer: () => answer,
    isClosed: () => isClosed,
    // What the kernel of either side holds is among it.
    bytesTaken: () => socket.bytesWritten - socket.writableLength,
  };
}
