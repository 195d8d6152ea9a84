import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusesCredential, SERAPH_SIGNS } from './refused-credential.js';

const LOGIN_REDIRECT = ['Location', 'http://jira.example/jira/login.jsp?os_destination=%2Fbrowse'];

describe('an answer of an Atlassian product to a credential', () => {
  it.each<[status: number, lines: readonly string[]]>([
    [401, []],
    [401, ['X-AUSERNAME', '']],
    [401, ['X-AUSERNAME', 'alice', 'X-Authentication-Denied-Reason', 'CAPTCHA_CHALLENGE; login-url=x']],
    [200, ['X-AUSERNAME', 'anonymous']],
    [404, ['x-ausername', ' Anonymous ']],
    [403, ['X-Authentication-Denied-Reason', 'CAPTCHA_CHALLENGE; login-url=https://jira.example/login.jsp']],
    [200, ['X-Authentication-Denied-Reason', '']],
    [200, ['X-Seraph-LoginReason', 'AUTHENTICATED_FAILED']],
    [403, ['X-Seraph-LoginReason', 'OUT', 'X-Seraph-LoginReason', 'AUTHENTICATION_DENIED']],
    [403, ['x-seraph-loginreason', 'out, authentication_denied']],
    [302, LOGIN_REDIRECT],
    [303, ['Location', '/login.jsp;jsessionid=1?permissionViolation=true']],
    [307, ['Location', '/wiki/login.action']],
    [302, ['Location', '/login?next=/projects']],
  ])('R70: %s with %j refuses it', (status, lines) => {
    expect(refusesCredential(status, lines, SERAPH_SIGNS)).toBe(true);
  });

  it.each<[status: number, lines: readonly string[]]>([
    [200, []],
    [403, []],
    [403, ['X-AUSERNAME', 'alice']],
    [401, ['X-AUSERNAME', 'alice']],
    [403, ['X-Seraph-LoginReason', 'OK', 'X-AUSERNAME', 'alice']],
    [200, ['X-Seraph-LoginReason', 'OUT']],
    [200, ['X-AUSERNAME', 'anonymous2']],
    [302, ['X-AUSERNAME', 'alice', ...LOGIN_REDIRECT]],
    [302, [...LOGIN_REDIRECT, 'X-AUSERNAME', 'alice']],
    [302, ['Location', '/browse/A-1?from=/login.jsp']],
    [201, ['Location', '/rest/api/2/login']],
    [500, []],
    [503, LOGIN_REDIRECT],
  ])('R70: %s with %j does not', (status, lines) => {
    expect(refusesCredential(status, lines, SERAPH_SIGNS)).toBe(false);
  });
});

describe('an answer of another product to a credential', () => {
  it('R70: refuses it by the status 401 and nothing else', () => {
    const lines = fc.array(fc.constantFrom('X-AUSERNAME', 'anonymous', ...LOGIN_REDIRECT), { maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), lines, (status, answered) => {
        expect(refusesCredential(status, answered, null)).toBe(status === 401);
      }),
    );
  });
});
