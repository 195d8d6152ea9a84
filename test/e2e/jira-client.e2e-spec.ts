import { createHash, randomBytes } from 'node:crypto';
import { HttpException, Version2Client } from 'jira.js';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { shareServer } from '../support/gateway-test.js';
import { startJiraUpstream } from '../support/jira.upstream.js';

const JIRA_PASSWORD = 'the password that Jira knows';

const NEW_ISSUE = {
  fields: {
    project: { key: 'DEMO' },
    issuetype: { name: 'Task' },
    summary: 'Created by jira.js',
    description: 'Ümläut',
  },
};

const gateway = await shareServer();
const upstream = await startJiraUpstream({ passwords: { alice: JIRA_PASSWORD } });
afterAll(() => upstream.stop());
await gateway.createApplication({ key: 'jira', mount: { pathPrefix: '/jira' }, upstream: upstream.url });
const alice = await gateway.createUser({ username: 'alice' });
const reader = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
const writer = await gateway.createToken({ owner: alice.username, scope: 'read-write' });

describe('jira.js in front of a Jira', () => {
  beforeEach(() => upstream.clear());

  /** The client as its README configures it; of an existing script, only the host is another one. */
  const clientWith = (secret: string, username = alice.username): Version2Client =>
    new Version2Client({
      host: `${gateway.url}/jira`,
      authentication: { basic: { email: username, apiToken: secret } },
    });

  /** The error that a call ends with, as the client shows it. */
  const failureOf = async (calling: Promise<unknown>): Promise<HttpException> => {
    const outcome = await calling.then(
      (value) => value,
      (error: unknown) => error,
    );
    expect(outcome).toBeInstanceOf(HttpException);
    return outcome as HttpException;
  };

  /** The problem of the gateway inside such an error. */
  const problemOf = (error: HttpException): unknown => (error.response as { readonly data?: unknown }).data;

  it('R02: a read-only token reads the server, the user, a project and an issue', async () => {
    const jira = clientWith(reader.secret);
    expect(await jira.serverInfo.getServerInfo()).toMatchObject({ version: '9.12.0', deploymentType: 'Server' });
    expect(await jira.myself.getCurrentUser()).toMatchObject({ name: 'alice', emailAddress: 'alice@example.org' });
    expect(await jira.projects.getProject({ projectIdOrKey: 'DEMO' })).toMatchObject({ name: 'Demonstration' });
    const issue = await jira.issues.getIssue({ issueIdOrKey: 'DEMO-1', fields: ['summary', 'status'] });
    expect(issue).toMatchObject({ key: 'DEMO-1', fields: { summary: 'The coffee machine answers 418' } });
    // What the client asked for in the query arrives as it was sent.
    expect(upstream.requests.at(-1)?.target).toBe('/jira/rest/api/2/issue/DEMO-1?fields=summary,status');
  });

  it('R02: a read-only token searches by GET, with JQL in the query', async () => {
    const jira = clientWith(reader.secret);
    // Jira's own servers have this search alone; the one that the client prefers is that of the cloud.
    // oxlint-disable-next-line typescript/no-deprecated
    const found = await jira.issueSearch.searchForIssuesUsingJql({ jql: 'project = DEMO AND summary ~ "coffee"' });
    expect(found).toMatchObject({ total: 1, issues: [{ key: 'DEMO-1' }] });
  });

  it('R36: Jira gets the user’s name, never sees the token, and gives out no session for it', async () => {
    const { headers } = await clientWith(reader.secret).sendRequestFullResponse({ url: '/rest/api/2/myself' });
    expect(headers['set-cookie']).toBeUndefined();
    expect(headers['x-ausername']).toBe('alice');
    expect(upstream.requests).toHaveLength(1);
    expect(upstream.requests[0]?.headers['x-forwarded-user']).toBe('alice');
    expect(JSON.stringify(upstream.requests)).not.toContain(reader.secret);
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('R03: creating an issue with a read-only token is refused, with a problem that the client shows', async () => {
    const before = upstream.summaries;
    const error = await failureOf(clientWith(reader.secret).issues.createIssue(NEW_ISSUE));
    expect(error.status).toBe(403);
    expect(error.message).toBe('Request failed with status code 403');
    expect(problemOf(error)).toMatchObject({
      code: 'scope_insufficient',
      status: 403,
      detail: 'A read-only token may only send GET, HEAD and OPTIONS. Use a read-write token for this request.',
    });
    expect(upstream.requests).toEqual([]);
    expect(upstream.summaries).toEqual(before);
  });

  it('R03: changing, deleting, commenting and attaching are refused as well, and Jira receives nothing', async () => {
    const jira = clientWith(reader.secret);
    const issueIdOrKey = 'DEMO-1';
    const calls = [
      jira.issues.editIssue({ issueIdOrKey, fields: { summary: 'Changed' } }),
      jira.issues.deleteIssue({ issueIdOrKey }),
      jira.issueComments.addComment({ issueIdOrKey, comment: 'Hello' }),
      jira.issueAttachments.addAttachment({ issueIdOrKey, attachment: { filename: 'a.txt', file: Buffer.from('a') } }),
    ];
    for (const calling of calls) {
      const error = await failureOf(calling);
      expect(error.status).toBe(403);
      expect(problemOf(error)).toMatchObject({ code: 'scope_insufficient' });
    }
    expect(upstream.requests).toEqual([]);
  });

  it('R07: with a read-write token an issue is created in the name of its owner, changed and deleted', async () => {
    const jira = clientWith(writer.secret);
    const created = await jira.issues.createIssue(NEW_ISSUE);
    expect(created.key).toMatch(/^DEMO-\d+$/);
    const issueIdOrKey = created.key;
    const issue = await jira.issues.getIssue({ issueIdOrKey });
    expect(issue.fields).toMatchObject({
      summary: 'Created by jira.js',
      description: 'Ümläut',
      reporter: { name: 'alice' },
    });
    await jira.issues.editIssue({ issueIdOrKey, fields: { summary: 'Changed by jira.js' } });
    expect(upstream.summaries).toContain('Changed by jira.js');
    await jira.issues.deleteIssue({ issueIdOrKey });
    expect(upstream.summaries).not.toContain('Changed by jira.js');
  });

  it('R07: what Jira itself has against a request comes back as Jira said it', async () => {
    const incomplete = { ...NEW_ISSUE, fields: { ...NEW_ISSUE.fields, summary: '' } };
    const error = await failureOf(clientWith(writer.secret).issues.createIssue(incomplete));
    expect(error.status).toBe(400);
    expect(problemOf(error)).toEqual({
      errorMessages: [],
      errors: { summary: 'You must specify a summary of the issue.' },
    });
  });

  it('R07: an attachment of two megabytes arrives byte for byte', async () => {
    const file = randomBytes(2 * 1024 * 1024);
    const [attachment] = await clientWith(writer.secret).issueAttachments.addAttachment({
      issueIdOrKey: 'DEMO-1',
      attachment: { filename: 'noise.bin', file, mimeType: 'application/octet-stream' },
    });
    expect(attachment).toMatchObject({ filename: 'noise.bin', size: file.length, author: { name: 'alice' } });
    expect(sha256(upstream.attachment('noise.bin'))).toBe(sha256(file));
  });

  it('R13: a search by POST counts as a write until an administrator says otherwise', async () => {
    const search = (): Promise<unknown> =>
      // oxlint-disable-next-line typescript/no-deprecated -- as above
      clientWith(reader.secret).issueSearch.searchForIssuesUsingJqlPost({ jql: 'summary ~ "release"' });
    const error = await failureOf(search());
    expect(problemOf(error)).toMatchObject({ code: 'scope_insufficient' });
    expect(upstream.requests).toEqual([]);
    const readOnlyExceptions = [{ method: 'POST', path: '/rest/api/2/search' }];
    await gateway.admin.patch('/applications/jira', { readOnlyExceptions });
    expect(await search()).toMatchObject({ total: 1, issues: [{ key: 'DEMO-2' }] });
    await gateway.admin.patch('/applications/jira', { readOnlyExceptions: [] });
    expect(problemOf(await failureOf(search()))).toMatchObject({ code: 'scope_insufficient' });
  });

  it('R44: the client shows that a token under another name is not accepted, and Jira counts no failed login', async () => {
    const error = await failureOf(clientWith(reader.secret, 'bob').myself.getCurrentUser());
    expect(error.status).toBe(401);
    expect(problemOf(error)).toMatchObject({ code: 'credential_invalid' });
    expect(upstream.requests).toEqual([]);
  });

  it('R51: a revoked token is a 401 that says so, and Jira counts no failed login', async () => {
    const token = await gateway.createToken({ owner: alice.username, scope: 'read-only' });
    const jira = clientWith(token.secret);
    expect(await jira.myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    await gateway.revokeToken(token.id);
    upstream.clear();
    const error = await failureOf(jira.myself.getCurrentUser());
    expect(error.status).toBe(401);
    expect(problemOf(error)).toMatchObject({ code: 'token_revoked', detail: 'Create a new token.' });
    expect(upstream.requests).toEqual([]);
  });

  it('R42: the same client with a password gets the answer of Jira, be it right or wrong', async () => {
    expect(await clientWith(JIRA_PASSWORD).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    expect(upstream.requests[0]?.headers['x-forwarded-user']).toBeUndefined();
    const error = await failureOf(clientWith('a wrong password').myself.getCurrentUser());
    expect(error.status).toBe(401);
    expect(problemOf(error)).toMatchObject({ errors: {} });
    expect(upstream.failedLogins).toBe(1);
  });

  it('R43: with passwords disabled, the answer asks for a token, and Jira receives nothing', async () => {
    await gateway.patchSettings({ passwords: { enabled: false } });
    try {
      const error = await failureOf(clientWith(JIRA_PASSWORD).myself.getCurrentUser());
      expect(error.status).toBe(401);
      expect(problemOf(error)).toMatchObject({ code: 'password_disabled' });
      expect(upstream.requests).toEqual([]);
      expect(await clientWith(reader.secret).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    } finally {
      await gateway.patchSettings({ passwords: { enabled: true } });
    }
  });

  it('R55: what the client did is in the audit log, with its user agent', async () => {
    const requests = await gateway.events({ application: 'jira', tokenId: reader.id, outcome: 'denied' });
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.every(({ code }) => code === 'scope_insufficient')).toBe(true);
    expect(requests).toContainEqual(
      expect.objectContaining({ method: 'POST', path: '/rest/api/2/issue', actor: 'alice', status: 403 }),
    );
    expect(await gateway.events({ application: 'jira', tokenId: reader.id, q: 'axios/' })).not.toEqual([]);
  });
});

function sha256(content: Buffer | undefined): string | undefined {
  return content === undefined ? undefined : createHash('sha256').update(content).digest('hex');
}
