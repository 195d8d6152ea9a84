import { describe, expect, it } from 'vitest';
import { holdsTokenElement, mintToken, presentsToken, tokenFault } from './index.js';

const { secret } = mintToken((size) => new Uint8Array(size).fill(7));
const wrongEnd = secret.endsWith('0') ? '1' : '0';

describe('what presents a token', () => {
  it.each(['sg_', 'sgs_x', ' sg_x', '"sg_x"', '\u200bsg_x', '\ufeffsg_x', '\u00a0sg_x', "'sg_x", '\n sg_x'])(
    'R109: %j does',
    (value) => expect(presentsToken(value)).toBe(true),
  );

  it.each(['', 'sg', 'sg-x', 'xsg_', 'SG_x', 'sgx_', 'a sg_'])('R109: %j does not', (value) =>
    expect(presentsToken(value)).toBe(false),
  );

  it('R109: an element of a header value does, under whatever scheme', () => {
    for (const value of ['Token sg_x', 'token="sg_x"', 'Digest a=b, response=sgs_x', 'sg_x']) {
      expect(holdsTokenElement(value)).toBe(true);
    }
    for (const value of ['', 'Token xsg_', 'msg=1', 'sg']) expect(holdsTokenElement(value)).toBe(false);
  });
});

describe('what is wrong with a token', () => {
  it.each([
    [`${secret} `, 'blank'],
    [`\t${secret}`, 'blank'],
    [`${secret}\n`, 'blank'],
    [`"${secret}"`, 'quotation mark'],
    [`${secret}'`, 'quotation mark'],
    [secret.slice(0, -1), 'shorter'],
    ['sg_', 'shorter'],
    [`${secret}0`, 'longer'],
    [secret.slice(0, -1) + wrongEnd, 'checksum'],
    [secret.toLowerCase().replace('sg_', 'sg_A').slice(0, secret.length), 'checksum'],
    ['sgs_x', 'session'],
  ])('R67: %j is recognised as: %s', (presented, word) => {
    const fault = tokenFault(presented);
    expect(fault).toContain(word);
    expect(fault).toMatch(/^[A-Z].*[.?]$/);
    expect(fault).not.toContain(presented.slice(4, 12) || '-');
  });
});
