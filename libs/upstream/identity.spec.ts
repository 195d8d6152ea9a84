import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fillTemplate,
  hasPlaceholder,
  identityLines,
  isIdentityHeaderName,
  parseSecret,
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

/** The line that goes upstream for a user. */
function basicLine(secret: string, username = 'alice'): string {
  const parsing = parseSecret('Authorization', secret);
  if (!parsing.ok) throw new Error(parsing.message);
  const { template, isBasic } = parsing;
  const user = { username, displayName: '', email: null, groups: [] };
  const templates = [{ name: 'Authorization', template, isBasic }];
  return identityLines({ templates, encoding: 'percent' }, { user, token: null })[1] ?? '';
}

function decoded(line: string): string {
  return Buffer.from(line.replace(/^Basic /, ''), 'base64').toString('utf8');
}

describe('a secret that is a credential for HTTP Basic', () => {
  it.each([
    ['Basic {username}:word', 'alice', 'alice:word'],
    ['basic   {username}:word', 'alice', 'alice:word'],
    ['Basic EXAMPLE\\{username}:word', 'alice', 'EXAMPLE\\alice:word'],
    ['Basic {username}:a:b {username} {x', 'alice', 'alice:a:b {username} {x'],
    ['Basic {username}:', 'alice', 'alice:'],
    ['Basic service:word', 'alice', 'service:word'],
    ['Basic {username}:word', 'Zo\u00eb 100% \u6f22', 'Zo\u00eb 100% \u6f22:word'],
  ])('R02: %s is sent in base64, in UTF-8', (secret, username, expected) => {
    const line = basicLine(secret, username);
    expect(line).toMatch(/^Basic [A-Za-z0-9+/]+=*$/);
    expect(decoded(line)).toBe(expected);
  });

  it.each(['Basic YWxpY2U6d29yZA==', 'Bearer a:b', 'Basic', 'a:b', 'Token {username}:x'])(
    'R02: %s is sent as it is',
    (secret) => {
      expect(basicLine(secret)).toBe(secret);
    },
  );

  it('R02: exists for Authorization alone, in any spelling', () => {
    const secret = 'Basic {username}:word';
    expect(parseSecret('X-Auth', secret)).toEqual({ ok: true, template: [secret], isBasic: false });
    expect(parseSecret('AUTHORIZATION', secret)).toMatchObject({ ok: true, isBasic: true });
  });

  it.each(['Basic {user}:word', 'Basic {displayName}:word', 'Basic {username:word', 'Basic username}:word'])(
    'R02: %s is refused',
    (secret) => {
      expect(parseSecret('Authorization', secret)).toMatchObject({ ok: false });
    },
  );

  it.each(['alice:admin', 'a:', ':', 'a\nb', 'a\u0000'])(
    'R02: never names another user than the owner (%j)',
    (username) => {
      expect(() => basicLine('Basic {username}:word', username)).toThrow(/user name/);
    },
  );

  it('R02: is another one for each user only with a placeholder', () => {
    const isPersonal = (secret: string): boolean => {
      const parsing = parseSecret('Authorization', secret);
      return parsing.ok && hasPlaceholder(parsing.template);
    };
    expect(isPersonal('Basic {username}:word')).toBe(true);
    expect(isPersonal('Basic service:word')).toBe(false);
    expect(isPersonal('Bearer {username}')).toBe(false);
  });
});
