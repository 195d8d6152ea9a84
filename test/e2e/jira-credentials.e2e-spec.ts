import { HttpException, Version2Client } from 'jira.js';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { expectProblem } from '../support/expect-problem.js';
import { deposit, depositOf, tryDeposit, type Deposit } from '../support/deposits.js';
import { shareServer } from '../support/gateway-test.js';
import { startJiraStandIn, type StandInRequest } from '../support/jira-stand-in.js';
import { bearer, type TestToken, type TestUser } from '../support/scopegate.fixture.js';

const PASSWORD = 'the password that Jira has';
const WHO_AM_I = '/jira/rest/api/2/myself';
const SESSION = '/rest/auth/1/session';

const gateway = await shareServer();
await gateway.patchSettings({ throttling: { maxFailures: 0 } });
const alice = await gateway.createUser({ username: 'alice' });
const bob = await gateway.createUser({ username: 'bob' });
const carol = await gateway.createUser({ username: 'carol' });
const reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
const writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
const writerOfBob = await gateway.createToken({ owner: 'bob', scope: 'read-write' });
const readerOfCarol = await gateway.createToken({ owner: 'carol', scope: 'read-only' });

const jiras = new Map([
  ['9.12.0', await startJiraStandIn({ version: '9.12.0', users: { alice: PASSWORD, bob: PASSWORD } })],
  ['11.0.0', await startJiraStandIn({ version: '11.0.0', users: { alice: PASSWORD, bob: PASSWORD } })],
]);
afterAll(() => Promise.all([...jiras.values()].map((jira) => jira.stop())));

function newIssue(summary: string) {
  return { fields: { project: { key: 'DEMO' }, issuetype: { name: 'Task' }, summary } };
}

async function failureOf(calling: Promise<unknown>): Promise<{ status: number; body: Record<string, unknown> }> {
  const error = await calling.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HttpException);
  const { status, response } = error as HttpException;
  return { status, body: (response as { readonly data: Record<string, unknown> }).data };
}

describe.each(['9.12.0', '11.0.0'])('jira.js in front of a plain Jira %s', async (version) => {
  const jira = jiras.get(version);
  if (jira === undefined) throw new Error(`There is no Jira ${version}.`);
  const key = `jira-${version.split('.')[0] ?? ''}`;
  await gateway.createApplication({
    key,
    mount: { pathPrefix: `/${key}` },
    version: null,
    upstream: jira.url,
    identity: { mode: 'credential', perUser: true },
  });

  const clientWith = (token: TestToken): Version2Client =>
    new Version2Client({ host: `${gateway.url}/${key}`, authentication: { oauth2: { accessToken: token.secret } } });
  const state = async (user: TestUser): Promise<Deposit['state'] | undefined> =>
    (await depositOf(gateway, user, key))?.state;
  const checkAgain = (user: TestUser) =>
    gateway.as({ user: user.username, password: user.password }).post<Deposit>(`/me/credentials/${key}/check`);
  /** Both users have a working credential, and Jira has received nothing yet. */
  const secrets = { alice: '', bob: '' };

  beforeEach(async () => {
    jira.takeUnknownTokensForAnonymous(false);
    for (const [user, name] of [[alice, 'alice'] as const, [bob, 'bob'] as const]) {
      jira.solveCaptcha(name);
      secrets[name] = jira.createAccessToken(name);
      await deposit(gateway, user, key, secrets[name]);
    }
    jira.clear();
  });

  const authorizationOf = ({ headers }: StandInRequest): string | undefined => headers.authorization;

  it('R68: a read-only token reads as its owner, with the personal access token of the owner alone', async () => {
    const client = clientWith(reader);
    expect(await client.myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    expect(await client.serverInfo.getServerInfo()).toMatchObject({ version });
    const { headers } = await client.sendRequestFullResponse({ url: '/rest/api/2/issue/DEMO-1' });
    expect([headers['x-ausername'], headers['set-cookie']]).toEqual(['alice', undefined]);
    expect(jira.requests.map(({ user }) => user)).toEqual(['alice', 'alice', 'alice']);
    expect(new Set(jira.requests.map(authorizationOf))).toEqual(new Set([`Bearer ${secrets.alice}`]));
    expect(jira.requests.flatMap(({ headers: received }) => Object.keys(received))).not.toContain('x-forwarded-user');
    expect(JSON.stringify(jira.requests)).not.toContain(reader.secret);
  });

  it('R68: the deposit was tried as its user, and shows the account and no secret', async () => {
    const stored = await deposit(gateway, alice, key, secrets.alice);
    expect(stored).toMatchObject({ application: key, username: 'alice', upstreamAccount: 'alice', state: 'working' });
    expect(JSON.stringify(stored)).not.toContain(secrets.alice);
    expect(jira.requests.map(({ method, target, user }) => [method, target, user])).toEqual([
      ['GET', WHO_AM_I, 'alice'],
    ]);
  });

  it('R03: a read-only token creates nothing, and Jira receives nothing', async () => {
    const { status, body } = await failureOf(clientWith(reader).issues.createIssue(newIssue('Never')));
    expect([status, body['code']]).toEqual([403, 'scope_insufficient']);
    expect(jira.requests).toEqual([]);
    expect(jira.reporters).not.toHaveProperty('Never');
  });

  it('R68: users are not mixed in 50 parallel requests', async () => {
    const made = Array.from({ length: 50 }, (_, index) => ({
      name: index % 2 === 0 ? 'alice' : 'bob',
      token: index % 2 === 0 ? writer : writerOfBob,
      summary: `Parallel ${index}`,
    }));
    await Promise.all(made.map(({ token, summary }) => clientWith(token).issues.createIssue(newIssue(summary))));
    expect(jira.reporters).toMatchObject(Object.fromEntries(made.map(({ summary, name }) => [summary, name])));
  });

  it('R68: the XSRF check of Jira lets its clients through', async () => {
    const [attachment] = await clientWith(writer).issueAttachments.addAttachment({
      issueIdOrKey: 'DEMO-1',
      attachment: { filename: 'notes.txt', file: Buffer.from('notes') },
    });
    expect(attachment).toMatchObject({ filename: 'notes.txt', author: { name: 'alice' } });
  });

  it('R70: a refusal that is not about the credential comes back as Jira said it', async () => {
    const form = await fetch(`${gateway.url}/${key}/rest/api/2/issue`, {
      method: 'POST',
      headers: { ...Object.fromEntries([bearer(writer.secret)]), 'Content-Type': 'text/plain' },
      body: '{}',
    });
    expect([form.status, await form.text()]).toEqual([403, 'XSRF check failed']);
    expect(await state(alice)).toBe('working');
    expect(await clientWith(reader).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
  });

  it('R70: without a deposit nothing is forwarded, and jira.js shows the call that stores one', async () => {
    const { status, body } = await failureOf(clientWith(readerOfCarol).myself.getCurrentUser());
    expect([status, body['code']]).toEqual([403, 'upstream_credential_missing']);
    expect(body['detail']).toContain(`PUT /api/v1/me/credentials/${key}`);
    expect(body['errorMessages']).toEqual([expect.stringContaining(String(body['detail']))]);
    expect(jira.requests).toEqual([]);
    expect(await depositOf(gateway, carol, key)).toBeUndefined();
  });

  it.each([
    ['with a 401', false],
    ['by serving an anonymous user', true],
  ])('R70: a token that was revoked in Jira, which answers %s, is sent once', async (_how, isAnonymous) => {
    jira.revokeAccessToken(secrets.alice);
    jira.takeUnknownTokensForAnonymous(isAnonymous);
    for (let tried = 0; tried < 3; tried += 1) {
      const { status, body } = await failureOf(clientWith(reader).serverInfo.getServerInfo());
      expect([status, body['code']]).toEqual([502, 'upstream_credential_rejected']);
      expect(JSON.stringify(body)).not.toContain('deploymentType');
    }
    expect(jira.requests).toHaveLength(1);
    expect(await state(alice)).toBe('rejected');
    expect(await state(bob)).toBe('working');
    // Another user of the same application is not affected.
    await clientWith(writerOfBob).issues.createIssue(newIssue(`Of bob ${String(isAnonymous)}`));
    // A new one is used at once.
    secrets.alice = jira.createAccessToken('alice');
    await deposit(gateway, alice, key, secrets.alice);
    expect(await clientWith(reader).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
  });

  it('R70: a demand for a CAPTCHA is met once, and does not become a loop', async () => {
    jira.demandCaptcha('alice');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => failureOf(clientWith(writer).issues.createIssue(newIssue('In a loop')))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([502]));
    expect(JSON.stringify(answers)).not.toMatch(/CAPTCHA|login\.jsp/);
    // Those that were under way at the time may have arrived, and none after them.
    jira.clear();
    for (let tried = 0; tried < 3; tried += 1) await failureOf(clientWith(reader).myself.getCurrentUser());
    expect(jira.requests).toEqual([]);
    expect(await state(alice)).toBe('rejected');
    // Only its owner asks for a new try, once for each call.
    expect((await checkAgain(alice)).body.state).toBe('rejected');
    expect(jira.requests).toHaveLength(1);
    jira.solveCaptcha('alice');
    expect((await checkAgain(alice)).body.state).toBe('working');
    expect(await clientWith(reader).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
  });

  it('R51: a credential that Jira refuses is no failed login of the token', async () => {
    jira.revokeAccessToken(secrets.alice);
    await gateway.patchSettings({ throttling: { maxFailures: 3 } });
    try {
      for (let tried = 0; tried < 6; tried += 1) await failureOf(clientWith(reader).myself.getCurrentUser());
      expect((await failureOf(clientWith(reader).myself.getCurrentUser())).status).toBe(502);
    } finally {
      await gateway.patchSettings({ throttling: { maxFailures: 0 } });
    }
  });

  it('R77: a script logs in at the session endpoint, and its session acts with the deposit', async () => {
    const direct = await fetch(`${jira.url}${SESSION}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'alice', password: PASSWORD }),
    });
    expect(direct.status).toBe(version === '11.0.0' ? 404 : 200);
    jira.clear();
    const login = await fetch(`${gateway.url}/${key}${SESSION}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username: 'alice', password: writer.secret }),
    });
    expect(login.status).toBe(200);
    const { session, loginInfo } = (await login.json()) as { session: { value: string }; loginInfo: object };
    expect(session.value).toMatch(/^sgs_/);
    expect(loginInfo).toMatchObject({ loginCount: expect.any(Number) as number });
    const paths = jira.requests.map(({ method, target }) => `${method} ${target}`);
    expect(paths.filter((path) => path !== `GET ${WHO_AM_I}`)).toEqual([]);
    const made = await fetch(`${gateway.url}/${key}/rest/api/2/issue`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Cookie: `JSESSIONID=${session.value}` },
      body: JSON.stringify(newIssue('In a session')),
    });
    expect(made.status).toBe(201);
    expect(jira.reporters['In a session']).toBe('alice');
    expect(jira.requests.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${secrets.alice}` });
    expect(jira.requests.at(-1)?.headers.cookie).toBeUndefined();
    const end = { method: 'DELETE', headers: { Cookie: `JSESSIONID=${session.value}` } };
    expect((await fetch(`${gateway.url}/${key}${SESSION}`, end)).status).toBe(204);
    expect(jira.requests.filter(({ target }) => target.includes(SESSION))).toEqual([]);
  });

  it('R68: a token of somebody else is refused by name, and the stored one stays', async () => {
    const ofBob = jira.createAccessToken('bob');
    const answer = await tryDeposit(gateway, alice, key, { secret: ofBob });
    const { detail } = expectProblem(answer, 422, 'upstream_account_mismatch');
    expect(detail).toContain('bob');
    expect(await clientWith(reader).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    expect((await tryDeposit(gateway, carol, key, { secret: 'no token of Jira at all' })).status).not.toBe(200);
    expect(await depositOf(gateway, carol, key)).toBeUndefined();
  });

  it('R68: a password is a deposit only where Jira takes one', async () => {
    const answer = await tryDeposit(gateway, alice, key, { type: 'basic', username: 'alice', secret: PASSWORD });
    if (version === '11.0.0') {
      expect(answer.status).not.toBe(200);
      expect(await state(alice)).toBe('working');
      return;
    }
    expect(answer).toMatchObject({ status: 200, body: { type: 'basic', state: 'working' } });
    expect(await clientWith(reader).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    const basic = `Basic ${Buffer.from(`alice:${PASSWORD}`).toString('base64')}`;
    expect(jira.requests.at(-1)?.headers.authorization).toBe(basic);
  });

  it('R74: no token makes a personal access token with the deposit', async () => {
    for (const target of ['/rest/pat/latest/tokens', '/rest//pat/1.0/tokens/', '/rest/%70at/latest/tokens']) {
      const answer = await fetch(`${gateway.url}/${key}${target}`, {
        method: 'POST',
        headers: { ...Object.fromEntries([bearer(writer.secret)]), 'Content-Type': 'application/json' },
        body: '{"name":"lasting"}',
      });
      expect([target, answer.status]).toEqual([target, 403]);
    }
    expect(jira.requests).toEqual([]);
  });

  it('R69: a deposit that its owner removes is not used any more', async () => {
    expect(await clientWith(reader).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    const self = gateway.as({ user: alice.username, password: alice.password });
    expect((await self.delete(`/me/credentials/${key}`)).status).toBe(204);
    jira.clear();
    const { body } = await failureOf(clientWith(reader).myself.getCurrentUser());
    expect(body['code']).toBe('upstream_credential_missing');
    expect(jira.requests).toEqual([]);
  });
});
