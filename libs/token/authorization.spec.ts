import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { type AuthorizationCredential, parseAuthorization } from './authorization.js';

interface CorpusOutcome {
  readonly result: string;
  readonly user?: string;
  readonly secret?: string;
  readonly token?: string;
  readonly scheme?: string;
}

interface CorpusCase {
  readonly id: string;
  readonly why: string;
  readonly authorization: readonly string[];
  readonly expected: CorpusOutcome;
  readonly also_ok?: readonly CorpusOutcome[];
}

const corpus = JSON.parse(readFileSync(join(import.meta.dirname, '../../test/corpora/basic.json'), 'utf8')) as {
  readonly cases: readonly CorpusCase[];
};

/** The credential in the words of the corpus. */
function outcomeOf(credential: AuthorizationCredential): CorpusOutcome {
  switch (credential.kind) {
    case 'basic':
    case 'basic-non-utf8':
      return { result: credential.kind, user: credential.user, secret: credential.secret };
    case 'bearer':
      return { result: 'bearer', token: credential.token };
    case 'other-scheme':
      return { result: 'other-scheme', scheme: credential.scheme };
    case 'ambiguous':
      return { result: 'reject-400' };
    default:
      return { result: credential.kind };
  }
}

function basic(bytes: Uint8Array | string): string {
  return `Basic ${Buffer.from(bytes).toString('base64')}`;
}

describe('parseAuthorization', () => {
  it.each(corpus.cases)('R67: basic.json $id, $why', ({ authorization, expected, also_ok: alsoOk = [] }) => {
    expect([expected, ...alsoOk]).toContainEqual(outcomeOf(parseAuthorization(authorization)));
  });

  it('R67: prefers the first of several permitted outcomes throughout the corpus', () => {
    for (const { authorization, expected } of corpus.cases) {
      expect(outcomeOf(parseAuthorization(authorization))).toEqual(expected);
    }
  });

  it.each([
    ['an empty line', ''],
    ['a blank line', ' \t '],
  ])('R67: %s presents no credential', (_name, line) => {
    expect(parseAuthorization([line])).toEqual({ kind: 'none' });
  });

  it.each([
    ['several spaces after the scheme', 'Basic   YWxpY2U6dG9r'],
    ['blanks around the field value', ' \tBasic YWxpY2U6dG9r\t '],
  ])('R67: %s are no part of the credentials', (_name, line) => {
    expect(parseAuthorization([line])).toEqual({ kind: 'basic', user: 'alice', secret: 'tok' });
  });

  it.each([
    ['an empty user', basic(':tok'), '', 'tok'],
    ['a colon alone', basic(':'), '', ''],
    ['a byte order mark, which stays', basic('\ufeffalice:\ufefftok'), '\ufeffalice', '\ufefftok'],
    ['characters beyond the basic plane', basic('😀:🔑'), '😀', '🔑'],
  ])('R67: Basic with %s is read exactly', (_name, line, user, secret) => {
    expect(parseAuthorization([line])).toEqual({ kind: 'basic', user, secret });
  });

  it.each([
    ['the URL alphabet', 'Basic YWxpY2U6_-8_'],
    ['padding in the middle', 'Basic YWxp==Y2U6dG9r'],
    ['too much padding', 'Basic YWxpY2U6dG9r===='],
    ['a character that is no Base64', 'Basic YWxpY2U6dG9r\u00fc'],
    ['quotation marks', 'Basic "YWxpY2U6dG9r"'],
    ['no colon', basic('alice')],
    ['no colon and no UTF-8', basic(Uint8Array.of(0xff, 0xfe))],
    ['a TAB in the secret', basic('alice:a\tb')],
    ['a control character beside bytes that are no UTF-8', basic(Uint8Array.of(0x61, 0x3a, 0xff, 0x00))],
  ])('R67: Basic with %s is malformed', (_name, line) => {
    expect(parseAuthorization([line])).toMatchObject({ kind: 'malformed', scheme: 'basic' });
  });

  it('R67: what is no UTF-8 is read as ISO 8859-1, a surrogate written in UTF-8 included', () => {
    expect(parseAuthorization([basic(Uint8Array.of(0x61, 0x3a, 0xed, 0xa0, 0x80))])).toEqual({
      kind: 'basic-non-utf8',
      user: 'a',
      secret: '\u00ed\u00a0\u0080',
    });
    expect(parseAuthorization([basic(Buffer.from('m\u00fcller:tok', 'latin1'))])).toEqual({
      kind: 'basic-non-utf8',
      user: 'm\u00fcller',
      secret: 'tok',
    });
  });

  it.each([
    ['padding alone', 'Bearer ='],
    ['two tokens', 'Bearer a b'],
    ['a TAB after the scheme', 'bearer\tabc'],
    ['a colon after the scheme', 'Bearer: abc'],
  ])('R67: Bearer with %s is malformed', (_name, line) => {
    expect(parseAuthorization([line])).toMatchObject({ kind: 'malformed', scheme: 'bearer' });
  });

  it.each([
    ['a no-break space before Basic', '\u00a0Basic YWxpY2U6dG9r'],
    ['a quotation mark before Basic', '"Basic YWxpY2U6dG9r"'],
    ['a comma before Basic', ',Basic YWxpY2U6dG9r'],
    ['a list of schemes', 'Digest, Basic YWxpY2U6dG9r'],
  ])('R67: a line a lenient decoder may take for Basic is malformed: %s', (_name, line) => {
    expect(parseAuthorization([line])).toMatchObject({ kind: 'malformed', scheme: 'unknown' });
  });

  it('R67: several lines are ambiguous even when they are equal', () => {
    expect(parseAuthorization(['Bearer a', 'Bearer a'])).toEqual({ kind: 'ambiguous' });
  });

  it.each([
    ['Basic', 'basic', `Basic ${Buffer.from(`a:${'x'.repeat(6_136)}`).toString('base64')}`],
    ['Bearer', 'bearer', `Bearer ${'x'.repeat(8_185)}`],
  ])('R67: a %s line may have 8192 bytes and no more', (_name, kind, line) => {
    expect(line.length).toBeGreaterThan(8_188);
    expect(parseAuthorization([line])).toMatchObject({ kind });
    expect(parseAuthorization([`${line}AAAA`])).toMatchObject({ kind: 'malformed', scheme: kind });
  });

  it('R67: a long line of another scheme is not ours to judge', () => {
    expect(parseAuthorization([`Negotiate ${'x'.repeat(12_000)}`])).toMatchObject({ kind: 'other-scheme' });
  });

  it('R61: no detail repeats what was presented', () => {
    for (const line of ['Basic s3cret!', 'Bearer s3cret!', 'Basic', '"s3cret"']) {
      expect(JSON.stringify(parseAuthorization([line]))).not.toContain('s3cret');
    }
  });

  it('R67: the parser never throws', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'binary' }).map((rest) => `Basic ${rest}`),
      fc.uint8Array().map(basic),
      fc.string({ unit: 'binary' }).map((rest) => `Bearer ${rest}`),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 3 }), (lines) => {
        expect(parseAuthorization(lines)).toHaveProperty('kind');
      }),
    );
  });

  it('R67: what was encoded is read back exactly', () => {
    // Without the characters that RFC 7617 forbids.
    const text = fc
      .string({ unit: 'grapheme' })
      .map((value) => [...value].filter((character) => character >= ' ' && character !== '\u007f').join(''));
    fc.assert(
      fc.property(
        text.map((user) => user.replaceAll(':', '')),
        text,
        (user, secret) => {
          expect(parseAuthorization([basic(`${user}:${secret}`)])).toEqual({ kind: 'basic', user, secret });
        },
      ),
    );
  });

  it('R67: whatever is read as Basic has one spelling only', () => {
    fc.assert(
      fc.property(fc.base64String(), (credentials) => {
        const credential = parseAuthorization([`Basic ${credentials}`]);
        if (credential.kind === 'basic') {
          expect(basic(`${credential.user}:${credential.secret}`)).toBe(`Basic ${credentials}`);
        }
      }),
    );
  });

  it('R67: a line of 100 kB is judged in linear time', async () => {
    for (const [begin, filler, end] of [
      ['', 'a', ''],
      ['Bearer ', '=', ''],
      ['Bearer ', 'a', '!'],
    ] as const) {
      const lineOf = (length: number): string => begin + filler.repeat(length) + end;
      await expectLinearTime(100_000, lineOf, (line) => parseAuthorization([line]));
    }
  });
});
