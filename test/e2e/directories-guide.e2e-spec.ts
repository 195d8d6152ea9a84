import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSuccessfully } from '../support/client-program.js';
import { canRunWith } from '../support/external-servers.js';
import { shareServer } from '../support/gateway-test.js';
import {
  isSlapdAvailable,
  ldapGroup,
  person,
  personDn,
  READER,
  startSlapd,
  type SlapdServer,
} from '../support/slapd.server.js';
import { createTemporaryFolder } from '../support/temporary-folder.js';

const GUIDE = readFileSync('docs/guides/directories.md', 'utf8');

interface Example {
  readonly command: string;
  /** The answer that the guide shows below, if it does. */
  readonly answer: Record<string, unknown> | null;
}

/** The first command below a heading, and the JSON that follows. */
function example(heading: string): Example {
  const start = GUIDE.indexOf(`\n## ${heading}\n`);
  expect(start, heading).toBeGreaterThan(0);
  const section = GUIDE.slice(start, GUIDE.indexOf('\n## ', start + 1));
  const command = /```sh\n([^]*?)```/.exec(section)?.[1];
  const answer = /```json\n([^]*?)```/.exec(section)?.[1];
  if (command === undefined) throw new Error(`There is no command below "${heading}".`);
  return { command, answer: answer === undefined ? null : (JSON.parse(answer) as Record<string, unknown>) };
}

const NAMES = Array.from({ length: 299 }, (_, index) => `user${index}`);
const GROUPS = Array.from({ length: 11 }, (_, index) => `group${index}`);

const ENTRIES = [
  person('anna', { cn: 'Anna Example' }),
  ...NAMES.map((uid) => person(uid)),
  ldapGroup('developers', [personDn('anna')]),
  ...GROUPS.map((cn) => ldapGroup(cn, [personDn('user0')])),
];

const server = await shareServer();
const folder = createTemporaryFolder('guide');
afterAll(() => folder.remove());

describe.runIf(canRunWith('slapd', isSlapdAvailable()))('the guide of directories', () => {
  let slapd: SlapdServer;

  beforeAll(async () => {
    slapd = await startSlapd(ENTRIES);
  });
  afterAll(() => slapd?.stop());

  /** The command as it is, but for the two servers and their accounts. */
  const run = async (command: string): Promise<unknown> => {
    const text = command
      .replaceAll('https://gateway.example.com', server.managementUrl)
      .replaceAll('-u admin', `-u admin:${server.adminPassword}`)
      .replace(
        '"url": "ldaps://ldap.example.com"',
        `"url": "${slapd.secureUrl}", "ca": ${JSON.stringify(slapd.authority.cert)}`,
      )
      .replace('cn=scopegate,ou=services,dc=example,dc=com', READER.dn)
      .replace('the password of this account', READER.password);
    const script = `set -euo pipefail\ncurl() { command curl -sS "$@"; }\n${text}`;
    return JSON.parse(await runSuccessfully('bash', ['-c', script], { cwd: folder.path })) as unknown;
  };

  it('R92, R93, R94: its commands answer what it says, and change what it says', async () => {
    const tried = example('1. Try it');
    const { sample, ...found } = tried.answer as { readonly sample: readonly unknown[] };
    const answer = await run(tried.command);
    expect(answer).toMatchObject(found);
    expect((answer as { readonly sample: readonly unknown[] }).sample[0]).toEqual(sample[0]);

    // "Send the same body, with a `key` and without the login."
    const body = /-d '(\{[^]*?\})'/.exec(tried.command)?.[1] ?? '';
    const { username: _, ...members } = JSON.parse(body) as Record<string, unknown>;
    const connect = tried.command
      .replace('/directories/test', '/directories')
      .replace(body, JSON.stringify({ key: 'company', ...members }, null, 2));
    expect(await run(connect)).toMatchObject({ key: 'company', hasBindPassword: true });

    const synced = example('2. Connect it');
    expect(await run(synced.command)).toEqual(synced.answer);

    await slapd.change(async (client) => {
      for (const uid of NAMES.slice(0, 100)) await client.del(personDn(uid));
    });
    expect(await run(synced.command)).toMatchObject({ held: true, deactivated: 100 });
    expect(await run(example('If it is held').command)).toMatchObject({ held: false, deactivated: 100 });
    const { body: user } = await server.admin.get<{ active: boolean }>('/users/user0');
    expect(user.active).toBe(false);
  });
});
