import { randomBytes } from 'node:crypto';
import { describe, expect } from 'vitest';
import { deposit, depositOf, tryDeposit } from '../support/deposits.js';
import { expectProblem } from '../support/expect-problem.js';
import { gatewayTest } from '../support/gateway-test.js';
import type { HeaderLine } from '../support/http-message.js';
import { request, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordingUpstream, type Respond } from '../support/recording-upstream.js';
import { basic, bearer, type TestUser } from '../support/scopegate.fixture.js';
import { until } from '../support/until.js';

const WHO_AM_I = '/rest/api/2/myself';
const REST = '/app/rest/x';

/** The users of the upstream by their secrets. */
const ACCOUNTS = new Map<string, string>();

function newSecret(account: string): string {
  const secret = `pat-${randomBytes(20).toString('hex')}`;
  ACCOUNTS.set(secret, account);
  return secret;
}

/** As Jira does: the user of a personal access token, or a refusal. */
const answerAsJira: Respond = (asked) => {
  const account = ACCOUNTS.get(/^Bearer (.+)$/.exec(asked.header('authorization') ?? '')?.[1] ?? '');
  const headers: HeaderLine[] = [
    ['Content-Type', 'application/json'],
    ['X-AUSERNAME', account ?? 'anonymous'],
  ];
  if (asked.target.endsWith(WHO_AM_I) && account === undefined) return { status: 401, headers, body: '{}' };
  return { status: 200, headers, body: JSON.stringify({ name: account ?? null }) };
};

async function startThief(): Promise<RecordingUpstream> {
  return startRecordingUpstream({ respond: answerAsJira });
}

const it = gatewayTest
  .extend('users', { scope: 'file' }, async ({ gateway }) => {
    await gateway.patchSettings({ throttling: { maxFailures: 0 } });
    const [alice, bob] = [
      await gateway.createUser({ username: 'alice' }),
      await gateway.createUser({ username: 'bob' }),
    ];
    const [reader, writer] = [
      await gateway.createToken({ owner: 'alice', scope: 'read-only' }),
      await gateway.createToken({ owner: 'alice', scope: 'read-write' }),
    ];
    return { alice, bob, reader, writer };
  })
  .extend('thief', { scope: 'file' }, async ({ gateway: _gateway }, { onCleanup }) => {
    const thief = await startThief();
    onCleanup(() => thief.stop());
    return thief;
  })
  /** An application that takes deposits, at /app, for one test. */
  .extend('application', { auto: true }, async ({ gateway, upstream, thief, users: _users }, { onCleanup }) => {
    thief.clear();
    upstream.respondWith(answerAsJira);
    const create = (more: object = {}): Promise<string> =>
      gateway.createApplication({
        key: 'app',
        mount: { pathPrefix: '/app' },
        upstream: upstream.url,
        identity: { mode: 'credential', perUser: true },
        ...more,
      });
    await create();
    onCleanup(async () => void (await gateway.admin.delete('/applications/app')));
    return { create };
  })
  .extend('secret', async ({ gateway, upstream, users, application: _application }) => {
    const secret = newSecret('alice');
    await deposit(gateway, users.alice, 'app', secret);
    upstream.clear();
    upstream.respondWith(answerAsJira);
    return secret;
  })
  .extend(
    'send',
    ({ gateway }) =>
      (headers: readonly HeaderLine[], target = REST, method = 'GET'): Promise<RawAnswer> =>
        request({ port: gateway.port, method, target, headers: [['Host', 'gateway'], ...headers] }),
  )
  .extend(
    'as',
    ({ gateway }) =>
      ({ username, password }: TestUser) =>
        gateway.as({ user: username, password }),
  );

function received({ requests }: RecordingUpstream): string {
  return requests.map(({ raw }) => raw.toString('latin1')).join('\n');
}

describe('what a client sends beside its token', () => {
  it('R68: no other credential and no identity reaches the upstream', async ({ upstream, users, secret, send }) => {
    const foreign = newSecret('bob');
    const forged: readonly HeaderLine[] = [
      ['X-Forwarded-User', 'bob'],
      ['X_Forwarded_User', 'bob'],
      ['Authorization_', `Bearer ${foreign}`],
      ['Proxy-Authorization', `Bearer ${foreign}`],
      ['Cookie', `JSESSIONID=${foreign}`],
    ];
    for (const line of forged) {
      upstream.clear();
      upstream.respondWith(answerAsJira);
      expect((await send([bearer(users.reader.secret), line])).status, line[0]).toBe(200);
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual([`Bearer ${secret}`]);
      if (line[0] !== 'Authorization_') expect(received(upstream), line[0]).not.toContain(line[1]);
    }
  });

  it('R67: a second credential in a line of its own is refused', async ({ upstream, users, secret: _secret, send }) => {
    const foreign = newSecret('bob');
    const answer = await send([bearer(users.reader.secret), ['Authorization', `Bearer ${foreign}`]]);
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([400, 'credential_ambiguous']);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R70: a request without a token never gets a deposit', async ({ gateway, upstream, users, secret, send }) => {
    const own = newSecret('bob');
    for (const headers of [
      [],
      [['Cookie', 'JSESSIONID=abc']],
      [basic('alice', 'a password of Jira')],
      [['Authorization', `Bearer ${own}`]],
      [['X-Forwarded-User', 'alice']],
      [basic(users.alice.username, users.alice.password)],
    ] as readonly (readonly HeaderLine[])[]) {
      await send(headers);
      await send(headers, REST, 'OPTIONS');
    }
    expect(received(upstream)).not.toContain(secret);
    const tokenOfBob = await gateway.createToken({ owner: 'bob', scope: 'read-write' });
    upstream.clear();
    for (const headers of [[bearer(tokenOfBob.secret)], [basic('bob', tokenOfBob.secret)]]) {
      expect((await send(headers)).status).toBe(403);
    }
    expect((await send([basic('alice', tokenOfBob.secret)])).status).toBe(401);
    expect(upstream.bytesReceived).toBe(0);
  });

  it('R68: TRACE, which would show the lines of the request, is refused', async ({
    upstream,
    users,
    secret: _secret,
    send,
  }) => {
    expect((await send([bearer(users.writer.secret)], REST, 'TRACE')).status).toBe(405);
    expect(upstream.bytesReceived).toBe(0);
  });
});

describe('the deposits of other users', () => {
  it('R69: are seen and removed by administrators alone, and never read', async ({ gateway, users, secret, as }) => {
    const bob = as(users.bob);
    expect((await bob.get('/me/credentials')).body).toMatchObject({ items: [] });
    for (const answer of [
      await bob.get('/applications/app/credentials'),
      await bob.delete('/applications/app/credentials/alice'),
    ]) {
      expectProblem(answer, 403, 'administrator_required');
    }
    expect((await bob.delete('/me/credentials/app')).status).toBe(404);
    expect((await bob.post('/me/credentials/app/check')).status).toBe(404);
    expect(await depositOf(gateway, users.alice, 'app')).toMatchObject({ state: 'working' });
    const shown = await gateway.admin.get<{ items: readonly object[] }>('/applications/app/credentials');
    expect(shown.body.items).toMatchObject([{ username: 'alice', upstreamAccount: 'alice' }]);
    expect(JSON.stringify(shown.body)).not.toContain(secret);
  });

  it('R68: an administrator deposits for nobody but themselves', async ({ gateway, users }) => {
    const secret = newSecret('alice');
    const answer = await gateway.admin.put('/me/credentials/app', { type: 'bearer', secret });
    expectProblem(answer, 422, 'upstream_account_mismatch');
    const smuggled = await gateway.admin.put('/me/credentials/app', { type: 'bearer', secret, owner: 'alice' });
    expect(smuggled.status).toBe(400);
    expect(await depositOf(gateway, users.alice, 'app')).toBeUndefined();
  });

  it('R68: a read-only token deposits, checks and removes nothing', async ({
    gateway,
    upstream,
    users,
    secret: _secret,
  }) => {
    const reading = gateway.as({ bearer: users.reader.secret });
    upstream.clear();
    for (const answer of [
      await reading.put('/me/credentials/app', { type: 'bearer', secret: newSecret('alice') }),
      await reading.post('/me/credentials/app/check'),
      await reading.delete('/me/credentials/app'),
    ]) {
      expect(answer.status).toBe(403);
    }
    expect(upstream.bytesReceived).toBe(0);
    expect(await depositOf(gateway, users.alice, 'app')).toMatchObject({ state: 'working' });
  });

  it('R68: an application that a user creates again has no deposit of the earlier one', async ({
    gateway,
    users,
    secret: _secret,
    thief,
    application,
    send,
  }) => {
    expect((await gateway.admin.delete('/applications/app')).status).toBe(204);
    await application.create({ upstream: thief.url });
    expect((await send([bearer(users.reader.secret)])).json()).toMatchObject({ code: 'upstream_credential_missing' });
    expect(await depositOf(gateway, users.alice, 'app')).toBeUndefined();
    expect(thief.bytesReceived).toBe(0);
  });
});

describe('another address of the upstream', () => {
  const targets: readonly (readonly [string, (thief: RecordingUpstream, upstream: RecordingUpstream) => string])[] = [
    ['another port', ({ url }) => url],
    ['another name of the same host', (_thief, { port }) => `http://localhost:${port}`],
    ['another path of another port', ({ url }) => `${url}/jira`],
  ];

  it.for(targets)(
    'R68: %s gets no deposit until its owner confirms it',
    async ([, to], { gateway, upstream, thief, users, secret, send, as }) => {
      const address = to(thief, upstream);
      expect((await gateway.admin.patch('/applications/app', { upstream: address })).status).toBe(200);
      upstream.clear();
      for (const token of [users.reader, users.writer]) {
        const answer = await send([bearer(token.secret)]);
        expect([answer.status, answer.json<{ code: string }>().code]).toEqual([403, 'upstream_credential_missing']);
      }
      expect(await depositOf(gateway, users.alice, 'app')).toMatchObject({ state: 'unchecked' });
      // Nor does anything that an administrator can ask for.
      await gateway.admin.post('/applications/app/check', { username: 'alice' });
      await gateway.admin.patch('/applications/app', { version: null, name: 'Again' });
      expect(received(thief)).not.toContain(secret);
      expect(received(upstream)).not.toContain(secret);
      // Only its owner sends it there, by asking for it.
      thief.respondWith(answerAsJira);
      upstream.respondWith(answerAsJira);
      expect((await as(users.alice).post('/me/credentials/app/check')).body).toMatchObject({ state: 'working' });
      expect((await send([bearer(users.reader.secret)])).status).toBe(200);
    },
  );

  it('R111: a service credential is not sent to another address', async ({ gateway, upstream, thief, users, send }) => {
    upstream.respondWith(answerAsJira);
    const secret = newSecret('service');
    await gateway.createApplication({
      key: 'service',
      kind: 'generic',
      mount: { pathPrefix: '/service' },
      upstream: upstream.url,
      identity: { mode: 'credential', perUser: false, service: { type: 'bearer', secret } },
    });
    try {
      expect((await send([bearer(users.reader.secret)], '/service/x')).status).toBe(200);
      expect(upstream.lastRequest?.headerValues('authorization')).toEqual([`Bearer ${secret}`]);
      // Without a token there is no service account either.
      await send([], '/service/x');
      await send([['Cookie', 'a=b']], '/service/x');
      await send([bearer('not ours')], '/service/x');
      expect(upstream.requests.filter((asked) => asked.header('authorization') === `Bearer ${secret}`)).toHaveLength(1);
      const identity = { service: { type: 'bearer' } };
      for (const patch of [{ upstream: thief.url }, { upstream: thief.url, identity }]) {
        const moved = await gateway.admin.patch('/applications/service', patch);
        expect(moved.status).toBe(400);
      }
      expect((await send([bearer(users.reader.secret)], '/service/x')).status).toBe(200);
      expect(thief.bytesReceived).toBe(0);
    } finally {
      await gateway.admin.delete('/applications/service');
    }
  });
});

describe('an upstream that leads elsewhere', () => {
  it.for([301, 302, 307, 308])(
    'R68: a %i of the who-am-I call is not followed',
    async (status, { gateway, upstream, thief, users }) => {
      const secret = newSecret('alice');
      upstream.respondWith(() => ({ status, headers: [['Location', `${thief.url}${WHO_AM_I}`]] }));
      const answer = await tryDeposit(gateway, users.alice, 'app', { secret });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await depositOf(gateway, users.alice, 'app')).toBeUndefined();
      expect(upstream.requests.filter((asked) => asked.header('authorization') !== undefined)).toHaveLength(1);
      expect(thief.bytesReceived).toBe(0);
      expect(JSON.stringify(answer.body)).not.toContain(secret);
    },
  );

  it('R68: a redirect of a request is the client’s to follow, without the deposit', async ({
    upstream,
    thief,
    users,
    secret,
    send,
  }) => {
    upstream.respondWith(() => ({
      status: 302,
      headers: [
        ['Location', `${thief.url}/elsewhere`],
        ['X-AUSERNAME', 'alice'],
      ],
    }));
    const answer = await send([bearer(users.reader.secret)]);
    expect([answer.status, answer.header('location')]).toEqual([302, `${thief.url}/elsewhere`]);
    expect(answer.raw.toString('latin1')).not.toContain(secret);
    expect(thief.bytesReceived).toBe(0);
  });
});

describe('an answer of the who-am-I call that lies', () => {
  const json: readonly HeaderLine[] = [['Content-Type', 'application/json']];

  it.for([
    ['another user', '{"name":"bob"}'],
    ['a name that only looks alike', '{"name":"\u0430lice"}'],
    ['a blank at the end', '{"name":"alice "}'],
    ['a part of the name', '{"name":"alic"}'],
    ['a name in a list', '{"name":["alice"]}'],
    ['a name below', '{"user":{"name":"alice"}}'],
    ['a control character', '{"name":"alice\\u0000"}'],
    ['a page', '<html><title>alice</title></html>'],
    ['a text', 'alice'],
    ['nothing', ''],
    ['no user', '{"name":null}'],
    ['a page instead of a name', '{"name":"<script>alert(1)</script>"}'],
    ['a very long name', JSON.stringify({ name: 'alice'.padEnd(100_000, ' ') })],
    ['a name at the end of a very long answer', JSON.stringify({ padding: 'x'.repeat(3_000_000), name: 'alice' })],
    ['a deep answer', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ] as const)('R68: %s is not the user', async ([, body], { gateway, upstream, users }) => {
    const secret = newSecret('alice');
    upstream.respondWith(() => ({ status: 200, headers: json, body }));
    const answer = await tryDeposit(gateway, users.alice, 'app', { secret });
    expect([422, 502]).toContain(answer.status);
    const text = JSON.stringify(answer.body);
    expect(text).not.toContain(secret);
    expect(text).not.toMatch(/xxxx|<script>|\\u0000/);
    expect(text.length).toBeLessThan(2_000);
    expect(await depositOf(gateway, users.alice, 'app')).toBeUndefined();
  });

  it('R68: the name is compared without case', async ({ gateway, upstream, users }) => {
    upstream.respondWith(() => ({ status: 200, headers: json, body: '{"name":"ALICE"}' }));
    const answer = await tryDeposit(gateway, users.alice, 'app', { secret: newSecret('alice') });
    expect(answer.body).toMatchObject({ state: 'working', upstreamAccount: 'ALICE' });
  });

  it.for([
    ['hangs', { hang: true }],
    ['breaks off', { destroy: true }],
    ['answers without end', { body: endless() }],
    ['answers garbage', { raw: 'no HTTP at all\r\n\r\n' }],
    ['fails', { status: 500, body: '{"name":"alice"}' }],
    ['limits', { status: 429, body: '{"name":"alice"}' }],
  ] as const)('R68: nothing is stored if the upstream %s', async ([, content], { gateway, upstream, users }) => {
    await gateway.admin.patch('/applications/app', { timeoutMs: 1_000 });
    upstream.respondWith(() => content);
    const secret = newSecret('alice');
    const answer = await tryDeposit(gateway, users.alice, 'app', { secret });
    expect(answer.status).toBe(502);
    expect(JSON.stringify(answer.body)).not.toContain(secret);
    expect(await depositOf(gateway, users.alice, 'app')).toBeUndefined();
    expect(
      upstream.requests.filter((asked) => asked.header('authorization') === `Bearer ${secret}`).length,
    ).toBeLessThan(2);
  });
});

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield ' '.repeat(10_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a change while a deposit is tried', () => {
  /** The upstream answers the who-am-I call only when the test says so. */
  const held = (upstream: RecordingUpstream) => {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    upstream.respondWith(async (asked) => {
      if (asked.header('authorization') !== undefined) await released;
      return answerAsJira(asked);
    });
    return release;
  };

  it('R68: a deposit that was tried at the old address is not sent to the new one', async ({
    gateway,
    upstream,
    thief,
    users,
    send,
  }) => {
    const secret = newSecret('alice');
    const release = held(upstream);
    const trying = tryDeposit(gateway, users.alice, 'app', { secret });
    await until(() => upstream.requests.length > 0);
    expect((await gateway.admin.patch('/applications/app', { upstream: thief.url })).status).toBe(200);
    release();
    await trying;
    const answer = await send([bearer(users.reader.secret)]);
    expect([answer.status, answer.json<{ code: string }>().code]).toEqual([403, 'upstream_credential_missing']);
    expect((await depositOf(gateway, users.alice, 'app'))?.state).not.toBe('working');
    expect(received(thief)).not.toContain(secret);
  });

  it('R68: a deposit does not outlive its application', async ({
    gateway,
    upstream,
    thief,
    users,
    application,
    send,
  }) => {
    const secret = newSecret('alice');
    const release = held(upstream);
    const trying = tryDeposit(gateway, users.alice, 'app', { secret });
    await until(() => upstream.requests.length > 0);
    expect((await gateway.admin.delete('/applications/app')).status).toBe(204);
    await application.create({ upstream: thief.url });
    release();
    await trying;
    expect((await send([bearer(users.reader.secret)])).status).toBe(403);
    expect((await depositOf(gateway, users.alice, 'app'))?.state).not.toBe('working');
    expect(received(thief)).not.toContain(secret);
  });

  it('R68: a deposit is not stored if the application takes none any more', async ({
    gateway,
    upstream,
    users,
    send,
  }) => {
    const secret = newSecret('alice');
    const release = held(upstream);
    const trying = tryDeposit(gateway, users.alice, 'app', { secret });
    await until(() => upstream.requests.length > 0);
    const identity = { mode: 'headers', headers: { 'X-Forwarded-User': '{username}' } };
    expect((await gateway.admin.patch('/applications/app', { identity })).status).toBe(200);
    release();
    await trying;
    upstream.clear();
    expect((await send([bearer(users.reader.secret)])).status).toBe(200);
    expect(received(upstream)).not.toContain(secret);
    expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
  });

  it('R68: of two deposits at the same time, one is stored whole', async ({ gateway, upstream, users, send }) => {
    const secrets = Array.from({ length: 8 }, () => newSecret('alice'));
    upstream.respondWith(answerAsJira);
    const answers = await Promise.all(secrets.map((secret) => tryDeposit(gateway, users.alice, 'app', { secret })));
    // Some may be refused, because few are tried at a time.
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => [200, 409, 429, 503].includes(status))).toBe(true);
    upstream.clear();
    upstream.respondWith(answerAsJira);
    expect((await send([bearer(users.reader.secret)])).status).toBe(200);
    const hint = (await depositOf(gateway, users.alice, 'app'))?.hint ?? '';
    expect(upstream.lastRequest?.header('authorization')).toMatch(new RegExp(`${hint.slice(1)}$`));
  });
});

describe('a secret that is no credential', () => {
  it.for([
    ['line breaks', 'abc\r\nX-Forwarded-User: admin'],
    ['a control character', 'abc\u0000def'],
    ['a character beyond ASCII', 'abc\u0430'],
    ['no text', ''],
    ['more than 4 KiB', 'x'.repeat(4_097)],
  ] as const)(
    'R68: with %s is refused, and nothing goes upstream',
    async ([, secret], { gateway, upstream, users }) => {
      upstream.clear();
      const answer = await tryDeposit(gateway, users.alice, 'app', { secret });
      expectProblem(answer, 400, 'validation_failed');
      if (secret !== '') expect(JSON.stringify(answer.body)).not.toContain(secret);
      expect(upstream.bytesReceived).toBe(0);
    },
  );

  it('R68: a user name cannot add a password of its own', async ({ gateway, upstream, users }) => {
    upstream.clear();
    for (const username of ['alice:x', 'alice\r\nX: y', '', 'x'.repeat(256)]) {
      const answer = await tryDeposit(gateway, users.alice, 'app', { type: 'basic', username, secret: 'password' });
      expectProblem(answer, 400, 'validation_failed');
    }
    for (const type of ['header', 'digest', '__proto__']) {
      expectProblem(await tryDeposit(gateway, users.alice, 'app', { type, secret: 'abc' }), 400, 'validation_failed');
    }
    expect(upstream.bytesReceived).toBe(0);
  });
});
