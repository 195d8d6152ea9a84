import { randomBytes } from 'node:crypto';
import { startSampleUpstream, type SampleUpstream } from './sample-upstream.js';
import { startServer, type ServerProcess } from './server.process.js';
import { createStoryPrinter, StoryFailure, toCurl, type StoryAnswer, type StoryPrinter } from './story.printer.js';

const AUDIT_TIME_LIMIT_MS = 15_000;

/** What the story leaves behind for the reader to go on with. */
type StoryEnd = { readonly password: string; readonly token: string; readonly expiresAt: string | null };

const TOKEN_MEMBERS = ['id', 'owner', 'description', 'scope', 'expiresAt', 'secret'];

type AuditEvent = {
  readonly at: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly actor: string | null;
  readonly credential: string | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly status: number | null;
};

async function tellStory(printer: StoryPrinter, server: ServerProcess, upstream: SampleUpstream): Promise<StoryEnd> {
  const api = `${server.url}/api/v1`;
  const issues = `${server.url}/demo/rest/api/2/issue`;
  const admin = { user: 'admin', secret: server.adminPassword };
  const alice = { user: 'alice', secret: randomBytes(12).toString('base64url') };
  const newIssue = { fields: { summary: 'Created through Scopegate' } };

  printer.step(
    'The administrator signs in',
    'The server has just been started on an empty SQLite database with one user, admin, whose password was generated for this run. The management API takes a user name with a password, or a token.',
  );
  await printer.call(
    { method: 'GET', url: `${api}/me`, ...admin, show: ['username', 'groups', 'administrator', 'permissions'] },
    { status: 200 },
  );

  printer.step(
    'An application is put behind the gateway',
    `A small issue tracker with Jira's paths runs at ${upstream.url}. From now on it is reached at ${server.url}/demo as well, and there the tokens are checked.`,
  );
  const application = {
    key: 'demo',
    name: 'Demo issue tracker',
    kind: 'jira',
    version: '9.12.0',
    mount: { pathPrefix: '/demo' },
    upstream: upstream.url,
  };
  await printer.call(
    {
      method: 'POST',
      url: `${api}/applications`,
      ...admin,
      body: application,
      show: ['key', 'kind', 'mount', 'upstream', 'identity'],
    },
    { status: 201 },
  );

  printer.step(
    'A user is made',
    'By default every user may create tokens for themselves, and nobody but an administrator for others.',
  );
  const user = { username: alice.user, displayName: 'Alice', email: 'alice@example.org', password: alice.secret };
  await printer.call({ method: 'POST', url: `${api}/users`, ...admin, body: user }, { status: 201 });

  printer.step(
    'Alice creates a read-only token',
    'The scope has to be chosen; the validity is one month here. The secret is in this answer and never shown again; the database keeps a digest of it.',
  );
  const readOnly = tokenOf(
    await printer.call(
      {
        method: 'POST',
        url: `${api}/tokens`,
        ...alice,
        body: { description: 'Dashboard', scope: 'read-only', validity: 'P1M' },
        show: TOKEN_MEMBERS,
      },
      { status: 201 },
    ),
  );

  printer.step(
    'And a read-write token',
    'The scope belongs to the token, not to the user: the same Alice now has one of each.',
  );
  const readWrite = tokenOf(
    await printer.call(
      {
        method: 'POST',
        url: `${api}/tokens`,
        ...alice,
        body: { description: 'Release script', scope: 'read-write', validity: 'P1M' },
        show: TOKEN_MEMBERS,
      },
      { status: 201 },
    ),
  );

  printer.step(
    'Reading with the read-only token is allowed',
    'The token stands where the password was. The gateway takes it off and tells the tracker who is calling; the answer comes back unchanged.',
  );
  const reader = { user: alice.user, secret: readOnly.secret };
  await printer.call({ method: 'GET', url: `${issues}/DEMO-1`, ...reader }, { status: 200 });
  const myself = await printer.call(
    { method: 'GET', url: `${server.url}/demo/rest/api/2/myself`, ...reader },
    { status: 200 },
  );
  ensure(memberOf(myself.body, 'name') === alice.user, 'the tracker was not told that Alice is calling.');

  const receivedBefore = upstream.received.length;
  printer.step(
    'Writing with it is refused',
    `The gateway answers 403 by itself, and the tracker receives nothing: asked directly, it still knows of ${receivedBefore} requests only, the two of the step before.`,
  );
  await printer.call(
    { method: 'POST', url: issues, ...reader, body: newIssue },
    { status: 403, code: 'scope_insufficient' },
  );
  const received = await printer.call({ method: 'GET', url: `${upstream.url}/received` }, { status: 200 });
  ensure(memberOf(received.body, 'count') === receivedBefore, 'the refused write reached the tracker.');

  printer.step(
    'The same write with the read-write token',
    'It goes through, and the tracker creates the issue in the name of Alice.',
  );
  const writer = { user: alice.user, secret: readWrite.secret };
  await printer.call({ method: 'POST', url: issues, ...writer, body: newIssue }, { status: 201 });

  printer.step(
    "Alice's token under another name is worth nothing",
    'A token works with the name of its owner alone. The client is not told which of the two was wrong; the audit log is, see below.',
  );
  await printer.call(
    { method: 'GET', url: `${issues}/DEMO-1`, user: 'bob', secret: readOnly.secret },
    { status: 401, code: 'credential_invalid' },
  );

  printer.step(
    'Alice revokes the read-only token',
    'That takes effect with the next request: the call of step 6, which was allowed, is a 401 from now on.',
  );
  await printer.call({ method: 'DELETE', url: `${api}/tokens/${readOnly.id}`, ...alice }, { status: 204 });
  await printer.call({ method: 'GET', url: `${issues}/DEMO-1`, ...reader }, { status: 401, code: 'token_revoked' });

  printer.step(
    'The audit log has all of it',
    'There is one event for each request through the gateway, the newest first. It keeps the true reason where the client got a general one: owner_mismatch for the wrong name. The answer is long; this is what stands in it, as a table.',
  );
  const audit = { method: 'GET', url: `${api}/audit-events?application=demo&limit=20`, ...admin };
  await waitForAudit(audit.url, admin);
  const events = eventsOf((await printer.call({ ...audit, show: [] }, { status: 200 })).body);
  printer.line();
  printer.line(`   ${['at'.padEnd(24), 'outcome ', 'status', 'reason'.padEnd(18), 'actor '].join(' ')} request`);
  for (const { at, outcome, code, actor, method, path, status } of events.filter(
    (event) => event.outcome !== 'changed',
  )) {
    const columns = [
      at,
      outcome.padEnd(8),
      String(status ?? '').padEnd(6),
      (code ?? '').padEnd(18),
      (actor ?? '-').padEnd(6),
    ];
    printer.line(`   ${columns.join(' ')} ${method ?? ''} ${path ?? ''}`);
  }
  return { password: alice.secret, token: readWrite.secret, expiresAt: readWrite.expiresAt };
}

const EXPECTED_REASONS = ['scope_insufficient', 'owner_mismatch', 'token_revoked'];

/** Waits until the events of the story are in the log, where they come in batches. @throws StoryFailure */
async function waitForAudit(url: string, admin: { readonly user: string; readonly secret: string }): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${admin.user}:${admin.secret}`).toString('base64')}`;
  const deadline = Date.now() + AUDIT_TIME_LIMIT_MS;
  let missing: readonly string[] = EXPECTED_REASONS;
  while (Date.now() < deadline) {
    const answer = await fetch(url, { headers: { Authorization: authorization } });
    const events = answer.ok ? eventsOf(await answer.json()) : [];
    missing = EXPECTED_REASONS.filter((reason) => !events.some(({ code }) => code === reason));
    if (missing.length === 0 && events.some(({ outcome }) => outcome === 'allowed')) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new StoryFailure(`the audit log lacks ${missing.join(', ') || 'the allowed requests'}.`);
}

function eventsOf(body: unknown): readonly AuditEvent[] {
  const items = memberOf(body, 'items');
  return Array.isArray(items) ? (items as readonly AuditEvent[]) : [];
}

function tokenOf(answer: StoryAnswer): {
  readonly id: string;
  readonly secret: string;
  readonly expiresAt: string | null;
} {
  const id = memberOf(answer.body, 'id');
  const secret = memberOf(answer.body, 'secret');
  const expiresAt = memberOf(answer.body, 'expiresAt');
  if (typeof id !== 'string' || typeof secret !== 'string') {
    throw new StoryFailure('the answer holds no token.');
  }
  return { id, secret, expiresAt: typeof expiresAt === 'string' ? expiresAt : null };
}

function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

function ensure(condition: boolean, otherwise: string): void {
  if (!condition) {
    throw new StoryFailure(otherwise);
  }
}

function printAddresses(printer: StoryPrinter, server: ServerProcess, upstream: SampleUpstream, end: StoryEnd): void {
  printer.heading('Everything is still running, in a temporary folder that is removed at the end');
  printer.line(`   Swagger UI       ${server.url}/docs`);
  printer.line(`   Gateway          ${server.url}/demo`);
  printer.line(`   Sample upstream  ${upstream.url}`);
  printer.line(`   Administrator    admin with the password ${server.adminPassword}`);
  printer.line(`   User             alice with the password ${end.password}`);
  printer.line(`   Her token        ${end.token} (read-write, until ${end.expiresAt ?? 'it is revoked'})`);
  printer.line('\n   Try it yourself:');
  const write = { method: 'PUT', body: { fields: { summary: 'Changed by me' } } };
  for (const call of [{ method: 'GET' }, write]) {
    const url = `${server.url}/demo/rest/api/2/issue/DEMO-1`;
    printer.line(`   $ ${toCurl({ ...call, url, user: 'alice', secret: end.token })}`);
  }
  printer.line('   Or open Swagger UI, press Authorize, sign in as admin or alice and try any call from there.');
}

/** Resolves with the end of the process that started this one, which the shell between them does not always pass on. */
function parentEnded(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    if (process.env['npm_lifecycle_event'] !== undefined) {
      setInterval(() => (process.ppid === parent ? undefined : resolve()), 1_000).unref();
    }
  });
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked && signal === 'SIGINT') {
          // Whoever asks twice does not want to wait.
          process.exit(130);
        }
        asked = true;
        resolve();
      });
    }
  });
}

/** Runs the demo and answers the exit code. */
async function run(): Promise<number> {
  const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const printer = createStoryPrinter((text) => process.stdout.write(text), colours);
  const stop = Promise.race([stopAsked(), parentEnded()]).then((): 'stop' => 'stop');
  const upstream = await startSampleUpstream();
  let server: ServerProcess | undefined;
  try {
    printer.line(
      'Scopegate stands in front of an HTTP API that cannot be changed, and lets scripts use tokens in place of',
    );
    printer.line(
      'passwords. This is its main job, step by step. Every call is printed as the curl command that repeats it.',
    );
    printer.line('\nStarting the server and a sample issue tracker …');
    const starting = startServer();
    const started = await Promise.race([starting, stop]);
    if (started === 'stop') {
      // The start has its own limit of time; a server that comes up after all is ended below.
      server = await starting;
      return 0;
    }
    server = started;
    const end = await Promise.race([tellStory(printer, server, upstream), stop]);
    if (end === 'stop') {
      return 0;
    }
    printAddresses(printer, server, upstream, end);
    if (process.env['SCOPEGATE_TEST_DEMO_ONCE'] === '1') {
      return 0;
    }
    printer.line('\n   Press Ctrl-C to stop.');
    const ending = await Promise.race([stop, server.ended.then((): 'ended' => 'ended')]);
    if (ending === 'ended') {
      process.stderr.write(`\nThe demo failed: the server ended by itself. It wrote:\n${server.output()}\n`);
      return 1;
    }
    printer.line('\nStopping …');
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    if (server !== undefined && server.output() !== '') {
      process.stderr.write(`\nThe last the server wrote:\n${server.output().slice(-2_000)}\n`);
    }
    return 1;
  } finally {
    await server?.stop();
    await upstream.stop();
  }
}

process.exit(await run());
