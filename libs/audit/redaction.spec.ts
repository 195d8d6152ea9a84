import { describe, expect, it } from 'vitest';
import { expectLinearTime } from '../../test/support/linear-time.js';
import { describeChange, redact, REDACTED, redactPath, redactText, redactTokens } from './redaction.js';

const TOKEN = `sg_${'a'.repeat(12)}_${'B'.repeat(40)}_${'0'.repeat(6)}`;

/** What a reader makes of a text that decodes it as often as it can. */
function decodeAll(text: string): string {
  const next = text.replace(/%([0-7][0-9a-f])/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)));
  return next === text ? text : decodeAll(next);
}

describe('redaction', () => {
  it.each([
    ['a token', TOKEN],
    ['a token in a text', `before ${TOKEN}, after`],
    ['two tokens', `${TOKEN}/${TOKEN}`],
    ['half a token', TOKEN.slice(0, 40)],
    ['a session of the gateway', `Cookie: JSESSIONID=${TOKEN.replace('sg_', 'sgs_')}`],
    ['a token with a tail', `${TOKEN}_${'B'.repeat(40)}`],
    ['a Basic credential', `Authorization: Basic ${Buffer.from(`anna:${'B'.repeat(12)}`).toString('base64')}`],
    ['a short credential', `x authorization: Basic BBBBBBBBBBBB`],
    ['a credential of another scheme', `Authorization=Digest BBBBBBBBBBBB`],
    ['a Bearer credential', `bearer ${'B'.repeat(40)}`],
  ])('R61: %s is left out of a text', (_title, text) => {
    const redacted = redactText(text, 2_000);
    expect(redacted).not.toContain('B'.repeat(8));
    expect(redacted).not.toContain(text.slice(-8) === ', after' ? 'BBBB' : text.slice(-12));
    expect(redacted).toContain(REDACTED);
  });

  const encode = (text: string): string =>
    [...text].map((letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('');

  it.each([
    ['the underscores of a token', TOKEN.replaceAll('_', '%5F')],
    ['the underscores of a token, in lower case', TOKEN.replaceAll('_', '%5f')],
    ['the first letter of a token', TOKEN.replace('s', '%73')],
    ['every character of a token', encode(TOKEN)],
    ['every character of a session', encode(TOKEN.replace('sg_', 'sgs_'))],
    ['a token, twice', encode(encode(TOKEN))],
    ['a token, thrice', TOKEN.replaceAll('_', '%25255F')],
    ['a token, by halves', TOKEN.replaceAll('_', '%%35F')],
    ['a token in capitals', TOKEN.toUpperCase()],
    ['a Basic credential', `Basic%20${'B'.repeat(40)}`],
    ['a line', `Authorization%3A%20Digest%20${'B'.repeat(12)}`],
    ['the name of a line', `%41uthorization: ${'B'.repeat(12)}`],
    ['a line of cookies', `Cookie: a=${'B'.repeat(12)}; b=${'B'.repeat(12)}`],
    ['a password in a query', `/x?os_password=${'B'.repeat(12)}&a=1`],
    ['a password in an encoded query', `/x%3Fos_pass%77ord%3D${'B'.repeat(12)}`],
    ['a token of another kind in a query', `/x?private_token=${'B'.repeat(12)}`],
    ['a session in a query', `/x?JSESSIONID=${'B'.repeat(12)}`],
  ])('R61: %s, percent-encoded or not, is left out of a text', (_title, text) => {
    const redacted = redactText(`before ${text}`, 2_000);
    expect(decodeAll(redacted)).not.toContain('B'.repeat(8));
    expect(redacted).toContain(REDACTED);
  });

  it.each([
    '/me;jsessionid=BBBBBBBB',
    '/me%3Bjsessionid=BBBBBBBB',
    '/me%3bJSESSIONID%3dBBBBBBBB',
    '/me%253Bjsessionid%253DBBBBBBBB/x',
    '/me;%6Asessionid=BBBBBBBB',
    '/me%3Bsid=BBBBBBBB;x=BBBBBBBB',
  ])('R61: the path parameter of %s is left out', (path) => {
    expect(decodeAll(redactPath(path))).not.toContain('BBBBBBBB');
    expect(redactPath(path)).toContain(REDACTED);
  });

  it.each(['/a%20b/100%25', '/%E2%82%AC', '/a%2Fb', '/x%3Fy', '50%', '%zz', '/a%3Bb'])(
    'R61: %s holds no secret and stays as it is written',
    (text) => {
      expect(redactText(redactPath(text))).toBe(text);
    },
  );

  it('R61: a text full of half a spelling is read in linear time', async () => {
    for (const part of [
      '%',
      '%2',
      '%25',
      '%2%35',
      'sg',
      'sg_',
      'Basic ',
      ';a',
      'Authorization:',
      'token',
      'session_',
    ]) {
      const textOf = (length: number): string => part.repeat(length / part.length);
      await expectLinearTime(20_000 * part.length, textOf, (text) => redactText(redactPath(text)));
    }
  });

  it('R61: a text that is cut holds no part of a token', () => {
    for (let length = 1; length < 80; length += 1) {
      expect(redactText(`agent ${TOKEN}`, length)).not.toMatch(/sg_[a-z0-9]/i);
    }
  });

  it('R61: other texts stay as they are, and come back from a database as they went in', () => {
    expect(redactText('Mozilla/5.0 (Basic reader) ümlaut', 2_000)).toBe('Mozilla/5.0 (Basic reader) ümlaut');
    expect(redactText('lone \ud800 half', 2_000)).toBe('lone \ufffd half');
    expect(redactText('🦉', 1)).toBe('\ufffd');
  });

  it('R59, R61: a description may speak of credentials, and holds no token', () => {
    expect(redactTokens('Bearer token-for-deployment-2026')).toBe('Bearer token-for-deployment-2026');
    expect(redactTokens(`was ${TOKEN}`)).toBe(`was ${REDACTED}`);
  });

  it('R61: the values of path parameters are left out, a session among them', () => {
    expect(redactPath('/a;jsessionid=ABC123/b;x=1;y=2')).toBe(
      `/a;jsessionid=${REDACTED}/b;x=${REDACTED};y=${REDACTED}`,
    );
    expect(redactPath('/a/b')).toBe('/a/b');
  });

  it('R59, R61: a change shows before and after, and a changed secret that it changed', () => {
    const before = { name: 'a', password: 'old', nested: { Authorization: 'Basic x' }, same: 1, list: ['x'] };
    const after = { name: 'b', password: 'new', nested: { Authorization: 'Basic y' }, same: 1, list: ['x', TOKEN] };
    expect(describeChange(before, after)).toEqual({
      name: { before: 'a', after: 'b' },
      password: { before: REDACTED, after: REDACTED },
      nested: { before: { Authorization: REDACTED }, after: { Authorization: REDACTED } },
      list: { before: ['x'], after: ['x', REDACTED] },
    });
  });

  it('R61: secrets are found by their names, whatever the case, and stay null where they are none', () => {
    expect(redact({ passwordHash: 'x', SECRET: 'x', Cookie: 'x', digest: null, at: new Date(0) })).toEqual({
      passwordHash: REDACTED,
      SECRET: REDACTED,
      Cookie: REDACTED,
      digest: null,
      at: '1970-01-01T00:00:00.000Z',
    });
  });
});
