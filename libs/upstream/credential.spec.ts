import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AUTHORIZATION_BEARER,
  credentialLine,
  credentialSecretProblem,
  credentialUserProblem,
  secretHint,
} from './credential.js';

const BEARER = { type: 'bearer', username: null, header: null } as const;

describe('a credential of the upstream', () => {
  it.each([
    [BEARER, 'abc', AUTHORIZATION_BEARER, ['Authorization', 'Bearer abc']],
    [BEARER, 'abc', { header: 'X-Redmine-API-Key', prefix: '' }, ['X-Redmine-API-Key', 'abc']],
    [
      { type: 'basic', username: 'jörg', header: null },
      'pä:ss',
      AUTHORIZATION_BEARER,
      ['Authorization', `Basic ${Buffer.from('jörg:pä:ss').toString('base64')}`],
    ],
    [
      { type: 'header', username: null, header: 'Private-Token' },
      'abc',
      AUTHORIZATION_BEARER,
      ['Private-Token', 'abc'],
    ],
  ] as const)('R68, R71: %j is presented as one line', (form, secret, bearer, line) => {
    expect(credentialLine(form, secret, bearer)).toEqual(line);
  });

  it('R68: a secret has at most 4096 bytes in one line', () => {
    for (const type of ['bearer', 'basic', 'header'] as const) {
      expect(credentialSecretProblem(type, 'x'.repeat(4096))).toBeNull();
      for (const secret of ['', 'x'.repeat(4097), 'a\nb', 'a\r\nX-Other: 1', '\u0000', 'a\u0085']) {
        expect(credentialSecretProblem(type, secret)).not.toBeNull();
      }
    }
    expect(credentialSecretProblem('basic', 'ä'.repeat(2049))).not.toBeNull();
    expect(credentialSecretProblem('basic', ' pässword ')).toBeNull();
    expect(credentialSecretProblem('bearer', ' abc')).not.toBeNull();
    expect(credentialUserProblem('a:b')).not.toBeNull();
    expect(credentialUserProblem('a b')).toBeNull();
  });

  it('R69: a hint shows four characters at most, and nothing of a short secret', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (secret) => {
        const hint = secretHint(secret);
        expect(hint.length).toBeLessThanOrEqual(5);
        if (secret.length < 20) expect(hint).toBe('…');
      }),
    );
  });
});
