import { describe, expect, it } from 'vitest';
import { defaultOptions } from './application-options.js';
import type { ApplicationDocument } from './application.js';
import { applicationWarnings, nativeTokenWarnings, sharedOriginWarnings } from './application-warning.js';

const QUIET: ApplicationDocument = {
  name: 'Wiki',
  kind: 'confluence',
  version: '8.5',
  detectedVersion: null,
  mount: { host: null, pathPrefix: '/wiki' },
  upstream: 'https://wiki.internal',
  anonymous: 'allow',
  identity: { mode: 'headers', encoding: 'percent', headers: [{ name: 'X-Forwarded-User', template: '{username}' }] },
  readOnlyExceptions: [],
  nativeTokensDisabled: true,
  remoteApiPasswords: false,
  ...defaultOptions('confluence'),
};

function codesOf(changes: Partial<ApplicationDocument>): readonly string[] {
  return applicationWarnings({ ...QUIET, ...changes }).map((warning) => warning.code);
}

describe('the warnings of an application', () => {
  it('R54: one that is set up as recommended gives none', () => {
    expect(codesOf({})).toEqual([]);
  });

  it.each([
    ['jira', '9.12', /Jira.*Manage apps/],
    ['confluence', '7.9', /Confluence.*Manage apps/],
    ['bitbucket', null, /Bitbucket.*Manage apps/],
  ] as const)('R54: %s with its own tokens on names its app management page', (kind, version, page) => {
    const [warning] = applicationWarnings({ ...QUIET, kind, version, nativeTokensDisabled: false });
    expect(warning?.code).toBe('native_tokens_enabled');
    expect(warning?.message).toMatch(page);
    expect(warning?.message).toContain('directly can still use them');
  });

  it('R54: where the version is not known, the text says to set it first', () => {
    const [warning] = applicationWarnings({ ...QUIET, version: null, nativeTokensDisabled: false });
    expect(warning?.message).toContain('set "version" first: the switch exists from 7.9 on');
  });

  it.each([
    ['jira', '8.13'],
    ['confluence', '7.8.9'],
    ['generic', null],
  ] as const)('R54: %s %s has no such tokens, so nothing is said', (kind, version) => {
    const changes = { kind, version, ...defaultOptions(kind), nativeTokensDisabled: false, anonymous: 'deny' } as const;
    expect(codesOf(changes)).toEqual([]);
  });

  it('R54: the settings get one warning a product, with the names of its applications', () => {
    const on = { nativeTokensDisabled: false };
    const many = Array.from({ length: 12 }, (_, index) => ({ ...QUIET, ...on, name: `Wiki ${index}` }));
    const warnings = nativeTokenWarnings([
      { ...QUIET, ...on, kind: 'jira', version: '9.0', name: 'Jira A' },
      { ...QUIET, name: 'Quiet' },
      ...many,
    ]);
    expect(warnings).toHaveLength(2);
    expect(warnings[0]?.message).toContain('"Jira A"');
    expect(warnings[1]?.message).toContain('"Wiki 0"');
    expect(warnings[1]?.message).toContain('2 more');
    expect(nativeTokenWarnings([QUIET])).toEqual([]);
  });

  it('R99: the settings name the applications at a path, whose pages share the origin of the console', () => {
    const atHost = { ...QUIET, name: 'Redmine', mount: { host: 'redmine.example', pathPrefix: '/' } };
    const [warning, ...others] = sharedOriginWarnings([QUIET, atHost]);
    expect([warning?.code, others]).toEqual(['console_shares_origin', []]);
    expect(warning?.message).toContain('"Wiki"');
    expect(warning?.message).not.toContain('Redmine');
    expect(sharedOriginWarnings([atHost])).toEqual([]);
    expect(sharedOriginWarnings([])).toEqual([]);
  });

  it.each([
    ['http://wiki.internal', true],
    ['http://192.168.0.5:8090', true],
    ['http://localhost.evil.example', true],
    ['http://localhost:8090', false],
    ['http://127.0.0.1:8090/x', false],
    ['http://[::1]:8090', false],
    ['https://wiki.internal', false],
  ])('R61: an upstream %s without encryption across a network gives a warning: %s', (upstream, told) => {
    expect(codesOf({ upstream })).toEqual(told ? ['upstream_not_encrypted'] : []);
  });

  it('R45: a generic application that lets everyone through gives a warning', () => {
    const changes = { kind: 'generic', passwords: 'deny', nativeTokensDisabled: false } as const;
    expect(codesOf(changes)).toEqual(['anonymous_allowed']);
  });

  it('R42: a generic application that gets passwords gives a warning', () => {
    const changes = { kind: 'generic', anonymous: 'deny', nativeTokensDisabled: false } as const;
    expect(codesOf({ ...changes, passwords: 'forward' })).toEqual(['passwords_forwarded']);
    expect(codesOf({ ...changes, passwords: 'deny' })).toEqual([]);
  });

  it('R17: an identity that names no user gives a warning', () => {
    const headers = [{ name: 'X-Tenant', template: 'blue' }];
    expect(codesOf({ identity: { mode: 'headers', encoding: 'percent', headers } })).toEqual(['identity_without_user']);
    expect(codesOf({ identity: { mode: 'headers', encoding: 'percent', headers: [] } })).toEqual([
      'identity_without_user',
    ]);
  });

  it('R71: a service account that acts for no user gives a warning', () => {
    const form = { type: 'bearer', username: null, header: null, scope: null, sealed: 'v2.1.x', hint: '…' } as const;
    const service = { mode: 'credential', perUser: false, encoding: 'percent', services: [form] } as const;
    const headers = [{ name: 'Sudo', template: '{username}' }];
    expect(codesOf({ identity: { ...service, headers: [] } })).toEqual(['identity_without_user']);
    expect(codesOf({ identity: { ...service, headers } })).toEqual([]);
    expect(
      codesOf({ identity: { mode: 'jwt', encoding: 'percent', headers: [], header: 'X-A', audience: 'a' } }),
    ).toEqual([]);
  });

  it('R61: a readable fixed value that looks like a secret gives a warning', () => {
    const headers = [...QUIET.identity.headers, { name: 'X-Api-Key', template: 'abc' }];
    expect(codesOf({ identity: { mode: 'headers', encoding: 'percent', headers } })).toEqual(['fixed_value_readable']);
    const sealed = [...QUIET.identity.headers, { name: 'X-Api-Key', sealed: 'v1.abc' }];
    expect(codesOf({ identity: { mode: 'headers', encoding: 'percent', headers: sealed } })).toEqual([]);
  });

  it('R13: an exception for whole trees of the application gives a warning', () => {
    expect(codesOf({ readOnlyExceptions: [{ method: 'POST', path: '/**' }] })).toEqual(['exception_too_wide']);
    expect(codesOf({ readOnlyExceptions: [{ method: 'POST', path: '/rest/**' }] })).toEqual([]);
  });

  it('R118: token paths for nearly every page give a warning, where there are pages', () => {
    expect(codesOf({ tokenPaths: [{ path: '/**' }] })).toEqual(['token_path_too_wide']);
    expect(codesOf({ tokenPaths: [{ path: '/download/attachments/**' }] })).toEqual([]);
    expect(codesOf({ kind: 'generic', anonymous: 'deny', passwords: 'deny', tokenPaths: [{ path: '/**' }] })).toEqual(
      [],
    );
  });
});
