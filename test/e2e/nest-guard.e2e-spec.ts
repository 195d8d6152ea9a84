import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shareServer } from '../support/gateway-test.js';
import { InstalledExample, NEST_EXAMPLES, packNestPackage, type RunningExample } from '../support/nest-example.js';
import { bearer, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { WebSocket } from '../support/web-socket.js';

/** How long the examples keep a decision, in milliseconds. */
const TTL_MS = 300;

const scopegate = await shareServer();

const tokens = {} as Record<'readOnly' | 'readWrite' | 'narrow', TestToken>;
const examples = new Map<string, RunningExample>();
const folder = createTemporaryFolder('nest-guard');
const installed: InstalledExample[] = [];
let credential = '';

beforeAll(async () => {
  await scopegate.createGroup('services');
  await scopegate.patchPermissions({ introspect: { groups: ['services'] } });
  await scopegate.createUser({ username: 'reports-service', groups: ['services'] });
  await scopegate.createUser({ username: 'alice', displayName: 'Alice Example', email: 'alice@example.com' });
  await scopegate.createApplication({
    key: 'reports',
    kind: 'generic',
    mount: { pathPrefix: '/reports' },
    upstream: 'http://127.0.0.1:9',
    anonymous: 'allow',
    passwords: 'forward',
    readOnlyExceptions: [{ method: 'POST', path: '/query' }],
  });
  credential = (
    await scopegate.createToken({ owner: 'reports-service', scope: 'read-only', applications: ['scopegate'] })
  ).secret;
  tokens.readOnly = await scopegate.createToken({ owner: 'alice', scope: 'read-only' });
  tokens.readWrite = await scopegate.createToken({ owner: 'alice', scope: 'read-write' });
  tokens.narrow = await scopegate.createToken({ owner: 'alice', scope: 'read-only', applications: ['reports'] });

  const tarball = await packNestPackage(folder.path);
  for (const name of NEST_EXAMPLES) {
    const example = await InstalledExample.install(name, tarball);
    installed.push(example);
    examples.set(name, await example.start(environment()));
  }
}, 600_000);

afterAll(async () => {
  for (const example of examples.values()) await example.stop();
  for (const example of installed) example.remove();
  await folder.remove();
});

const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  SCOPEGATE_URL: scopegate.url,
  SCOPEGATE_CREDENTIAL: credential,
  SCOPEGATE_TTL_MS: String(TTL_MS),
  ...more,
});

function urlOf(name: string): string {
  const example = examples.get(name);
  if (example === undefined) throw new Error(`The example ${name} does not run.`);
  return example.url;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly code?: string;
    readonly detail?: string;
    readonly caller?: Readonly<Record<string, unknown>> | null;
    readonly [member: string]: unknown;
  };
}

async function send(
  url: string,
  method: string,
  path: string,
  headers: readonly (readonly [string, string])[] = [],
): Promise<Answer> {
  const answer = await fetch(`${url}${path}`, { method, headers: headers.map(([name, value]) => [name, value]) });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] };
}

describe.each(NEST_EXAMPLES)('R89: the example %s', (name) => {
  const ask = (method: string, path: string, token?: TestToken): Promise<Answer> =>
    send(urlOf(name), method, path, token === undefined ? [] : [bearer(token.secret)]);

  it('gives a handler the user of the token', async () => {
    const { status, body } = await ask('GET', '/issues', tokens.readOnly);
    expect(status).toBe(200);
    expect(body.caller).toEqual({
      username: 'alice',
      displayName: 'Alice Example',
      email: 'alice@example.com',
      groups: [],
      tokenId: tokens.readOnly.id,
      scope: 'read-only',
      expiresAt: null,
    });
  });

  it('takes a token as the password of HTTP Basic, too', async () => {
    const basic = `Basic ${Buffer.from(`alice:${tokens.readOnly.secret}`).toString('base64')}`;
    const { body } = await send(urlOf(name), 'GET', '/issues', [['Authorization', basic]]);
    expect(body.caller).toMatchObject({ username: 'alice' });
  });

  it('refuses a request without a token with the challenge of Scopegate', async () => {
    const { status, headers, body } = await ask('GET', '/issues');
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+"/);
    expect(body.code).toBe('authentication_required');
    expect(body.caller).toBeUndefined();
  });

  it('decides by the method where a route says nothing', async () => {
    expect((await ask('DELETE', '/issues/1', tokens.readOnly)).body.code).toBe('scope_insufficient');
    expect((await ask('DELETE', '/issues/1', tokens.readWrite)).body).toMatchObject({ removed: '1' });
  });

  it('decides by the scope that a route asks for, whatever its method', async () => {
    expect((await ask('POST', '/issues/search', tokens.readOnly)).status).toBe(200);
    expect((await ask('GET', '/issues/export', tokens.readOnly)).body.code).toBe('scope_insufficient');
    expect((await ask('GET', '/issues/export', tokens.readWrite)).status).toBe(200);
  });

  it('does not ask about a public route', async () => {
    expect((await ask('GET', '/health')).body).toEqual({ healthy: true, caller: null });
  });

  it('refuses a token that is limited to applications, since it belongs to none', async () => {
    expect((await ask('GET', '/issues', tokens.narrow)).status).toBe(401);
  });

  it('refuses a method that a header overrides, also where the path names another route', async () => {
    const lines = [bearer(tokens.readOnly.secret), ['X-HTTP-Method-Override', 'DELETE'] as const];
    expect((await send(urlOf(name), 'GET', '/issues', lines)).body.code).toBe('scope_insufficient');
  });

  it('refuses a revoked token as soon as ttlMs is over', async () => {
    const token = await scopegate.createToken({ owner: 'alice', scope: 'read-only' });
    expect((await ask('GET', '/issues', token)).status).toBe(200);
    await scopegate.revokeToken(token.id);
    await until(async () => (await ask('GET', '/issues', token)).status === 401);
    expect((await ask('GET', '/issues', token)).body.code).toBe('token_revoked');
  });

  it('records one event for a decision, at the door "guard"', async () => {
    const path = `/issues/${name}`;
    await ask('DELETE', path, tokens.readWrite);
    const events = await scopegate.events({ q: path });
    expect(events).toMatchObject([{ door: 'guard', method: 'DELETE', path, owner: 'alice', clientIp: '127.0.0.1' }]);
  });

  it('writes no secret', () => {
    expect(examples.get(name)?.output()).not.toContain('sg_');
  });
});

it('the package carries the license of the project', () => {
  const [example] = installed;
  const license = readFileSync(join(example?.folder ?? '', 'node_modules/@scopegate/nest/LICENSE'), 'utf8');
  expect(license).toBe(readFileSync('LICENSE', 'utf8'));
});

describe('R89: GraphQL', () => {
  const query = async (text: string, token?: TestToken): Promise<unknown> => {
    const answer = await fetch(`${urlOf('nest-12-fastify-graphql')}/graphql`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token.secret}` }),
      },
      body: JSON.stringify({ query: text }),
    });
    return answer.json();
  };

  it('a query that asks for read-only is answered with the user of the token', async () => {
    expect(await query('{ note }', tokens.readOnly)).toEqual({ data: { note: 'alice' } });
  });

  it.each([
    ['a query without a decorator', '{ plain }'],
    ['a mutation', 'mutation { write(text: "x") }'],
    ['a mutation with another name', 'mutation { note: write(text: "x") }'],
  ])('%s asks for a read-write token', async (_what, text) => {
    expect(JSON.stringify(await query(text, tokens.readOnly))).toContain('scope_insufficient');
    expect(JSON.stringify(await query(text, tokens.readWrite))).toContain('alice');
  });

  it('one query of many fields gives away none of those that are refused', async () => {
    const answer = (await query('{ note a: plain b: plain }', tokens.readOnly)) as { readonly data: unknown };
    expect(answer.data).toBeNull();
  });

  it('is refused without a token', async () => {
    const answer = await query('{ note }');
    expect(answer).toMatchObject({ data: null });
    expect(JSON.stringify(answer)).toContain('authentication_required');
  });
});

describe('R89: WebSockets', () => {
  /** Sends a message after the handshake, and gives the first answer. */
  const withWs = (token: TestToken | null) => {
    const socket = new WebSocket(urlOf('nest-12-express').replace('http', 'ws'), [], {
      headers: token === null ? {} : { Authorization: `Bearer ${token.secret}` },
    });
    const answers: { event: string; data: unknown }[] = [];
    const opened = new Promise<void>((resolve, reject) => {
      socket.on('open', resolve as never);
      socket.on('error', reject as never);
    });
    socket.on('message', (data) => void answers.push(JSON.parse(data.toString()) as (typeof answers)[number]));
    const say = async (event: string): Promise<(typeof answers)[number]> => {
      await opened;
      const count = answers.length;
      socket.send(JSON.stringify({ event, data: {} }));
      await until(() => answers.length > count);
      return answers.at(-1) as (typeof answers)[number];
    };
    return { say, close: () => socket.terminate() };
  };

  it('a message is judged by the handshake: a read-only token may only read', async () => {
    const { say, close } = withWs(tokens.readOnly);
    expect(await say('read')).toEqual({ event: 'read', data: 'alice' });
    expect(await say('write')).toMatchObject({ event: 'exception', data: { code: 'scope_insufficient' } });
    close();
    const other = withWs(tokens.readWrite);
    expect(await other.say('write')).toEqual({ event: 'written', data: 'alice' });
    other.close();
  });

  it('a client without a token gets nothing but the refusal', async () => {
    const { say, close } = withWs(null);
    expect(await say('read')).toMatchObject({ event: 'exception', data: { code: 'authentication_required' } });
    close();
  });

  it('a token that is limited to addresses is refused, since a handshake does not tell that of the client', async () => {
    const allowList = ['127.0.0.1'];
    const token = await scopegate.createToken({ owner: 'alice', scope: 'read-only', allowList });
    expect((await send(urlOf('nest-12-express'), 'GET', '/issues', [bearer(token.secret)])).status).toBe(200);
    const { say, close } = withWs(token);
    expect(await say('read')).toMatchObject({ event: 'exception', data: { status: 401, code: 'ip_not_allowed' } });
    close();
  });

  it('a message after a revocation is refused as soon as ttlMs is over, on the open connection', async () => {
    const token = await scopegate.createToken({ owner: 'alice', scope: 'read-only' });
    const { say, close } = withWs(token);
    expect(await say('read')).toMatchObject({ event: 'read' });
    await scopegate.revokeToken(token.id);
    await until(async () => (await say('read')).event === 'exception');
    close();
  });

  it('a client of Socket.IO is judged by its handshake as well', async () => {
    const socket = new WebSocket(`${urlOf('nest-11').replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, [], {
      headers: { Authorization: `Bearer ${tokens.readOnly.secret}` },
    });
    const packets: string[] = [];
    socket.on('message', (data) => void packets.push(data.toString()));
    // The packets of Engine.IO 4 and Socket.IO 5: connect, then events.
    await until(() => packets.some((packet) => packet.startsWith('0')));
    socket.send('40');
    await until(() => packets.some((packet) => packet.startsWith('40')));
    socket.send('42["read",{}]');
    await until(() => packets.some((packet) => packet.startsWith('42')));
    expect(packets.at(-1)).toBe('42["read","alice"]');
    socket.send('42["write",{}]');
    await until(() => packets.at(-1)?.includes('exception') === true);
    expect(packets.at(-1)).toContain('scope_insufficient');
    socket.terminate();
  });
});

describe('R89: an example with the rules of an application', () => {
  let example: RunningExample;

  beforeAll(async () => {
    const [, express] = installed;
    if (express === undefined) throw new Error('No example is installed.');
    example = await express.start(environment({ SCOPEGATE_APPLICATION: 'reports' }));
  });

  afterAll(() => example.stop());

  it('accepts the tokens that are limited to it', async () => {
    expect((await send(example.url, 'GET', '/issues', [bearer(tokens.narrow.secret)])).status).toBe(200);
  });

  it('lets no anonymous request and no password pass, although the gateway would', async () => {
    expect((await send(example.url, 'GET', '/issues')).status).toBe(401);
    const password = `Basic ${Buffer.from('alice:hunter2').toString('base64')}`;
    expect((await send(example.url, 'GET', '/issues', [['Authorization', password]])).status).toBe(401);
  });

  it('cannot see a body: an exception that needs it is refused', async () => {
    expect((await send(example.url, 'POST', '/query', [bearer(tokens.readOnly.secret)])).body.code).toBe('body_needed');
  });
});

describe('R89: no decision', () => {
  it.each<[string, () => Record<string, string>, RegExp]>([
    ['Scopegate is away', () => environment({ SCOPEGATE_URL: 'http://127.0.0.1:9' }), /cannot be reached/],
    ['the credential is refused', () => environment({ SCOPEGATE_CREDENTIAL: tokens.readOnly.secret }), /introspect/],
    ['the application is unknown', () => environment({ SCOPEGATE_APPLICATION: 'no-such' }), /404/],
  ])('means 503, never access, where %s', async (_what, env, line) => {
    const [, express] = installed;
    if (express === undefined) throw new Error('No example is installed.');
    const example = await express.start(env());
    try {
      const { status, body } = await send(example.url, 'GET', '/issues', [bearer(tokens.readWrite.secret)]);
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'decision_unavailable' });
      expect((await send(example.url, 'GET', '/health')).status).toBe(200);
      expect(example.output()).toMatch(line);
      expect(example.output()).not.toContain('sg_');
    } finally {
      await example.stop();
    }
  });
});
