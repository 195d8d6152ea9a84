import { placeholderToken, type TokenId } from '@scopegate/token';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedLogin, ofOauthClient } from './oauth-client.js';
import { RequestHead } from './request-head.js';

const TOKEN = placeholderToken('7Hq2LmP0aZx9' as TokenId);

/** As `openid-client` encodes: also what a form may have as it is. */
function encode(text: string): string {
  return encodeURIComponent(text)
    .replace(/[-_.!~*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}

describe('the login of a client of OAuth', () => {
  it('R90: is read as its encoder meant it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (username, secret) => {
        fc.pre([username, secret].every((text) => text.isWellFormed()));
        const sent = { username: encode(username), secret: encode(secret) };
        const isSame = sent.username === username && sent.secret === secret;
        expect(decodedLogin(sent)).toEqual(isSame ? null : { username, secret });
      }),
    );
  });

  it.each(['%61lice', 'alic%65', 'a%6Cice', '%4Flga', '%39', '%7Ax', 'a%2fb', '50%', '%FF', '%zz'])(
    'R51, R90: no name has a second spelling that an encoder does not write: %s',
    (username) => {
      expect(decodedLogin({ username, secret: 'a+b' })).toBeNull();
    },
  );

  it('R90: a token in it is found, and everything else stays as it is', () => {
    const head = (user: string, secret: string): RequestHead =>
      RequestHead.of(['Host', 'x', 'AUTHORIZATION', `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`]);
    const request = (user: string, secret: string) => ({
      method: 'POST',
      httpVersion: '1.1',
      rawPath: '/introspect',
      query: null,
      head: head(user, secret),
      peer: '127.0.0.1',
    });
    const found = ofOauthClient(request('reports%40example.com', encode(TOKEN)));
    expect(found.head.credential).toMatchObject({
      credential: { kind: 'token', via: 'basic', username: 'reports@example.com', secret: TOKEN },
    });
    for (const same of [request('alice', 'correct+horse'), request('alice', 'x%2Fy'), request('alice', TOKEN)]) {
      expect(ofOauthClient(same)).toBe(same);
    }
  });
});
