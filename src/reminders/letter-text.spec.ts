import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endingLetter, newAddressLetter, oneLine, type LetterFacts } from './letter-text.js';

const FACTS: LetterFacts = {
  description: 'nightly build',
  hint: 'sg_AbCd…',
  tokenId: 'AbCdEfGhIjKl',
  scope: 'read-only',
  owner: 'bob',
  creator: null,
  isOwn: true,
  alsoTold: null,
  publicUrl: null,
};

const NOW = Date.UTC(2027, 0, 1);
const HOUR_MS = 3_600_000;

describe('the text of a mail', () => {
  it.each([
    [30 * 24, 'in 30 days'],
    [7 * 24 - 1, 'in 7 days'],
    [24, 'in 1 day'],
    [23.9, 'in 23 hours'],
    [1, 'in 1 hour'],
    [0.5, 'within an hour'],
  ])('R98: %d hours before the end it says "%s"', (hours, text) => {
    const letter = endingLetter(FACTS, NOW + hours * HOUR_MS, NOW);
    expect(letter.subject).toBe(`Scopegate: your token ends ${text}: nightly build`);
    expect(letter.text).toContain(`Your token "nightly build" ends ${text}, on 2027-01-`);
  });

  it('R98: names owner and creator, and who else was told', () => {
    const facts = { ...FACTS, isOwn: false, creator: 'anna', alsoTold: 'bob', publicUrl: 'https://gate.example.com' };
    const { text } = endingLetter(facts, NOW + 48 * HOUR_MS, NOW);
    expect(text).toContain('The token "nightly build" of bob ends in 2 days');
    expect(text).toContain('Owner: bob\nCreated by: anna\n');
    expect(text).toContain('because you created the token. bob got one, too.');
    expect(text).toContain('https://gate.example.com/console');
    expect(newAddressLetter(facts, '192.0.2.1', NOW).text).toContain(
      'used from 192.0.2.1 for the first time, on 2027-01-01',
    );
  });

  it('R61, R98: shows no token that stands in a description', () => {
    const secret = `sg_${'a'.repeat(12)}_${'B'.repeat(40)}_${'c'.repeat(6)}`;
    const { subject, text } = endingLetter({ ...FACTS, description: `mine: ${secret}` }, NOW + HOUR_MS, NOW);
    expect(subject + text).not.toContain('B'.repeat(8));
  });

  it.each([
    ['a\r\nBcc: x@example.com', 'a Bcc: x@example.com'],
    ['a\u2028b\u2029c\u0085d\u000be', 'a b c d e'],
    ['\u202egnp.exe\u2066', 'gnp.exe'],
    ['  a \t b  ', 'a b'],
    ['ü🔑', 'ü🔑'],
  ])('R98: %j becomes the one line %j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  it('R98: whatever users write, a subject is one bounded line, and the lines of the text are ours', () => {
    const expected = endingLetter(FACTS, NOW + HOUR_MS, NOW).text.split('\n').length;
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        (description, owner) => {
          const { subject, text } = endingLetter({ ...FACTS, description, owner }, NOW + HOUR_MS, NOW);
          expect(subject).not.toMatch(/[\r\n\p{Cc}\p{Zl}\p{Zp}]/u);
          expect(subject.length).toBeLessThan(250);
          expect(text.split('\n')).toHaveLength(expected);
        },
      ),
    );
  });
});
