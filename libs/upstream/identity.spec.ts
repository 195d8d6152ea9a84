import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fillTemplate,
  isIdentityHeaderName,
  parseTemplate,
  type IdentityEncoding,
  type IdentityFacts,
} from './identity.js';

const ALICE: IdentityFacts = {
  username: 'alice',
  displayName: 'Alice Doe',
  email: 'alice@example.org',
  groups: 'developers,testers',
  tokenId: 'AAAAAAAAAAAA',
  scope: 'read-only',
};

function fill(text: string, facts: Partial<IdentityFacts> = {}, encoding: IdentityEncoding = 'percent'): string {
  const parsing = parseTemplate(text);
  if (!parsing.ok) throw new Error(parsing.message);
  return fillTemplate(parsing.template, { ...ALICE, ...facts }, encoding);
}

describe('a template of an identity line', () => {
  it.each([
    ['{username}', 'alice'],
    ['user={username};groups={groups}', 'user=alice;groups=developers,testers'],
    ['{tokenId}/{scope}', 'AAAAAAAAAAAA/read-only'],
    ['{displayName} <{email}>', 'Alice Doe <alice@example.org>'],
    ['fixed', 'fixed'],
    ['', ''],
  ])('R02: %s says who the owner of the token is', (text, value) => {
    expect(fill(text)).toBe(value);
  });

  it.each(['{user}', '{username', 'username}', '{{username}}', '{}', '{Username}', 'a\nb', 'a\u007f'])(
    'R02: %j is no template, and is refused with a reason',
    (text) => {
      expect(parseTemplate(text)).toMatchObject({ ok: false, message: expect.stringMatching(/\w/) });
    },
  );

  it('R02: a name cannot break out of its line', () => {
    expect(fill('{username}', { username: 'a\r\nX-Admin: 1' })).toBe('a%0D%0AX-Admin: 1');
  });

  it('R02: what is not ASCII goes as percent-encoded UTF-8, and so does the percent sign', () => {
    expect(fill('{displayName}', { displayName: 'Zoë 100% 🙂' })).toBe('Zo%C3%AB 100%25 %F0%9F%99%82');
  });

  it('R02: as utf-8, what is not ASCII goes as its bytes, and the percent sign as itself', () => {
    const value = fill('{displayName}', { displayName: 'Zoë 100% 🙂' }, 'utf-8');
    expect(Buffer.from(value, 'latin1').toString('utf8')).toBe('Zoë 100% 🙂');
    expect(fill('{username}', { username: 'a\r\nX-Admin: 1' }, 'utf-8')).not.toMatch(/[\r\n]/);
  });

  it('R02: as utf-8, a value never holds what a header line may not, and is UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (displayName) => {
        const value = fill('{displayName}', { displayName }, 'utf-8');
        expect(value).toMatch(/^[\x20-\x7e\x80-\xff]*$/);
        const shown = [...displayName.toWellFormed()].map((one) => (one < ' ' || one === '\x7f' ? '\ufffd' : one));
        expect(Buffer.from(value, 'latin1').toString('utf8')).toBe(shown.join(''));
      }),
    );
  });

  it('R02: a braced name in a value is no placeholder', () => {
    expect(fill('{displayName}', { displayName: '{groups}' })).toBe('{groups}');
  });

  it('R02: a value is always printable ASCII and reads back as what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (displayName) => {
        const value = fill('{displayName}', { displayName });
        expect(value).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeURIComponent(value)).toBe(displayName.toWellFormed());
      }),
    );
  });

  it('R02: reading a template never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof parseTemplate(text).ok).toBe('boolean');
      }),
    );
  });
});

describe('the name of an identity line', () => {
  it.each(['X-Forwarded-User', 'REMOTE_USER', 'Authorization', 'X-Redmine-API-Key'])('R02: %s can be one', (name) => {
    expect(isIdentityHeaderName(name)).toBe(true);
  });

  it.each([
    'Host',
    'content_length',
    'Cookie',
    'Transfer-Encoding',
    'X-Request-Id',
    'a b',
    'a:b',
    '',
    'ü',
    'x'.repeat(129),
  ])('R02: %j means something else, or nothing', (name) => {
    expect(isIdentityHeaderName(name)).toBe(false);
  });
});
