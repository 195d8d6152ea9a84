import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailProblem, groupNameProblem, userNameProblem } from './name.rules.js';

describe('the name of a user', () => {
  it.each(['anna', 'Anna Example', 'anna@example.com', 'jürgen', '用户', 'a/b', 'x'.repeat(255)])(
    'R44: %j can be a user name',
    (name) => expect(userNameProblem(name)).toBeNull(),
  );

  it.each([
    ['', 'empty'],
    ['x'.repeat(256), '255'],
    ['İ'.repeat(200), '255'],
    ['anna:b', 'colon'],
    [' anna', 'blank'],
    ['anna\u00a0', 'blank'],
    ['an\u00a0na', 'blank'],
    ['an\u3000na', 'blank'],
    ['an\u2800na', 'blank'],
    ['an\u00adna', 'invisible'],
    ['anna\ufe0f', 'invisible'],
    ['an\u115fna', 'invisible'],
    ['anna\u3164', 'invisible'],
    ['an\u034fna', 'invisible'],
    ['an\u{e0100}na', 'invisible'],
    ['an\u180bna', 'invisible'],
    ['an\nna', 'invisible'],
    ['an\u200bna', 'invisible'],
    ['an\u202ena', 'invisible'],
    ['\ud800', 'invisible'],
    ['..', '".."'],
  ])('R44: %j cannot be a user name (%s)', (name, part) => expect(userNameProblem(name)).toContain(part));

  it.each(['sg_anna', 'sgs_anna', 'SG_anna', 'Sgs_anna', 'sg_', '"sg_anna', '(SG_anna)'])(
    'R44, R109: %j cannot be a user name, since HTTP Basic takes it for a token',
    (name) => expect(userNameProblem(name)).toContain('HTTP Basic'),
  );

  it.each(['sganna', 'sg-anna', 'anna_sg_1', 'msg_anna', 'sgx_anna', '\u017fg_anna'])(
    'R44, R109: %j can be a user name',
    (name) => expect(userNameProblem(name)).toBeNull(),
  );

  it('R44: every text gets an answer, and what fits survives HTTP Basic', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        if (userNameProblem(name) !== null) return;
        const sent = Buffer.from(`${name}:secret`).toString('utf8');
        expect(sent.slice(0, sent.indexOf(':'))).toBe(name);
      }),
    );
  });
});

describe('the name of a group', () => {
  it.each(['administrators', 'R&D', 'team/one', 'sg_team', 'a:b'])('R19: %j can be a group', (name) =>
    expect(groupNameProblem(name)).toBeNull(),
  );

  it('R19: a comma would make one group look like two where the groups of a user are handed on', () => {
    expect(groupNameProblem('a,administrators')).toContain('comma');
  });

  it.each(['a\u3164', 'a\u200db', 'a\u00a0b', 'a\u2065', '', ' a', 'a ', 'a\u0000', '.', 'x'.repeat(256)])(
    'R19: %j cannot be a group',
    (name) => expect(groupNameProblem(name)).not.toBeNull(),
  );
});

describe('an email address', () => {
  it.each(['anna@example.test', 'anna@localhost', 'jürgen@example.test'])('R63: %j will do', (text) => {
    expect(emailProblem(text)).toBeNull();
  });

  it.each(['', 'anna', 'anna@', '@example.test', '\ud800', 'a\udc00@example.test', `${'x'.repeat(300)}@example.test`])(
    'R63: %j will not do, and is no failure of ours',
    (text) => {
      expect(emailProblem(text)).toBe('must be an email address');
    },
  );
});
