import type { OwnApplication } from '../../data/own-applications';

/** Lines that a person copies, and puts to use without a change. */
export interface Snippet {
  readonly key: string;
  readonly title: string;
  readonly text: string;
}

type Kind = OwnApplication['kind'];

/** A call that shows who the application believes to be calling; `/` where there is none that every token may send. */
const WHO_AM_I: Readonly<Partial<Record<Kind, string>>> = {
  jira: '/rest/api/2/myself',
  confluence: '/rest/api/user/current',
  gitlab: '/api/v4/user',
  gitea: '/api/v1/user',
};

const REPOSITORY: Readonly<Partial<Record<Kind, string>>> = {
  bitbucket: '/scm/PROJECT/repository.git',
  gitlab: '/group/repository.git',
  gitea: '/owner/repository.git',
};

/** Where clients reach an application: its own host, or a path of the address that this page came from. */
export function addressOf({ mount }: Pick<OwnApplication, 'mount'>, origin: string): string {
  const base = mount.host === undefined ? origin : `${new URL(origin).protocol}//${mount.host}`;
  return mount.pathPrefix === undefined || mount.pathPrefix === '/' ? base : `${base}${mount.pathPrefix}`;
}

/**
 * The secret stands in none of the lines: it would stay in the history of the shell, and other users of the machine can
 * read a command line.
 */
export function shellVariables(username: string): string {
  return `export SCOPEGATE_USER=${shellWord(username)}\nread -rs SCOPEGATE_TOKEN && export SCOPEGATE_TOKEN`;
}

/** @param address of the application, without a slash at the end */
export function snippetsFor(address: string, kind: Kind): readonly Snippet[] {
  const base = address.trim().replace(/\/+$/, '');
  const call = `${base}${WHO_AM_I[kind] ?? '/'}`;
  const repository = `${base}${REPOSITORY[kind] ?? '/repository.git'}`;
  return [
    {
      key: 'curl',
      title: 'curl',
      text: `curl --fail-with-body --user "$SCOPEGATE_USER:$SCOPEGATE_TOKEN" \\\n  ${shellWord(call)}`,
    },
    {
      key: 'git',
      title: 'git',
      text:
        `git -c credential.helper= \\\n` +
        `  -c credential.helper='!f() { printf "username=%s\\npassword=%s\\n" "$SCOPEGATE_USER" "$SCOPEGATE_TOKEN"; }; f' \\\n` +
        `  clone ${shellWord(repository)}`,
    },
    {
      key: 'python',
      title: 'Python',
      text: [
        'import os, requests',
        'session = requests.Session()',
        'session.trust_env = False  # else a line of ~/.netrc would be sent',
        'session.auth = (os.environ["SCOPEGATE_USER"], os.environ["SCOPEGATE_TOKEN"])',
        `answer = session.get(${quoted(call)})`,
        'print(answer.status_code, answer.text)',
      ].join('\n'),
    },
    {
      key: 'python-jira',
      title: 'Jira (Python)',
      text: [
        'import os',
        'from jira import JIRA',
        'user, token = os.environ["SCOPEGATE_USER"], os.environ["SCOPEGATE_TOKEN"]',
        `jira = JIRA(${quoted(base)}, basic_auth=(user, token))`,
        'print(jira.myself()["name"])',
      ].join('\n'),
    },
    {
      key: 'jira-js',
      title: 'Jira (JavaScript)',
      text: [
        "import { Version2Client } from 'jira.js';",
        'const jira = new Version2Client({',
        `  host: ${quoted(base)},`,
        '  authentication: { basic: { email: process.env.SCOPEGATE_USER, apiToken: process.env.SCOPEGATE_TOKEN } },',
        '});',
        'console.log(await jira.myself.getCurrentUser());',
      ].join('\n'),
    },
  ];
}

/** One word of a POSIX shell, whatever it holds. */
function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A text of Python and of JavaScript. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
