import { describe, expect, it } from 'vitest';
import { toStored } from './application.repository.js';
import {
  checkOptions,
  defaultOptions,
  optionsOf,
  patternProblem,
  type ApplicationOptions,
} from './application-options.js';

function refusedFields(options: Partial<ApplicationOptions>, anonymous: 'allow' | 'deny' = 'deny'): readonly string[] {
  const fields: string[] = [];
  checkOptions({ ...defaultOptions('generic'), ...options }, anonymous, (field) => fields.push(field));
  return fields;
}

describe('the options of an application', () => {
  it('R42: passwords are forwarded to the Atlassian products and refused elsewhere by default', () => {
    for (const kind of ['jira', 'confluence', 'bitbucket'] as const) {
      expect(defaultOptions(kind).passwords).toBe('forward');
    }
    expect(defaultOptions('generic').passwords).toBe('deny');
  });

  it('get the defaults of their kind where an older version stored none, and nothing else', () => {
    const stored = { timeoutMs: 5000, name: 'x' };
    expect(optionsOf(stored, 'jira')).toEqual({
      ...defaultOptions('jira'),
      timeoutMs: 5000,
    });
  });

  it.each([
    [{ kind: 'generic', encodedSlashes: 'reject' }, 'tomcat'],
    [{ kind: 'generic', encodedSlashes: 'allow' }, 'rfc3986'],
    [{ kind: 'jira', encodedSlashes: 'reject' }, 'tomcat'],
    [{ kind: 'generic' }, 'rfc3986'],
    [{ kind: 'generic', paths: 'tomcat' }, 'tomcat'],
  ])('R48: %j as an older version stored it is read by %s', (body, paths) => {
    const { document } = toStored({
      key: 'a',
      mountKey: '/a',
      version: 1,
      createdAtMs: 0,
      body: { identity: {}, ...body },
    });
    expect(document.paths).toBe(paths);
    expect(document).not.toHaveProperty('encodedSlashes');
  });

  it.each(['', 'a b', 'http://a', 'a/b', 'a@b', 'a:99999', 'a,b'])('R115: the host %j is refused', (host) => {
    expect(refusedFields({ host })).toEqual(['host']);
  });

  it.each(['upstream', 'client', 'jira.example.com', 'jira.example.com:8443', '[::1]:80'])(
    'R115: the host %j is accepted',
    (host) => {
      expect(refusedFields({ host })).toEqual([]);
    },
  );

  it.each(['JWT', 'AWS4-HMAC-SHA256', 'Token', 'bearer'])('R120: the scheme %s may be forwarded', (scheme) => {
    expect(refusedFields({ passSchemes: [scheme] })).toEqual([]);
  });

  it.each(['Basic', 'BASIC', 'NTLM', 'negotiate', '', 'J WT', 'JWT:', 'JWT\n', 'ＪＷＴ'])(
    'R120: the scheme %j is refused',
    (scheme) => {
      expect(refusedFields({ passSchemes: ['JWT', scheme] })).toEqual(['passSchemes.1']);
    },
  );

  it('R118, R124: paths must be canonical patterns, and token paths reading methods', () => {
    expect(refusedFields({ tokenPaths: [{ path: '/secure/attachment/**' }, { method: 'POST', path: '/x' }] })).toEqual([
      'tokenPaths.1',
    ]);
    expect(refusedFields({ blockedPaths: [{ method: 'DELETE', path: '/x' }, { path: 'x' }] })).toEqual([
      'blockedPaths.1',
    ]);
  });

  it.each([
    null,
    'x',
    {},
    { path: 1 },
    { path: '/x', other: 1 },
    { method: 1, path: '/x' },
    { path: 'x'.repeat(2049) },
  ])('R112: %j is not the shape of a pattern', (value) => {
    expect(patternProblem(value)).not.toBeNull();
  });

  it.each([
    'https://board.example',
    'http://127.0.0.1:8080',
    'http://[::1]',
    'https://xn--mnchen-3ya.example',
    'https://board.example:8443',
  ])('R122: %s is an origin', (origin) => {
    expect(refusedFields({ cors: { origins: [origin], headers: ['X-Board'] } })).toEqual([]);
  });

  it.each([
    '',
    'null',
    'board.example',
    'https://board.example/',
    'https://board.example/path',
    'https://Board.example',
    'https://board.example:443',
    'https://*.board.example',
    'https://user@board.example',
    'https://board.example\r\nX: 1',
    'file:///x',
    'chrome-extension://x',
    '*.example',
  ])('R122: %j is no origin', (origin) => {
    expect(refusedFields({ cors: { origins: ['https://a.example', origin], headers: [] } })).toEqual([
      'cors.origins.1',
    ]);
  });

  it('R122: every origin is allowed only where nothing is shown without a credential', () => {
    const cors = { origins: ['*'], headers: [] };
    expect(refusedFields({ cors }, 'deny')).toEqual([]);
    expect(refusedFields({ cors }, 'allow')).toEqual(['cors.origins']);
  });

  it.each(['', '*', 'a b', 'a,b', 'a:b', 'a\r\nb'])('R122: %j is no name of a header', (header) => {
    expect(refusedFields({ cors: { origins: [], headers: [header] } })).toEqual(['cors.headers.0']);
  });
});
