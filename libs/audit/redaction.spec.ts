import { mintToken } from '@scopegate/token';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeChange, redact, REDACTED, redactText } from './redaction.js';

const { id, secret } = mintToken((size) => new Uint8Array(size).fill(3));

describe('a text from outside', () => {
  it.each([
    secret,
    `curl/8 ${secret}`,
    `/rest/api/${secret}/x`,
    `"${secret}",${secret}`,
    `sg_${id}`,
    'sg_tooshort_x',
    secret.slice(0, 30),
  ])('R61: keeps nothing of a token: %s', (text) => {
    const redacted = redactText(text, 2048);
    expect(redacted).toContain(REDACTED);
    expect(redacted).not.toContain('sg_');
    expect(redacted).not.toContain(secret.slice(20, 40));
  });

  it('R61: keeps everything else', () => {
    expect(redactText('/rest/api/2/sg/x_y', 2048)).toBe('/rest/api/2/sg/x_y');
    expect(redactText('curl/8.1 (linux)', 2048)).toBe('curl/8.1 (linux)');
  });

  it('R61: is cut without leaving the beginning of a secret', () => {
    for (let length = 0; length < secret.length; length += 1) {
      expect(redactText(secret, length).replace(REDACTED, '')).not.toMatch(/sg_./);
    }
  });

  it('R61: never holds a secret, wherever it stood', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(300), (before, after, length) => {
        const redacted = redactText(before + secret + after, length);
        expect(redacted).not.toContain(secret.slice(16, 56));
      }),
    );
  });

  it('R61: takes no longer for a text made to be slow', () => {
    const started = performance.now();
    redactText(`sg_${'a_'.repeat(50_000)}!`, 1_000_000);
    redactText('sg_'.repeat(100_000), 1_000_000);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('a value of a change', () => {
  it.each(['password', 'passwordHash', 'secret', 'digest', 'Authorization', 'Cookie', 'credential', 'pepper'])(
    'R61: a member %s is told without its value, at every depth',
    (name) => {
      const redacted = redact({ outer: [{ [name]: 'hunter2', kept: 1 }] });
      expect(redacted).toEqual({ outer: [{ [name]: REDACTED, kept: 1 }] });
    },
  );

  it('R61: a secret that is not set shows that it is not', () => {
    expect(redact({ password: null, secret: undefined })).toEqual({ password: null, secret: undefined });
  });

  it('R61: a token in any text is taken out', () => {
    expect(redact({ note: `use ${secret}` })).toEqual({ note: `use ${REDACTED}` });
  });

  it('R59: instants are told as they are shown', () => {
    expect(redact(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
  });
});

describe('a change', () => {
  it('R59: tells what differs, before and after', () => {
    const before = { name: 'Jira', timeoutMs: 1, list: ['a'] };
    const after = { name: 'Jira', timeoutMs: 2, list: ['a', 'b'], added: true };
    expect(describeChange(before, after)).toEqual({
      timeoutMs: { before: 1, after: 2 },
      list: { before: ['a'], after: ['a', 'b'] },
      added: { before: null, after: true },
    });
  });

  it('R59: tells nothing where nothing differs', () => {
    expect(describeChange({ a: [1], b: { c: 2 } }, { b: { c: 2 }, a: [1] })).toEqual({});
  });

  it('R61: tells that a secret has changed, and no more', () => {
    expect(describeChange({ password: 'old secret' }, { password: 'new secret' })).toEqual({
      password: { before: REDACTED, after: REDACTED },
    });
    expect(describeChange({ password: null }, { password: 'new secret' })).toEqual({
      password: { before: null, after: REDACTED },
    });
  });
});
