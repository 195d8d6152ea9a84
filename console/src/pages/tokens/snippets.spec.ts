import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { addressOf, shellVariables, snippetsFor } from './snippets';

const NASTY = `o'; touch /tmp/never; echo "$(id)" \`id\` #`;

function textOf(key: string, address: string): string {
  return snippetsFor(address, 'jira').find((snippet) => snippet.key === key)?.text ?? '';
}

describe('addressOf', () => {
  it.each([
    [{ pathPrefix: '/jira' }, 'https://gate.example.com/jira'],
    [{ pathPrefix: '/' }, 'https://gate.example.com'],
    [{ host: 'jira.example.com' }, 'https://jira.example.com'],
    [{ host: 'apps.example.com:8443', pathPrefix: '/jira' }, 'https://apps.example.com:8443/jira'],
  ])('R100: %j is reached at %s', (mount, expected) => {
    expect(addressOf({ mount }, 'https://gate.example.com')).toBe(expected);
  });
});

describe('the lines to copy', () => {
  it('R100: a user name is one word of the shell, whatever it holds', () => {
    const [assignment] = shellVariables(NASTY).split('\n');
    const said = execFileSync('/bin/sh', ['-c', `${assignment}\nprintf %s "$SCOPEGATE_USER"`], { encoding: 'utf8' });
    expect(said).toBe(NASTY);
  });

  it('R100: an address is one word of the shell', () => {
    const line = textOf('curl', `https://gate.example.com/${NASTY}`);
    const said = execFileSync('/bin/sh', ['-c', `curl() { printf '%s|' "$@"; }\n${line}`], {
      encoding: 'utf8',
      env: { SCOPEGATE_USER: 'alice', SCOPEGATE_TOKEN: 'sg_x', PATH: '' },
    });
    expect(said).toBe(`--fail-with-body|--user|alice:sg_x|https://gate.example.com/${NASTY}/rest/api/2/myself|`);
  });

  it('R100: git asks the variables for the user name and the token', () => {
    const helper = /credential\.helper='!(.*?)' \\\n/.exec(textOf('git', 'https://gate.example.com/git'))?.[1];
    const said = execFileSync('/bin/sh', ['-c', helper ?? 'false'], {
      encoding: 'utf8',
      env: { SCOPEGATE_USER: 'alice', SCOPEGATE_TOKEN: 'sg_x' },
    });
    expect(said).toBe('username=alice\npassword=sg_x\n');
  });

  it('R100: an address is one text of Python and JavaScript', () => {
    const address = 'https://gate.example.com/"); import evil';
    for (const key of ['python-jira', 'jira-js']) {
      expect(textOf(key, address)).toContain(JSON.stringify(address));
    }
  });

  it('R100: a slash at the end of the address is not doubled', () => {
    expect(textOf('curl', 'https://gate.example.com/jira/')).toContain(
      "'https://gate.example.com/jira/rest/api/2/myself'",
    );
  });
});
