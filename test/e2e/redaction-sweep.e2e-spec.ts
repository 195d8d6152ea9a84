import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SecretBox } from '../../src/keys/secret-box.js';
import { createApiClient, type ApiAnswer, type ApiClient } from '../support/api.client.js';
import type { HeaderLine } from '../support/http-message.js';
import { listen } from '../support/listen.js';
import { request, sendRaw, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream } from '../support/recording-upstream.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import { startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';
import { until } from '../support/until.js';

type Token = { readonly id: string; readonly secret: string };

/** A text that stands nowhere else. */
function mark(): string {
  return `M${randomBytes(10).toString('hex')}`;
}

function isJson(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** Every file below a folder, save for the keys of the server. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path).isFile() && !path.endsWith('secrets.json'));
}

/** What must stand nowhere, and how it was called. */
const secrets = new Map<string, string>();
const encryptionKey = secretCalled('the encryption key', mark() + mark());
/** No secret: what a search has to find wherever it looks, or it would find no secret either. */
const control = mark();
/** Answers that tell of others: refusals and lists. */
const answers: string[] = [];
let server: ScopegateProcess;
let upstream: RecordingUpstream;
let admin: ApiClient;
let output = '';
/** What the webhook was sent, and what it had to know for the signature alone. */
let webhook: Server;
let streams: TemporaryFolder;
const streamed: Buffer[] = [];
/** What has been seen in the journal, which gives back the room of what is stored. */
const journaled = new Set<string>();
let watch: NodeJS.Timeout;

function secretCalled(name: string, value = mark()): string {
  secrets.set(value, name);
  return value;
}

/** The user part is public; what comes after it is not, in either form. */
function basicWith(user: string, password: string): string {
  const text = base64(`${user}:${password}`);
  secrets.set(text, `Basic of ${user}`);
  return `Basic ${text}`;
}

function note(answer: ApiAnswer<unknown> | RawAnswer): void {
  answers.push('raw' in answer ? answer.raw.toString('latin1') : JSON.stringify(answer.body ?? ''));
}

beforeAll(async () => {
  const adminPassword = secretCalled('the administrator’s password');
  upstream = await startRecordingUpstream();
  webhook = createServer((received, response) => {
    streamed.push(Buffer.from(received.rawHeaders.join('\n')));
    received.on('data', (chunk: Buffer) => streamed.push(chunk));
    received.on('end', () => response.end());
  });
  const webhookPort = await listen(webhook);
  streams = createTemporaryFolder('streams');
  server = await startScopegate({
    env: {
      LOG_LEVEL: 'trace',
      SCOPEGATE_ADMIN_PASSWORD: adminPassword,
      SCOPEGATE_TOKEN_PEPPER: secretCalled('the pepper', mark() + mark()),
      SCOPEGATE_ENCRYPTION_KEY: encryptionKey,
      SCOPEGATE_AUDIT_STDOUT: 'true',
      SCOPEGATE_AUDIT_FILE: join(streams.path, 'audit.log'),
      SCOPEGATE_AUDIT_WEBHOOK: `http://127.0.0.1:${webhookPort}/${secretCalled('the address of the webhook')}`,
      SCOPEGATE_AUDIT_WEBHOOK_SECRET: secretCalled('the secret of the webhook', mark() + mark()),
    },
  });
  admin = createApiClient(server.url, { user: 'admin', password: adminPassword });
  watch = setInterval(noteJournal, 10);
  await admin.patch('/settings', { throttling: { maxFailures: 0 }, audit: { anonymous: true } });
}, 120_000);

afterAll(async () => {
  await server.stop();
  await upstream.stop();
  webhook.closeAllConnections();
  webhook.close();
  await streams.remove();
});

function noteJournal(): void {
  const folder = join(server.dataFolder, 'journal', '0');
  for (const name of readdirSync(folder).filter((candidate) => candidate.startsWith('segment'))) {
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) journaled.add(line);
  }
}

async function newToken(api: ApiClient, name: string, more: object = {}): Promise<Token> {
  const answer = await api.post<Token>('/tokens', { description: name, scope: 'read-only', ...more });
  expect(answer.status).toBe(201);
  secretCalled(name, answer.body.secret.slice(16, 56));
  return answer.body;
}

const send = async (
  target: string,
  headers: readonly HeaderLine[],
  more: { method?: string; body?: string } = {},
): Promise<void> => {
  const answer = await request({ port: server.port, target, headers, ...more });
  // What an upstream answers belongs to the one who asked.
  if (answer.header('content-type')?.includes('problem+json') === true || target.startsWith('/api/')) note(answer);
};

it('R61: requests of every kind carry secrets', async () => {
  const password = secretCalled('the password of anna');
  const fixed = secretCalled('a fixed header of an application');
  upstream.respondWith(() => ({
    headers: [
      ['Set-Cookie', `JSESSIONID=${secretCalled('a session of the upstream')}; Path=/`],
      ['Set-Cookie', `other=${secretCalled('another cookie of the upstream')}`],
    ],
  }));
  expect((await admin.post('/users', { username: 'anna', password })).status).toBe(201);
  for (const kind of ['jira', 'generic'] as const) {
    const headers = { 'X-Forwarded-User': '{username}', 'X-Key': { secret: fixed } };
    const application = { key: kind, kind, version: kind === 'jira' ? '9.12.0' : null, upstream: upstream.url };
    const made = await admin.post('/applications', {
      ...application,
      mount: { pathPrefix: `/${kind}` },
      identity: { mode: 'headers', headers },
      ...(kind === 'generic' ? { version: undefined } : {}),
      passwords: 'forward',
    });
    note(made);
    expect(made.status).toBe(201);
  }
  const dead = { key: 'dead', kind: 'generic', mount: { pathPrefix: '/dead' }, upstream: 'http://127.0.0.1:9' };
  expect((await admin.post('/applications', dead)).status).toBe(201);

  const anna = createApiClient(server.url, { user: 'anna', password });
  secrets.set(base64(`anna:${password}`), 'Basic of anna');
  const good = await newToken(anna, 'a token in use');
  const writing = await newToken(anna, 'a writing token', { scope: 'read-write' });
  const revoked = await newToken(anna, 'a revoked token');
  const expiresAt = new Date(Date.now() + 3_000).toISOString();
  const expired = await newToken(anna, 'an expired token', { expiresAt });
  expect((await anna.delete(`/tokens/${revoked.id}`)).status).toBe(204);
  const rotated = await anna.post<Token>(`/tokens/${writing.id}/rotate`, { overlap: 'PT1H' });
  secretCalled('the successor', rotated.body.secret.slice(16, 56));
  const described = { description: `by hand ${good.secret}`, scope: 'read-only' };
  const inVain = await anna.post('/tokens', described);
  expect(inVain.status).toBe(400);
  note(inVain);
  expect((await anna.patch(`/tokens/${good.id}`, { description: `was ${good.secret}` })).status).toBe(400);
  const unknown = `sg_${'a'.repeat(12)}_${secretCalled('a token nobody has', randomBytes(20).toString('hex'))}_000000`;
  await until(() => Date.now() > Date.parse(expiresAt));

  const tokens = [good.secret, writing.secret, revoked.secret, expired.secret, rotated.body.secret, unknown];
  for (const prefix of ['/jira/rest/api/2', '/jira/plugins', '/generic', '/dead', '/api/v1']) {
    for (const token of tokens) {
      await send(`${prefix}/me`, [['Authorization', `Bearer ${token}`]]);
      await send(`${prefix}/me`, [['Authorization', basicWith('anna', token)]], { method: 'DELETE' });
      await send(`${prefix}/me`, [['Authorization', basicWith('eve', token)]]);
      await send(`${prefix}/me`, [['Authorization', basicWith(token, 'x')]]);
      await send(`${prefix}/${token}/x`, [['Authorization', `bearer  ${token}`]]);
      const encoded = token.replaceAll('_', '%5F');
      for (const spelling of [
        encoded,
        encoded.replace('s', '%73'),
        encoded.replaceAll('%', '%25'),
        token.toUpperCase(),
      ]) {
        if (spelling === token.toUpperCase()) secretCalled('a token in capitals', spelling.slice(16, 56));
        await send(`${prefix}/${spelling}/x`, [['User-Agent', `curl ${spelling}`]]);
      }
      await send(`${prefix}/a;token=${token}/x?token=${token}&os_password=${token}`, [['User-Agent', `curl ${token}`]]);
    }
    const wrong = secretCalled(`a wrong password at ${prefix}`);
    const cookie = secretCalled(`a cookie at ${prefix}`);
    const session = secretCalled(`a session in the path of ${prefix}`);
    const queried = secretCalled(`a password in the query of ${prefix}`);
    const agent = secretCalled(`a credential in the agent at ${prefix}`, mark() + mark());
    await send(`${prefix}/me`, [['Authorization', basicWith('anna', wrong)]]);
    await send(`${prefix}/me`, [['Authorization', `Negotiate ${secretCalled('Negotiate', mark() + mark())}`]]);
    await send(`${prefix}/me`, [['Authorization', `Basic ${secretCalled('malformed Basic')}%%`]]);
    await send(`${prefix}/me`, [
      ['Authorization', `Bearer ${secretCalled('one of two')}`],
      ['Authorization', basicWith('anna', wrong)],
    ]);
    await send(`${prefix}/me;jsessionid=${session}`, [['Cookie', `JSESSIONID=${cookie}; x=${cookie}`]]);
    for (const parameter of ['%3Bjsessionid=', '%3bJSESSIONID%3d', ';%6Asessionid=', '%253Bjsessionid%253D']) {
      await send(`${prefix}/me${parameter}${session}`, [['User-Agent', `x${parameter}${session}`]]);
    }
    for (const hostile of ['Authorization: x', 'x Authorization: "', 'Basic ', '\\', '"', 'Cookie: a=b', 'a\tb']) {
      await send(`${prefix}/me`, [['User-Agent', hostile]]);
    }
    await send(`${prefix}/me;jsessionid=${session}`, [['Authorization', `Bearer ${good.secret}`]]);
    await send(`${prefix}/%2e%2e/me;jsessionid=${session}/../x?os_username=anna&os_password=${queried}`, []);
    await send(`${prefix}/me?os_username=anna&os_password=${queried}`, [['Referer', `/?p=${queried}`]]);
    await send(`${prefix}/me`, [
      ['User-Agent', `x Authorization: Basic ${agent}`],
      ['X-Request-Id', good.secret],
      ['Proxy-Authorization', `Basic ${agent}`],
    ]);
    await send(`${prefix}/me?%zz=${queried}`, [['Cookie', `a=${cookie}`]]);
    const form = secretCalled(`a password in a form at ${prefix}`);
    const fields = `os_username=anna&os_password=${form}&token=${good.secret}&atl_token=${form}`;
    for (const authorization of [`Bearer ${good.secret}`, `Bearer ${writing.secret}`, basicWith('anna', wrong), '']) {
      await send(
        `${prefix}/login.action`,
        [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ...(authorization === '' ? [] : [['Authorization', authorization] as const]),
        ],
        { method: 'POST', body: fields },
      );
    }
    const id = secretCalled(`an id of a request at ${prefix}`, `sg_${'b'.repeat(12)}_${mark()}`);
    await send(`${prefix}/me`, [['X-Request-Id', id]]);
    await send(`${prefix}/me`, [
      ['X-Forwarded-User', secretCalled(`a forged identity at ${prefix}`)],
      ['X-Key', secretCalled(`a forged fixed header at ${prefix}`)],
    ]);
  }
  for (const body of [
    JSON.stringify({ username: 'anna', password: good.secret }),
    JSON.stringify({ username: 'anna', password }),
    JSON.stringify({ username: good.secret, password: secretCalled('a password beside a token') }),
    `{"username":"anna","password":"${secretCalled('a password in broken JSON')}"`,
  ]) {
    await send('/jira/rest/auth/1/session', [['Content-Type', 'application/json']], { method: 'POST', body });
  }
  await send(`/generic/${control}`, [['Authorization', `Bearer ${good.secret}`]]);
  // The vendor's calls, whose answers are their own.
  const vendor = '/jira/rest/de.resolution.apitokenauth/latest/user/token';
  const made = await request({
    port: server.port,
    method: 'POST',
    target: vendor,
    headers: [
      ['Authorization', basicWith('anna', password)],
      ['Content-Type', 'application/json'],
    ],
    body: JSON.stringify({ tokenDescription: 'of the vendor' }),
  });
  const { plainTextToken } = made.json<{ plainTextToken: string }>();
  secretCalled('a token of the vendor’s call', plainTextToken.slice(16, 56));
  for (const body of [`{"tokenDescription":"was ${plainTextToken}"}`, `{"tokenScope":"${plainTextToken}"}`]) {
    await send(
      vendor,
      [
        ['Authorization', `Bearer ${plainTextToken}`],
        ['Content-Type', 'application/json'],
      ],
      {
        method: 'POST',
        body,
      },
    );
  }
  // What never becomes a request.
  const raw = secretCalled('a credential in what is no request');
  for (const bytes of [
    `GET / HTTP/1.1\r\nHost: x\r\nAuthorization Basic ${raw}\r\n\r\n`,
    `GET /jira/${raw} HTTP/9.9\r\nHost: x\r\n\r\n`,
    `GET /jira/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic ${raw}${'x'.repeat(40_000)}\r\n\r\n`,
    `POST /jira/rest/x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good.secret}\r\nTransfer-Encoding: ${raw}\r\n\r\n`,
    `GET /api/v1/%zz?${raw} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${good.secret}\r\n\r\n`,
  ]) {
    note(await sendRaw(server.port, Buffer.from(bytes, 'latin1')));
  }

  // The management API.
  const next = secretCalled('the next password of anna');
  const short = secretCalled('a password that is too short').slice(0, 11);
  secrets.set(short, 'a password that is too short');
  note(await anna.post('/me/password', { current: secretCalled('not the current password'), new: next }));
  note(await anna.post('/me/password', { current: password, new: short }));
  note(await admin.post('/users', { username: 'ben', password: short }));
  note(await admin.post('/users', { username: 'ben', password: secretCalled('beside an unknown member'), more: 1 }));
  note(await admin.post('/users', { username: 'anna', password: secretCalled('of a name that is taken') }));
  note(await admin.post('/users', { username: good.secret, password: secretCalled('of a name that is a token') }));
  note(await admin.patch('/users/anna', { password: [secretCalled('a password in a list')] }));
  note(await admin.patch('/users/anna', { password: secretCalled('a password the administrator sets') }));
  note(await admin.patch('/users/anna', { password }));
  note(await admin.get(`/audit-events?q=${good.secret}&unknown=${good.secret}`));
  note(await admin.get(`/tokens?q=${good.secret}`));
  note(await admin.post('/tokens/revoke', { ids: [good.secret] }));
  note(
    await admin.patch('/applications/jira', {
      identity: { headers: { 'X-Key': { secret: secretCalled('a new fixed header') } } },
    }),
  );
  note(
    await admin.patch('/applications/jira', {
      upstream: `http://user:${secretCalled('a password in an upstream')}@x/`,
    }),
  );
  note(
    await admin.post('/explain', {
      application: 'jira',
      method: 'GET',
      path: '/rest/x',
      peer: '192.0.2.1',
      headers: [
        ['Authorization', `Bearer ${good.secret}`],
        ['Cookie', `JSESSIONID=${secretCalled('a cookie to explain')}`],
      ],
    }),
  );
  const sent = await fetch(`${server.url}/api/v1/users`, {
    method: 'POST',
    headers: { Authorization: `Basic ${base64(`admin:${server.adminPassword}`)}`, 'Content-Type': 'application/json' },
    body: `{"username":"x","password":"${secretCalled('a password in broken JSON at the API')}`,
  });
  answers.push(await sent.text());
  note(await anna.post('/me/password', { current: password, new: next }));
  for (const list of [
    '/tokens',
    '/users',
    '/groups',
    '/applications',
    '/settings',
    '/permissions',
    '/audit-events?limit=200',
  ]) {
    note(await admin.get(list));
  }
  for (const format of ['ndjson', 'csv']) note(await admin.get(`/audit-events/export?format=${format}`));
  for (const path of ['/metrics', '/docs/openapi.json', '/health/ready']) {
    answers.push(await (await fetch(`${server.url}${path}`)).text());
  }
  secrets.set(base64(`admin:${server.adminPassword}`), 'Basic of admin');
}, 180_000);

const IDENTIFIED = ['deposits', 'service', 'header', 'signed'] as const;

/** How their upstreams get the user. */
const identities = (): Readonly<Record<string, { readonly kind: string; readonly identity: object }>> => ({
  deposits: { kind: 'jira', identity: { mode: 'credential', perUser: true } },
  service: {
    kind: 'generic',
    identity: {
      mode: 'credential',
      perUser: false,
      service: {
        'read-only': { type: 'bearer', secret: secretCalled('the service credential for reading', mark() + mark()) },
        'read-write': { type: 'basic', username: 'robot', secret: servicePassword() },
      },
      headers: { 'X-Act-For': '{username}' },
    },
  },
  header: {
    kind: 'generic',
    identity: {
      mode: 'credential',
      perUser: false,
      service: { type: 'header', header: 'X-Service-Key', secret: secretCalled('a service credential in a header') },
    },
  },
  signed: { kind: 'generic', identity: { mode: 'jwt', header: 'X-Assertion', audience: 'the-upstream' } },
});

function explained(application: string, token: string): object {
  const headers = [['Authorization', `Bearer ${token}`]];
  return { application, method: 'GET', path: '/rest/x', peer: '192.0.2.1', headers };
}

/** The private parts of the keys that sign assertions, as they would stand in a file. */
function privateKeys(): readonly string[] {
  const database = new Database(join(server.dataFolder, 'scopegate.sqlite'), { readonly: true });
  const rows = database.prepare('SELECT generation, id, sealed FROM signing_keys').all() as readonly {
    readonly generation: number;
    readonly id: string;
    readonly sealed: string;
  }[];
  database.close();
  const box = new SecretBox([{ id: 1, key: encryptionKey }]);
  return rows.map(({ generation, id, sealed }) => {
    const opened = box.open(sealed, `signing-key\n${generation}\n${id}`);
    return (JSON.parse(opened ?? '{}') as { d: string }).d;
  });
}

function servicePassword(): string {
  const password = secretCalled('the service credential for writing', mark() + mark());
  basicWith('robot', password);
  return password;
}

it('R61, R69, R71, R72: credentials of upstreams are stored, used, refused and changed', async () => {
  const password = secretCalled('the password of carla');
  expect((await admin.post('/users', { username: 'carla', password })).status).toBe(201);
  basicWith('carla', password);
  const carla = createApiClient(server.url, { user: 'carla', password });
  const tokens = [
    (await newToken(carla, 'a reading token of carla')).secret,
    (await newToken(carla, 'a writing token of carla', { scope: 'read-write' })).secret,
  ];
  let account = 'carla';
  let status = 200;
  upstream.respondWith(() => ({
    status,
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ name: account }),
  }));
  for (const [key, { kind, identity }] of Object.entries(identities())) {
    const mount = { pathPrefix: `/${key}` };
    const version = kind === 'jira' ? '9.12.0' : undefined;
    const made = await admin.post('/applications', { key, kind, version, mount, upstream: upstream.url, identity });
    note(made);
    expect(made.status, JSON.stringify(made.body)).toBe(201);
  }
  const use = async (): Promise<void> => {
    for (const key of IDENTIFIED) {
      for (const token of tokens) {
        for (const method of ['GET', 'POST']) {
          await send(`/${key}/rest/${control}?x=1`, [['Authorization', `Bearer ${token}`]], { method });
        }
        note(await admin.post('/explain', explained(key, token)));
      }
      note(await admin.post(`/applications/${key}/check`, { username: 'carla' }));
    }
  };
  const putDeposit = async (name: string, more: object = {}): Promise<number> => {
    const secret = secretCalled(name, mark() + mark());
    basicWith('carla', secret);
    const answer = await carla.put('/me/credentials/deposits', { type: 'bearer', secret, ...more });
    note(answer);
    return answer.status;
  };
  await use();
  expect(await putDeposit('a deposit')).toBe(200);
  expect(await putDeposit('a deposit with a password', { type: 'basic', username: 'carla' })).toBe(200);
  await use();
  account = 'bert';
  expect(await putDeposit('a deposit of another user')).toBe(422);
  account = 'carla';
  status = 500;
  expect(await putDeposit('a deposit that could not be tried')).toBe(502);
  status = 401;
  expect(await putDeposit('a deposit that the upstream refuses')).toBeGreaterThanOrEqual(400);
  await use();
  note(await carla.post('/me/credentials/deposits/check'));
  status = 200;
  for (const bad of ['\n', '\u0000', 'x'.repeat(5_000)]) {
    const answer = await carla.put('/me/credentials/deposits', {
      type: 'bearer',
      secret: `${secretCalled('a deposit that is none')}${bad}`,
    });
    note(answer);
    expect(answer.status).toBe(400);
  }
  expect(await putDeposit('a deposit with another member', { more: 1 })).toBe(400);
  expect(await putDeposit('a deposit of a wrong type', { type: 'digest' })).toBe(400);
  const none = { type: 'bearer', secret: secretCalled('a deposit where none is taken') };
  note(await carla.put('/me/credentials/service', none));
  note(await carla.put('/me/credentials/unknown', none));
  expect(await putDeposit('the last deposit')).toBe(200);
  await use();
  const secret = secretCalled('a new service credential', mark() + mark());
  note(
    await admin.patch('/applications/header', { identity: { service: { type: 'header', header: 'X-Key', secret } } }),
  );
  const bad = `${secretCalled('a bad service credential')}\r\n`;
  note(await admin.patch('/applications/header', { identity: { service: { type: 'bearer', secret: bad } } }));
  note(await admin.patch('/applications/header', { upstream: 'http://127.0.0.1:9' }));
  note(await admin.patch('/applications/deposits', { upstream: 'http://127.0.0.1:9' }));
  await use();
  // What the upstream got for the tokens: a search that finds none of it here would prove nothing.
  const sent = upstream.requests.map(({ raw }) => raw.toString('latin1')).join('\n');
  for (const name of ['a deposit', 'a deposit with a password', 'the service credential for reading']) {
    const [value] = [...secrets].find(([, called]) => called === name) ?? [];
    expect(sent.includes(value ?? '?') || sent.includes(base64(`carla:${value ?? '?'}`)), name).toBe(true);
  }
  const assertions = upstream.requests.flatMap((asked) => asked.headerValues('x-assertion'));
  expect(assertions.length).toBeGreaterThan(3);
  for (const assertion of assertions) {
    secretCalled('an assertion', assertion);
    secretCalled('the signature of an assertion', assertion.split('.')[2] ?? '');
  }
  for (const privatePart of privateKeys()) secretCalled('the private part of a signing key', privatePart);
  for (const list of [
    '/applications',
    ...IDENTIFIED.map((key) => `/applications/${key}`),
    '/applications/deposits/credentials',
    '/keys',
    '/presets',
    '/audit-events?limit=200',
    '/audit-events?application=deposits',
    '/audit-events/export?format=ndjson',
    '/audit-events/export?format=csv',
  ]) {
    note(await admin.get(list));
  }
  note(await carla.get('/me/credentials'));
  for (const path of ['/metrics', '/.well-known/jwks.json']) {
    answers.push(await (await fetch(`${server.url}${path}`)).text());
  }
  note(await carla.delete('/me/credentials/deposits'));
  note(await admin.delete('/applications/signed'));
}, 180_000);

it('R61: none of them is in a refusal, a list, an export or a figure', () => {
  expect(answers.length).toBeGreaterThan(150);
  expect(answers.filter((answer) => answer.includes(control)).length).toBeGreaterThan(2);
  const found = [...secrets].filter(([secret]) => answers.some((answer) => answer.includes(secret)));
  expect(found.map(([, name]) => name)).toEqual([]);
});

it('R61: none of them is in any byte of the journal, the database or the log', async () => {
  const looked: string[] = [];
  const holding: string[] = [];
  const look = (when: string): readonly string[] =>
    filesBelow(server.dataFolder).flatMap((path) => {
      const bytes = readFileSync(path);
      looked.push(path);
      if (bytes.includes(control)) holding.push(path);
      return [...secrets].filter(([secret]) => bytes.includes(secret)).map(([, name]) => `${name} in ${path} ${when}`);
    });
  // While it runs, with what SQLite has not moved into the file yet, and as a crash leaves it.
  expect(look('while it runs')).toEqual([]);
  clearInterval(watch);
  await server.kill9();
  expect(look('after its end')).toEqual([]);
  expect(journaled.size).toBeGreaterThan(100);
  const lines = [...journaled].join('\n');
  expect(lines).toContain(control);
  expect([...secrets].filter(([secret]) => lines.includes(secret)).map(([, name]) => name)).toEqual([]);
  expect(looked.some((path) => path.endsWith('scopegate.sqlite'))).toBe(true);
  expect(holding.some((path) => /scopegate\.sqlite(-wal)?$/.test(path))).toBe(true);
  expect(looked.some((path) => /journal.*segment-\d+\.log$/.test(path))).toBe(true);
  output = server.output();
  expect(output).toContain(control);
  // Every line is JSON, whatever was sent. Only the line with the first password is not, and it is written before any request.
  const noJson = output
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Scopegate is ready at ') && !isJson(line));
  expect(noJson).toEqual([]);
  expect([...secrets].filter(([secret]) => output.includes(secret)).map(([, name]) => name)).toEqual([]);
});

it('R61: none of them is in any byte of what is streamed out', () => {
  const file = readFileSync(join(streams.path, 'audit.log'));
  const sent = Buffer.concat(streamed);
  expect([sent.includes(control), file.includes(control)]).toEqual([true, true]);
  const found = [...secrets].filter(([secret]) => file.includes(secret) || sent.includes(secret));
  expect(found.map(([, name]) => name)).toEqual([]);
});

it('R61: says what it leaves out', () => {
  const events = answers.join('\n');
  expect(events).toContain('[redacted]');
  expect(events).toContain(';jsessionid=[redacted]');
});
