import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markedParameters, nameMark, queryParameters, valueMark } from './query-parameter.js';

const LOGIN = nameMark('os_username', 'os_password');
const TOKEN = valueMark('sg_', 'sgs_');

/** Texts made of what separates, encodes, folds and spells the names that are looked for. */
const FIELDS = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '&',
        ';',
        '=',
        '%',
        '%2',
        '%6F',
        '%6f',
        '%73',
        '%5f',
        '%2E',
        '%00',
        '%20',
        '+',
        '.',
        '-',
        '[',
        ']',
        '%5B',
        ' ',
      ),
      fc.constantFrom(
        'os_username',
        'OS.PassWord',
        'o',
        's',
        '_',
        'username',
        'password',
        'sg_',
        'S',
        'gs_',
        'x',
        'é',
        '\0',
      ),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

describe('parameters found by a mark', () => {
  it('R43: are all those with one of the names, in every spelling, in their order', () => {
    const isLogin = ({ name }: { readonly name: string }): boolean => name === 'os_username' || name === 'os_password';
    fc.assert(
      fc.property(FIELDS, (text) => {
        expect([...markedParameters(text, LOGIN)].filter(isLogin)).toEqual(queryParameters(text).filter(isLogin));
      }),
      { numRuns: 3_000 },
    );
  });

  it('R109: are all those whose value begins as a token, after what readers leave out', () => {
    const isToken = ({ value }: { readonly value: string | null }): boolean => /^[\s"'(]*sgs?_/.test(value ?? '');
    fc.assert(
      fc.property(FIELDS, (text) => {
        expect([...markedParameters(text, TOKEN)].filter(isToken)).toEqual(queryParameters(text).filter(isToken));
      }),
      { numRuns: 3_000 },
    );
  });

  it('R112: leave out what cannot matter, without reading it', () => {
    expect([...markedParameters('a=b&'.repeat(16_000), TOKEN)]).toEqual([]);
    expect([...markedParameters(`${'a=%41&'.repeat(9_000)}t=%73g_x`, TOKEN)]).toEqual([{ name: 't', value: 'sg_x' }]);
  });

  it('R112: are found in a text of nothing but beginnings', () => {
    for (const text of ['.'.repeat(1_048_576), '%2e'.repeat(300_000), '=%3d'.repeat(200_000)]) {
      expect([...markedParameters(text, LOGIN), ...markedParameters(text, TOKEN)]).toEqual([]);
    }
  });
});
