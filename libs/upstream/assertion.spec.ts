import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ASSERTION_LIFE_SECONDS, assertionClaims, assertionLine, type AssertedRequest } from './assertion.js';

const REQUEST: AssertedRequest = {
  audience: 'https://tracker.example',
  username: 'alice',
  token: { id: 'abcdefghijkl', scope: 'read-only' },
  method: 'GET',
  target: '/tracker/issues/1?view=full',
};

describe('the claims of an assertion', () => {
  it('R72: name the audience, the user, the token and the request', () => {
    expect(assertionClaims(REQUEST, 1_800_000_000_999, 'an id')).toEqual({
      iss: 'scopegate',
      aud: 'https://tracker.example',
      sub: 'alice',
      iat: 1_800_000_000,
      exp: 1_800_000_060,
      jti: 'an id',
      scope: 'read-only',
      tokenId: 'abcdefghijkl',
      method: 'GET',
      path: '/tracker/issues/1',
    });
  });

  it('R72: are valid for at most a minute from now', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (nowMs) => {
        const { iat, exp } = assertionClaims(REQUEST, nowMs, 'an id');
        expect(exp * 1000).toBeLessThanOrEqual(nowMs + ASSERTION_LIFE_SECONDS * 1000);
        expect(exp * 1000).toBeGreaterThan(nowMs);
        expect(iat * 1000).toBeLessThanOrEqual(nowMs);
      }),
    );
  });

  it.each(['/a//b', '/a%2Fb', '/a;p=1/b', '/%61', '/'])('R72: hold the path %s byte for byte', (path) => {
    expect(assertionClaims({ ...REQUEST, target: `${path}?x=/other?y` }, 0, 'an id').path).toBe(path);
    expect(assertionClaims({ ...REQUEST, target: path }, 0, 'an id').path).toBe(path);
  });

  it('R72: travel in a header of their own, or as a Bearer token in Authorization', () => {
    expect(assertionLine('X-Scopegate-Assertion', 'a.b.c')).toEqual(['X-Scopegate-Assertion', 'a.b.c']);
    expect(assertionLine('authorization', 'a.b.c')).toEqual(['authorization', 'Bearer a.b.c']);
  });
});
