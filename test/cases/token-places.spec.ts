import { credentialKind } from '@scopegate/access';
import type { TokenPlaces } from '@scopegate/product';
import { mintToken } from '@scopegate/token';
import { forwardedHeaders } from '@scopegate/upstream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeaders } from '../../libs/access/head-credential.js';

/** Of a product whose clients send `PRIVATE-TOKEN`, `X-Redmine-API-Key` and `Authorization: token …`. */
const PLACES: TokenPlaces = { headers: ['private-token', 'x-redmine-api-key'], schemes: ['token'] };

const [ONE, OTHER] = [1, 2].map((byte) => mintToken((size) => new Uint8Array(size).fill(byte)).secret) as [
  string,
  string,
];

function basic(user: string, secret: string): string {
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

/** The token that counts, with the name beside it; or the code of the refusal; or the kind of credential. */
function read(...lines: string[]): string {
  const reading = readHeaders(lines, PLACES);
  if (!reading.ok) return reading.code;
  const { credential } = reading;
  if (credential.kind !== 'token') return credentialKind(credential);
  return `${credential.username ?? 'no name'} ${credential.secret}`;
}

describe('the places of a product for a token', () => {
  it.each(['PRIVATE-TOKEN', 'private_token', 'X-Redmine-API-Key', 'x.redmine.api.key'])(
    'R109, R121: a token in %s is presented where the record of the product says so',
    (name) => {
      expect(read(name, ONE)).toBe(`no name ${ONE}`);
      expect(readHeaders([name, ONE])).toMatchObject({ ok: false, code: 'credential_misplaced' });
    },
  );

  it.each(['token', 'Token', 'TOKEN  '])(
    'R109, R121: a token in the Authorization scheme %j is presented',
    (scheme) => {
      const lines = ['Authorization', `${scheme} ${ONE}`];
      expect(read(...lines)).toBe(`no name ${ONE}`);
      expect(readHeaders(lines)).toMatchObject({ ok: false, code: 'credential_misplaced' });
    },
  );

  it.each([
    ['X-Auth-Token', ONE],
    ['PRIVATE-TOKENS-KEY-TOKEN', ONE],
    ['PRIVATE-TOKEN', `Bearer ${ONE}`],
    ['Authorization', `token token="${ONE}"`],
    ['Authorization', `tokens ${ONE}`],
    ['Authorization', basic(ONE, 'x')],
  ])('R109: a token in %s: %s is misplaced all the same', (name, value) => {
    expect(read(name, value)).toBe('credential_misplaced');
    expect(read('PRIVATE-TOKEN', ONE, name, value)).toBe('credential_misplaced');
  });

  it('R121: the same token in several places is one credential, with the name beside it', () => {
    expect(read('PRIVATE-TOKEN', ONE, 'Authorization', `Bearer ${ONE}`)).toBe(`no name ${ONE}`);
    expect(read('Authorization', basic('bob', ONE), 'PRIVATE-TOKEN', ONE)).toBe(`bob ${ONE}`);
    expect(read('Authorization', basic('oauth2', ONE), 'PRIVATE-TOKEN', ONE)).toBe(`no name ${ONE}`);
    expect(read('PRIVATE-TOKEN', ONE, 'private-token', ONE, 'X-Redmine-API-Key', ONE)).toBe(`no name ${ONE}`);
  });

  it.each([
    ['another token', `Bearer ${OTHER}`],
    ['a password', basic('bob', 'hunter2')],
    ['a token of the product', 'Bearer glpat-x'],
    ['another scheme', 'JWT x'],
  ])('R67, R121: a token in a header beside %s in Authorization is ambiguous', (_name, value) => {
    expect(read('PRIVATE-TOKEN', ONE, 'Authorization', value)).toBe('credential_ambiguous');
    expect(read('Authorization', value, 'PRIVATE-TOKEN', ONE)).toBe('credential_ambiguous');
  });

  it('R67, R121: two tokens in two headers are ambiguous, and so are two Authorization lines', () => {
    expect(read('PRIVATE-TOKEN', ONE, 'PRIVATE-TOKEN', OTHER)).toBe('credential_ambiguous');
    expect(read('PRIVATE-TOKEN', ONE, 'X-Redmine-API-Key', OTHER)).toBe('credential_ambiguous');
    const line = ['Authorization', `token ${ONE}`];
    expect(read(...line, ...line)).toBe('credential_ambiguous');
  });

  it('R121: a token of the product in such a header is no credential of the gateway', () => {
    expect(read('PRIVATE-TOKEN', 'glpat-x')).toBe('none');
    expect(read('PRIVATE-TOKEN', 'glpat-x', 'Authorization', `Bearer ${ONE}`)).toBe(`no name ${ONE}`);
    expect(read('PRIVATE-TOKEN', 'glpat-x', 'Cookie', 'a=b')).toBe('cookie');
  });

  it('R36: wherever a token stands, it is refused or stays in the gateway', () => {
    const name = fc.constantFrom(
      'PRIVATE-TOKEN',
      'Private_Token',
      'X-Redmine-API-Key',
      'X-Auth-Token',
      'Authorization',
    );
    const prefix = fc.constantFrom('', ' ', '"', 'token ', 'Bearer ', 'JWT ', 'Token token=');
    const secret = fc.constantFrom(ONE, OTHER, 'sg_x', 'sgs_x', 'glpat-x');
    const line = fc.oneof(
      fc.tuple(name, fc.tuple(prefix, secret)).map(([header, parts]) => [header, parts.join('')]),
      secret.map((text) => ['Authorization', basic(text, '')]),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
        const reading = readHeaders(lines.flat(), PLACES);
        if (!reading.ok) return;
        const isToken = reading.credential.kind === 'token';
        expect(sentUpstream(lines.flat(), isToken)).not.toMatch(/sgs?_|c2df|c2dz/);
      }),
    );
  });
});

function sentUpstream(lines: readonly string[], isToken: boolean): string {
  return forwardedHeaders({
    lines,
    host: 'gitlab.example',
    requestId: 'request-1',
    forwardedFor: '198.51.100.7',
    forwardedHost: null,
    forwardedProto: 'https',
    forwardedPort: null,
    forwardedPrefix: null,
    hop: '1.1 scopegate-1',
    identityNames: new Set(['x-forwarded-user']),
    identity: [],
    destination: null,
    credentialNames: isToken ? new Set(['authorization', ...PLACES.headers]) : null,
    keepCookies: null,
    keptCookies: null,
    dropLine: null,
    addressHeader: null,
    trace: null,
  }).join('\n');
}
