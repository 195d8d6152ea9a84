import { randomBytes } from 'node:crypto';
import { HmacKey } from '@scopegate/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { sessionsInCookies, withoutSessions } from './session-cookie.js';
import { mintSession } from './session-format.js';

const { secret: S } = mintSession(new HmacKey('a pepper of a test'), randomBytes);

/** Ways to write a value that some reader takes for the value itself. */
const SPELLINGS: readonly (readonly [string, string])[] = [
  ['plainly', S],
  ['in quotes', `"${S}"`],
  ['behind an unclosed quote', `"${S}`],
  ['before a quote', `${S}"`],
  ['with blanks', ` \t${S} `],
  ['with blanks in quotes', `" ${S} "`],
  ['with an encoded letter', `%73${S.slice(1)}`],
  ['with every letter encoded', [...S].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')],
  ['encoded twice', `%2573${S.slice(1)}`],
  ['in encoded quotes', `%22${S}%22`],
  ['with backslashes', `"\\s${S.slice(1)}"`],
];

describe('sessionsInCookies', () => {
  it.each(SPELLINGS)('R11: finds a session that is written %s', (_name, value) => {
    for (const line of [`JSESSIONID=${value}`, `other=${value}`, `a=1; x=${value}; b=2`, `a=1,x=${value}`, value]) {
      expect(sessionsInCookies([line]), line).toEqual([S]);
      expect(sessionsInCookies(['a=1', line])).toEqual([S]);
    }
  });

  it('R11: finds one session once, and several that differ all', () => {
    expect(sessionsInCookies([`a=${S}; b="${S}"`, `c=${S}`])).toEqual([S]);
    expect(sessionsInCookies([`a=${S}; b=sgs_other`])).toEqual([S, 'sgs_other']);
  });

  it.each(['JSESSIONID=0123456789ABCDEF', 'sgs_name=1', 'a=xsgs_b', 'a==sgs_b', 'a=SGS_b', 'a=sg_b', '', '%', 'a=%s'])(
    'R11: %j holds no session, and stays as it is',
    (line) => {
      expect(sessionsInCookies([line])).toEqual([]);
      expect(withoutSessions(line)).toBe(line);
    },
  );

  it('R112: a line of nothing but blanks, quotes or percent signs is read in linear time', async () => {
    for (const filler of [' ', '"', '%', '%25', '\\', ';', ',', '%73']) {
      const lineOf = (length: number): string => `a=${filler.repeat(length / filler.length)}x`;
      await expectLinearTime(16_384, lineOf, (line) => sessionsInCookies([line]));
      await expectLinearTime(16_384, lineOf, withoutSessions);
    }
  });
});

describe('withoutSessions', () => {
  const BROWSER = `sgb_${'x1'.repeat(21)}y`;

  it.each([
    `scopegate=${BROWSER}`,
    `__Host-scopegate=${BROWSER}`,
    `__host-SCOPEGATE=${BROWSER}`,
    'scopegate=whatever',
    'scopegate',
    '"scopegate"=x',
    'scope%67ate=x',
    '__Host%2Dscopegate=x',
    '%2573copegate=x',
    `other=${BROWSER}`,
    `other="${BROWSER}"`,
    'other=%73gb_x',
    'other=s\\gb_x',
    BROWSER,
    'scopegate-login=x',
    '__Secure-scopegate-LOGIN=x',
    'scopegate%2Dlogin=x',
  ])('R99: removes the session of a browser by name or value: %s', (cookie) => {
    expect(withoutSessions(cookie)).toBeNull();
    expect(withoutSessions(`a=1; ${cookie}; b="2%20"`)).toBe('a=1; b="2%20"');
    expect(withoutSessions(`a=1,${cookie}`)).toBe('a=1');
  });

  it.each([
    'scopegate2=x',
    'my-scopegate=x',
    'note=scopegate',
    'a=xsgb_1',
    '__Secure-scopegate=x',
    'scopegate-logins=x',
  ])('R99: leaves other cookies alone: %s', (cookie) => {
    expect(withoutSessions(`a=1; ${cookie}`)).toBe(`a=1; ${cookie}`);
  });

  it.each(SPELLINGS)('R11: takes out a session that is written %s, and nothing else', (_name, value) => {
    expect(withoutSessions(`JSESSIONID=${value}`)).toBeNull();
    expect(withoutSessions(`a=1; JSESSIONID=${value}; b="2%20"`)).toBe('a=1; b="2%20"');
    expect(withoutSessions(`JSESSIONID=${value}; b=2`)).toBe('b=2');
    expect(withoutSessions(`a=1,x=${value},b=2`)).toBe('a=1,b=2');
  });

  it('R11: whatever is around it, no session is left, and the other cookies are', () => {
    const other = fc
      .string({ unit: fc.constantFrom(...'ab=%7"\\ ;,'), maxLength: 12 })
      .filter((text) => sessionsInCookies([text]).length === 0);
    fc.assert(
      fc.property(other, fc.constantFrom(...SPELLINGS), other, (before, [, value], after) => {
        const rest = withoutSessions(`${before};x=${value};${after}`);
        expect(sessionsInCookies(rest === null ? [] : [rest])).toEqual([]);
        expect(rest ?? '').not.toContain(S.slice(4));
        for (const text of [before, after]) {
          for (const cookie of text.split(/[;,]/)) expect(rest ?? '').toContain(cookie.trim());
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
