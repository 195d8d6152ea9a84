import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { shareServer } from '../support/gateway-test.js';
import { startJiraStandIn } from '../support/jira-stand-in.js';
import { findProgram } from '../support/private-process.js';
import { startRecordingUpstream, type RecordedRequest, type RecordingUpstream } from '../support/recording-upstream.js';
import { isRedmineAvailable, startRedmine } from '../support/redmine.server.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const GUIDE = readFileSync('docs/guides/applications.md', 'utf8');
const CHAPTER = '## From nothing to the first refused write';

/** The headings of the chapter with the commands below each. */
function examples(): ReadonlyMap<string, string> {
  const start = GUIDE.indexOf(`${CHAPTER}\n`);
  const chapter = GUIDE.slice(start, GUIDE.indexOf('\n## ', start + 1));
  return new Map(
    chapter
      .split('\n### ')
      .slice(1)
      .flatMap((section) => {
        const commands = /```sh\n([^]*?)```/.exec(section)?.[1];
        return commands === undefined ? [] : [[section.slice(0, section.indexOf('\n')), commands] as const];
      }),
  );
}

const EXAMPLES = examples();

/** What the comments behind the commands promise: a status, and the code of a refusal. */
function promisesOf(commands: string): readonly { readonly status: string; readonly code: string | undefined }[] {
  return [...commands.matchAll(/# (\d{3})(?: (\w+))?$/gm)].map(([, status = '', code]) => ({ status, code }));
}

/** Writes the status of each call to standard error, as the guide has it behind each command. */
const PRELUDE = `set -euo pipefail
curl() { command curl -sS -w '%{stderr}%{http_code}\\n' "$@"; echo; }
command -v jq > /dev/null || jq() { node -p 'JSON.parse(fs.readFileSync(0)).secret'; }
`;

const gateway = await shareServer();
const folder = createTemporaryFolder('guide');
afterAll(() => folder.remove());
const alice = await gateway.createUser({ username: 'alice' });

/** Runs the commands of a product as they are, but for the address and the credential. */
async function tryExample(product: string, upstream: string, own = 'none'): Promise<void> {
  const commands = EXAMPLES.get(product) ?? '';
  expect(commands, product).not.toBe('');
  const promises = promisesOf(commands);
  const result = await runProgram('bash', ['-c', PRELUDE + commands.replace(/https:\/\/[\w.-]+(?:\/\w+)?/, upstream)], {
    cwd: folder.path,
    env: {
      gateway: gateway.url,
      json: 'Content-Type: application/json',
      admin: `admin:${gateway.adminPassword}`,
      alice: `alice:${alice.password}`,
      own,
    },
  });
  expect(result.errorOutput.trim().split('\n'), result.standardOutput).toEqual(promises.map(({ status }) => status));
  const codes = promises.flatMap(({ code }) => code ?? []);
  expect(codes).toEqual(['scope_insufficient']);
  for (const code of codes) expect(result.standardOutput).toContain(`"code":"${code}"`);
}

/** A product that is not installed here: it takes one credential, and answers the call that says whose it is. */
async function startProduct(
  account: (request: RecordedRequest) => string | null,
  credential: readonly [name: string, value: string],
): Promise<RecordingUpstream> {
  const [name, value] = credential;
  const upstream = await startRecordingUpstream({
    respond: (request) => {
      const body = account(request);
      const isKnown = request.header(name) === value;
      return { status: isKnown ? 200 : 401, headers: [['Content-Type', 'application/json']], body: body ?? '{}' };
    },
  });
  afterAll(() => upstream.stop());
  return upstream;
}

function newSecret(): string {
  return randomBytes(20).toString('hex');
}

const at =
  (path: string, body: string) =>
  ({ target }: RecordedRequest): string | null =>
    target.endsWith(path) ? body : null;

function bearerOf(secret: string): readonly [string, string] {
  return ['Authorization', `Bearer ${secret}`];
}

function basicOf(username: string, secret: string): readonly [string, string] {
  return ['Authorization', `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`];
}

const RECORDED = [
  [
    'Jira Cloud',
    at('/myself', '{"emailAddress":"alice@example.com"}'),
    (own: string) => basicOf('alice@example.com', own),
  ],
  ['Confluence', at('/rest/api/user/current', '{"type":"known","username":"alice"}'), bearerOf],
  ['Bitbucket', at('/plugins/servlet/applinks/whoami', 'alice'), bearerOf],
  ['GitLab', at('/api/v4/user', '{"username":"alice"}'), bearerOf],
  ['Gitea', at('/api/v1/user', '{"login":"alice"}'), bearerOf],
] as const;

describe.runIf(canRunWith('curl', findProgram('curl') !== undefined))(
  'the examples of the guide for applications',
  () => {
    it('R73: are of all products, and each ends with a refused write', () => {
      expect([...EXAMPLES.keys()]).toEqual([
        'Jira Data Center',
        ...RECORDED.map(([product]) => product),
        'Redmine',
        'Every other application',
      ]);
      for (const [product, commands] of EXAMPLES) {
        expect(promisesOf(commands).at(-1), product).toEqual({ status: '403', code: 'scope_insufficient' });
        expect(promisesOf(commands), product).toHaveLength(commands.match(/\bcurl /g)?.length ?? 0);
      }
    });

    it('R73: work with Jira Data Center', async () => {
      const jira = await startJiraStandIn({ version: '11.0.0', users: {} });
      try {
        await tryExample('Jira Data Center', jira.url, jira.createAccessToken('alice'));
        expect(jira.requests.map(({ method }) => method)).not.toContain('DELETE');
        expect(jira.requests.at(-1)).toMatchObject({ target: '/jira/rest/api/2/myself', user: 'alice' });
      } finally {
        await jira.stop();
      }
    });

    it.each(RECORDED)('R73: work with %s', async (product, account, credentialOf) => {
      const own = newSecret();
      const upstream = await startProduct(account, credentialOf(own));
      await tryExample(product, upstream.url, own);
      const [name, value] = credentialOf(own);
      expect(upstream.lastRequest?.headerValues(name)).toEqual([value]);
      expect(upstream.requests.map(({ method }) => method)).not.toContain('DELETE');
    });

    it.runIf(canRunWith('redmine', isRedmineAvailable()))('R73: work with Redmine', { timeout: 180_000 }, async () => {
      const redmine = await startRedmine();
      try {
        await redmine.ask('/issues.json', { issue: { project_id: 'demo', subject: 'Stays' } });
        await tryExample('Redmine', redmine.url, redmine.apiKeyOfAlice);
        expect(await redmine.ask('/issues/1.json')).toMatchObject({ issue: { subject: 'Stays' } });
      } finally {
        await redmine.stop();
      }
    });

    it('R73: work with every other application', async () => {
      const upstream = await startRecordingUpstream();
      afterAll(() => upstream.stop());
      await tryExample('Every other application', upstream.url);
      expect(upstream.requests.map(({ method }) => method)).toEqual(['GET']);
      expect(upstream.lastRequest?.headerValues('x-forwarded-user')).toEqual(['alice']);
    });
  },
);
