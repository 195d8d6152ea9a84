import { randomBytes } from 'node:crypto';
import type { SampleUpstream } from './sample-upstream.js';
import type { ServerProcess } from './server-process.js';
import { StoryFailure, type StoryAnswer, type StoryPrinter } from './story-printer.js';

const AUDIT_TIME_LIMIT_MS = 15_000;

/** What the reader can go on with after the story. */
export type StoryEnd = { readonly password: string; readonly token: string; readonly expiresAt: string | null };

type Login = { readonly user: string; readonly secret: string };

type Token = { readonly id: string; readonly secret: string; readonly expiresAt: string | null };

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

/** What every step needs. */
type Scene = {
  readonly printer: StoryPrinter;
  readonly serverUrl: string;
  readonly upstream: SampleUpstream;
  /** The address of the management API. */
  readonly api: string;
  /** The address of the issues behind the gateway. */
  readonly issues: string;
  readonly admin: Login;
  readonly alice: Login;
};

/** @throws StoryFailure if an answer is not the expected one */
export async function tellStory(
  printer: StoryPrinter,
  server: ServerProcess,
  upstream: SampleUpstream,
): Promise<StoryEnd> {
  const scene: Scene = {
    printer,
    serverUrl: server.url,
    upstream,
    api: `${server.url}/api/v1`,
    issues: `${server.url}/demo/rest/api/2/issue`,
    admin: { user: 'admin', secret: server.adminPassword },
    alice: { user: 'alice', secret: randomBytes(12).toString('base64url') },
  };
  await setUp(scene);
  const readOnly = await createToken(
    scene,
    'Alice creates a read-only token',
    'The scope has to be chosen; the validity is one month here. The secret is in this answer and never shown again; the database keeps a digest of it.',
    { description: 'Dashboard', scope: 'read-only', validity: 'P1M' },
  );
  const readWrite = await createToken(
    scene,
    'And a read-write token',
    'The scope belongs to the token, not to the user: the same Alice now has one of each.',
    { description: 'Release script', scope: 'read-write', validity: 'P1M' },
  );
  await readAndWrite(scene, readOnly, readWrite);
  await misuseAndRevoke(scene, readOnly);
  await showAuditLog(scene);
  return { password: scene.alice.secret, token: readWrite.secret, expiresAt: readWrite.expiresAt };
}

async function setUp({ printer, serverUrl, upstream, api, admin, alice }: Scene): Promise<void> {
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
    `A small issue tracker with Jira's paths runs at ${upstream.url}. From now on it is reached at ${serverUrl}/demo as well, and there the tokens are checked.`,
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
    'A user is created',
    'By default every user may create tokens for themselves, and only an administrator may create them for others.',
  );
  const user = { username: alice.user, displayName: 'Alice', email: 'alice@example.org', password: alice.secret };
  await printer.call({ method: 'POST', url: `${api}/users`, ...admin, body: user }, { status: 201 });
}

async function createToken(
  { printer, api, alice }: Scene,
  title: string,
  explanation: string,
  body: Readonly<Record<string, string>>,
): Promise<Token> {
  printer.step(title, explanation);
  const answer = await printer.call(
    { method: 'POST', url: `${api}/tokens`, ...alice, body, show: TOKEN_MEMBERS },
    { status: 201 },
  );
  return tokenOf(answer);
}

async function readAndWrite(
  { printer, serverUrl, upstream, issues, alice }: Scene,
  readOnly: Token,
  readWrite: Token,
): Promise<void> {
  printer.step(
    'Reading with the read-only token is allowed',
    'The token takes the place of the password. The gateway removes it and tells the tracker who is calling; the answer comes back unchanged.',
  );
  const reader = { user: alice.user, secret: readOnly.secret };
  await printer.call({ method: 'GET', url: `${issues}/DEMO-1`, ...reader }, { status: 200 });
  const myself = await printer.call(
    { method: 'GET', url: `${serverUrl}/demo/rest/api/2/myself`, ...reader },
    { status: 200 },
  );
  ensure(memberOf(myself.body, 'name') === alice.user, 'the gateway did not tell the tracker that Alice is calling.');

  const receivedBefore = upstream.received.length;
  printer.step(
    'Writing with it is refused',
    `The gateway answers 403 by itself, and the tracker receives nothing: asked directly, it still has only ${receivedBefore} requests, the two of the step before.`,
  );
  const newIssue = { fields: { summary: 'Created through Scopegate' } };
  await printer.call(
    { method: 'POST', url: issues, ...reader, body: newIssue },
    { status: 403, code: 'scope_insufficient' },
  );
  const received = await printer.call({ method: 'GET', url: `${upstream.url}/received` }, { status: 200 });
  ensure(memberOf(received.body, 'count') === receivedBefore, 'the refused write reached the tracker.');

  printer.step(
    'The same write with the read-write token',
    'It is forwarded, and the tracker creates the issue in the name of Alice.',
  );
  const writer = { user: alice.user, secret: readWrite.secret };
  await printer.call({ method: 'POST', url: issues, ...writer, body: newIssue }, { status: 201 });
}

async function misuseAndRevoke({ printer, api, issues, alice }: Scene, readOnly: Token): Promise<void> {
  printer.step(
    "Alice's token does not work with another user name",
    'A token works only with the name of its owner. The answer does not say which of the two was wrong; the audit log does, see below.',
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
  const reader = { user: alice.user, secret: readOnly.secret };
  await printer.call({ method: 'GET', url: `${issues}/DEMO-1`, ...reader }, { status: 401, code: 'token_revoked' });
}

async function showAuditLog({ printer, api, admin }: Scene): Promise<void> {
  printer.step(
    'The audit log has all of it',
    'There is one event for each request through the gateway, the newest first. It keeps the true reason where the client got a general one: owner_mismatch for the wrong name. The answer is long; this table shows what is in it.',
  );
  const audit = { method: 'GET', url: `${api}/audit-events?application=demo&limit=20`, ...admin };
  await waitForAudit(audit.url, admin);
  const events = eventsOf((await printer.call({ ...audit, show: [] }, { status: 200 })).body);
  printer.line();
  printer.line(`   ${['at'.padEnd(24), 'outcome ', 'status', 'reason'.padEnd(18), 'actor '].join(' ')} request`);
  for (const { at, outcome, code, actor, method, path, status } of events) {
    if (outcome === 'changed') continue;
    const columns = [
      at,
      outcome.padEnd(8),
      String(status ?? '').padEnd(6),
      (code ?? '').padEnd(18),
      (actor ?? '-').padEnd(6),
    ];
    printer.line(`   ${columns.join(' ')} ${method ?? ''} ${path ?? ''}`);
  }
}

const EXPECTED_REASONS = ['scope_insufficient', 'owner_mismatch', 'token_revoked'];

/** Waits until the events of the story are in the log: they are stored in batches. @throws StoryFailure */
async function waitForAudit(url: string, admin: Login): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${admin.user}:${admin.secret}`).toString('base64')}`;
  const deadline = Date.now() + AUDIT_TIME_LIMIT_MS;
  let missing: readonly string[] = EXPECTED_REASONS;
  while (Date.now() < deadline) {
    const answer = await fetch(url, { headers: { Authorization: authorization } });
    const events = answer.ok ? eventsOf(await answer.json()) : [];
    missing = EXPECTED_REASONS.filter((reason) => !events.some(({ code }) => code === reason));
    if (missing.length === 0 && events.some(({ outcome }) => outcome === 'allowed')) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new StoryFailure(`the audit log lacks ${missing.join(', ') || 'the allowed requests'}.`);
}

function eventsOf(body: unknown): readonly AuditEvent[] {
  const items = memberOf(body, 'items');
  return Array.isArray(items) ? (items as readonly AuditEvent[]) : [];
}

function tokenOf(answer: StoryAnswer): Token {
  const id = memberOf(answer.body, 'id');
  const secret = memberOf(answer.body, 'secret');
  const expiresAt = memberOf(answer.body, 'expiresAt');
  if (typeof id !== 'string' || typeof secret !== 'string') throw new StoryFailure('the answer contains no token.');
  return { id, secret, expiresAt: typeof expiresAt === 'string' ? expiresAt : null };
}

function memberOf(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
}

function ensure(condition: boolean, otherwise: string): void {
  if (!condition) throw new StoryFailure(otherwise);
}
