import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { pathReadings } from './index.js';

const PLAIN = { rewritesStatic: false };
const ATLASSIAN = { rewritesStatic: true };

describe('the readings of a path', () => {
  it.each([
    '/users/%63urrent',
    '/users/%2563urrent',
    '/users%2Fcurrent',
    '/users%5Ccurrent',
    '/users%252Fcurrent',
    '//users//current',
    '/./users/./current',
    '/users;x=1/current;y',
    '/users%3Bx/current',
    '/users/current%3Fx',
    '/users/current%23x',
    '/users/current%2500.json',
    '/users/cur%2509rent',
    '/users/current.',
    '/users/current%20',
    '/users/%20current',
    '/users/.%2Fcurrent',
    '/users%EF%BC%8Fcurrent',
    '/users%E2%88%95current',
    '/users%C2%A5current',
    '/users%25u002Fcurrent',
    '/users%25c0%25afcurrent',
    '/users%25e0%2580%25afcurrent',
    '/users/%EF%BD%83urrent',
    '/users/cur%C2%ADrent',
    '//evil.example/users/current',
    '/%5Cevil.example/users/current',
    '/%2F%2Fevil.example/users/current',
  ])('R13: /users/current is among those of %s', (path) => {
    expect(pathReadings(path, PLAIN)).toContain('/users/current');
  });

  it.each(['/', '/users/current', '/a.b/.well-known/c', "/a/!$&'()*+,=:@~", '/users/current/'])(
    'R13: %s has one reading',
    (path) => {
      expect(pathReadings(path, PLAIN)).toEqual([path]);
    },
  );

  it('R13: a slash at the end stays, since it can name another resource', () => {
    expect(pathReadings('/users//current/', PLAIN)).toContain('/users/current/');
    expect(pathReadings('/users//current/', PLAIN)).not.toContain('/users/current');
  });

  it('R13: the rewrite of static files counts for products that have it, at every place', () => {
    const path = '/s/a/_/b/_/secure/x';
    expect(pathReadings(path, ATLASSIAN)).toEqual([path, '/b/_/secure/x', '/secure/x']);
    expect(pathReadings(path, PLAIN)).toEqual([path]);
    expect(pathReadings('/s/a%2F_%2Fsecure/x', ATLASSIAN)).toContain('/secure/x');
  });

  it('R13: a path with too many readings has none, and costs little', async () => {
    expect(pathReadings(`/x/%${'25'.repeat(2000)}41`, PLAIN)).toBeNull();
    const pieces = ['.', ' ', '%2F', '%5C', ';', '/', '//', '%20', '/.', '%25', '%E2%88%95', '.a', '%CC%81', '/_/'];
    for (const piece of pieces) {
      for (const prefix of ['/', '/s/', '/%2F;.%20/']) {
        const pathOf = (length: number): string => prefix + piece.repeat(length / piece.length);
        await expectLinearTime(16_000, pathOf, (path) => pathReadings(path, ATLASSIAN));
      }
    }
  });

  it('R13: the path itself is the first reading, and no reading of a reading is missing', () => {
    const piece = fc.constantFrom('/', 'a', '.', '%2F', '%5C', ';', '%3B', '%25', '%20', '//', 'B', '%EF%BC%8F');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
        const path = `/${pieces.join('')}`;
        const readings = pathReadings(path, PLAIN);
        if (readings === null) return;
        expect(readings[0]).toBe(path);
        for (const reading of readings) {
          expect(readings).toEqual(expect.arrayContaining([...(pathReadings(reading, PLAIN) ?? [])]));
        }
      }),
    );
  });
});
