import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { compileSessionParameters } from './session-parameter.js';

const rule = compileSessionParameters(['jsessionid', 'sid']);
const S = '6F1A0C42D9E8B7A65F4E3D2C1B0A9988';

describe('the session ids of an answer', () => {
  it.each([
    ['/x;jsessionid=<S>', '/x'],
    ['/x;JSessionId=<S>', '/x'],
    ['/x;jsessionid=<S>.node1', '/x'],
    ['/x;jsessionid=<S>?a=1', '/x?a=1'],
    ['/x;jsessionid=<S>#top', '/x#top'],
    ['/x;jsessionid=<S>/y', '/x/y'],
    ['/x;jsessionid=<S>;v=1', '/x;v=1'],
    ['/x;v=1;sid=<S>', '/x;v=1'],
    ['/x;sid=<S>;jsessionid=<S>', '/x'],
    ['http://h:8080/x;jsessionid=<S>', 'http://h:8080/x'],
    ['/x%3Bjsessionid%3D<S>', '/x'],
    ['/x%3bJSESSIONID=<S>%3Fa=1', '/x%3Fa=1'],
    ['/x%253Bjsessionid%253DS%252Fy', '/x%252Fy'],
    ['/x;%6Asession%49d=<S>', '/x'],
    ['/login?to=%2Fx%3Bjsessionid%3D<S>%26b=1', '/login?to=%2Fx%26b=1'],
    ['/login?to=/x;jsessionid=<S>&b=1', '/login?to=/x&b=1'],
    ['/x;jsessionid=', '/x'],
  ])('R11: %s becomes %s in Location', (value, cleaned) => {
    expect(rule.clean('location', value.replaceAll('<S>', S))).toBe(cleaned);
  });

  it.each(['/x', '/x;v=1', '/x?a=1;sid=5', '/x;mysid=5', '/x;sid', '/x%20y', '/x?jsessionid=a', '/%', ''])(
    'R11: %j stays as it is',
    (value) => {
      expect(rule.clean('location', value)).toBe(value);
    },
  );

  it('R11: Link holds several, and parameters of its own', () => {
    const link = `</a;jsessionid=${S}>; rel="next";sid=1, <http://h/b%3Bsid%3D${S}?q=1>; rel=last`;
    expect(rule.clean('link', link)).toBe('</a>; rel="next";sid=1, <http://h/b?q=1>; rel=last');
  });

  it('R11: Refresh holds one after its seconds', () => {
    expect(rule.clean('refresh', `5;url=/a;jsessionid=${S}`)).toBe('5;url=/a');
    expect(rule.clean('refresh', `5; URL="/a;sid=${S}"`)).toBe('5; URL="/a"');
    expect(rule.clean('refresh', `3;URL='/a;sid=${S}'`)).toBe("3;URL='/a'");
    expect(rule.clean('refresh', `3; '/a;jsessionid=${S}?x'`)).toBe("3; '/a?x'");
    expect(rule.clean('refresh', `0,/a;sid=${S}?x`)).toBe('0,/a?x');
    expect(rule.clean('refresh', `0;url=/it's;sid=${S}'x`)).toBe("0;url=/it's");
    expect(rule.clean('refresh', '5')).toBe('5');
  });

  it('R11: in whatever spelling it is written, no session id is left', () => {
    const spelled = fc
      .array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 12 })
      .map((ways) => [...';jsessionid='].map((letter, index) => spell(letter, ways[index] ?? 0)).join(''));
    const piece = fc.string({ unit: fc.constantFrom(...'ab/;=%3B'), maxLength: 10 });
    fc.assert(
      fc.property(piece, spelled, piece, (before, parameter, after) => {
        for (const header of ['location', 'link', 'refresh'] as const) {
          const value = { location: '', link: '<', refresh: '0;url=' }[header];
          const cleaned = rule.clean(
            header,
            `${value}/${before}${parameter}${S}/${after}${header === 'link' ? '>' : ''}`,
          );
          expect(cleaned).not.toContain(S);
          expect(rule.clean(header, cleaned)).toBe(cleaned);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('R112: a value of nothing but separators is cleaned in linear time', async () => {
    for (const filler of [';', '%3B', '%25', ';jsessionid', ';jsessionid=', '<', '%']) {
      for (const header of ['location', 'link', 'refresh'] as const) {
        const valueOf = (length: number): string => filler.repeat(length / filler.length);
        await expectLinearTime(65_536, valueOf, (value) => rule.clean(header, value));
      }
    }
  });
});

/** A letter plainly, in upper case, percent-encoded, or encoded twice. */
function spell(letter: string, way: number): string {
  const hex = letter.charCodeAt(0).toString(16);
  return [letter, letter.toUpperCase(), `%${hex}`, `%25${hex.toUpperCase()}`][way] ?? letter;
}
