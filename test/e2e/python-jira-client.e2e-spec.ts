import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { startJiraUpstream, type JiraUpstream } from '../support/jira.upstream.js';
import { startScopegateFixture, type ScopegateFixture, type TestToken } from '../support/scopegate.fixture.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';

/** Debian's own, which has Debian's modules. */
const PYTHON = '/usr/bin/python3';

const isAvailable = spawnSync(PYTHON, ['-c', 'import jira']).status === 0;

/** What every script of a user begins with; the rest is one test's. */
const BEGINNING = `
import os, sys, json
from jira import JIRA, JIRAError
jira = JIRA(os.environ['JIRA_URL'], basic_auth=(os.environ['JIRA_USER'], os.environ['JIRA_TOKEN']), max_retries=0)
def reason(call):
    try:
        call()
    except JIRAError as error:
        return [error.status_code, error.text]
    return None
`;

describe.runIf(canRunWith('python-jira', isAvailable))('the module jira of Python in front of a Jira', () => {
  let gateway: ScopegateFixture;
  let upstream: JiraUpstream;
  let folder: TemporaryFolder;
  let reader: TestToken;
  let writer: TestToken;

  beforeAll(async () => {
    gateway = await startScopegateFixture();
    // Attachments have absolute addresses: Jira has to be configured with the outer one.
    upstream = await startJiraUpstream({ baseUrl: `${gateway.url}/jira` });
    folder = createTemporaryFolder('python');
    await gateway.createApplication({
      key: 'jira',
      kind: 'jira',
      mount: { pathPrefix: '/jira' },
      upstream: upstream.url,
      tokenPaths: [{ path: '/secure/attachment/**' }],
    });
    await gateway.createUser({ username: 'alice' });
    reader = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    writer = await gateway.createToken({ owner: 'alice', scope: 'read-write' });
  });
  afterAll(async () => {
    await gateway.stop();
    await upstream.stop();
    await folder.remove();
  });
  beforeEach(() => upstream.clear());

  /** @returns what the script prints, as JSON */
  const run = async (token: TestToken, script: string): Promise<unknown> => {
    const result = await runProgram(PYTHON, ['-c', `${BEGINNING}${script}`], {
      cwd: folder.path,
      env: { JIRA_URL: `${gateway.url}/jira`, JIRA_USER: token.owner, JIRA_TOKEN: token.secret },
    });
    expect(result.exitCode, result.errorOutput).toBe(0);
    return JSON.parse(result.standardOutput);
  };

  it('R02: a read-only token logs in and searches', async () => {
    const script = `
found = jira.search_issues('summary ~ "coffee"')
print(json.dumps([jira.myself()['name'], [issue.key for issue in found]]))`;
    expect(await run(reader, script)).toEqual(['alice', ['DEMO-1']]);
    expect(upstream.requests.map(({ headers }) => headers['x-forwarded-user'])).toEqual(
      upstream.requests.map(() => 'alice'),
    );
    expect(JSON.stringify(upstream.requests)).not.toContain(reader.secret);
  });

  it('R118: a read-write token attaches a file, and a read-only token downloads it', async () => {
    const content = randomBytes(50_000);
    writeFileSync(join(folder.path, 'report.pdf'), content);
    expect(await run(writer, `print(json.dumps(jira.add_attachment('DEMO-1', 'report.pdf').filename))`)).toBe(
      'report.pdf',
    );
    expect(upstream.attachment('report.pdf')).toEqual(content);
    const script = `
file = jira.issue('DEMO-1').fields.attachment[0]
open('downloaded.pdf', 'wb').write(file.get())
print(json.dumps(file.filename))`;
    expect(await run(reader, script)).toBe('report.pdf');
    expect(readFileSync(join(folder.path, 'downloaded.pdf'))).toEqual(content);
  });

  it('R122: the text of a refusal is its reason', async () => {
    const before = upstream.summaries;
    const script = `
fields = {'project': {'key': 'DEMO'}, 'issuetype': {'name': 'Task'}, 'summary': 'Never'}
print(json.dumps(reason(lambda: jira.create_issue(fields=fields))))`;
    const [status, text] = (await run(reader, script)) as [number, string];
    expect([status, text]).toEqual([403, expect.stringContaining('A read-only token may only')]);
    expect(upstream.summaries).toEqual(before);
  });

  it('R51, R122: so is that of a revoked token', async () => {
    const revoked = await gateway.createToken({ owner: 'alice', scope: 'read-only' });
    await gateway.revokeToken(revoked.id);
    // The first call of the constructor is already refused.
    const result = await runProgram(PYTHON, ['-c', BEGINNING], {
      cwd: folder.path,
      env: { JIRA_URL: `${gateway.url}/jira`, JIRA_USER: 'alice', JIRA_TOKEN: revoked.secret },
    });
    expect(result.exitCode).not.toBe(0);
    expect(result.errorOutput).toContain('JiraError HTTP 401');
    expect(result.errorOutput).toContain('revoked');
    expect(result.errorOutput).not.toContain(revoked.secret);
    expect(upstream.requests).toEqual([]);
  });
});
