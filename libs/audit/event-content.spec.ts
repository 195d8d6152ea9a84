import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvent, encodeEvent, fitEvent, inOrder, nameKeyOf } from './event-content.js';
import type { AuditEvent } from './event.js';

const EVENT: AuditEvent = {
  id: 'event-1',
  atMs: 1,
  count: 3,
  type: 'token.created',
  outcome: 'changed',
  code: 'code',
  actor: 'actor',
  owner: 'owner',
  tokenId: 'token-id',
  tokenDescription: 'description',
  tokenScope: 'scope',
  credential: 'password',
  clientIp: '192.0.2.1',
  peer: '192.0.2.2',
  method: 'GET',
  path: '/path',
  application: 'application',
  status: 200,
  durationMs: 2,
  userAgent: 'agent',
  requestId: 'r-1',
  detail: { b: 1, a: [{ d: 1, c: null }] },
};

describe('the content of an event', () => {
  it('R62: what is written is what is read, field by field', () => {
    expect(decodeEvent(encodeEvent(EVENT))).toEqual(EVENT);
    const nothing = Object.fromEntries(Object.keys(EVENT).map((name) => [name, null])) as unknown as AuditEvent;
    expect(decodeEvent(encodeEvent(nothing))).toEqual(nothing);
  });

  it('R62: it is one line, the same for every order of the members of its detail', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.dictionary(fc.string(), fc.jsonValue()), (text, detail) => {
        const content = encodeEvent({ ...EVENT, userAgent: text, detail });
        expect(content).not.toContain('\n');
        const turned = Object.fromEntries(Object.entries(detail).reverse());
        expect(encodeEvent({ ...EVENT, userAgent: text, detail: turned })).toBe(content);
      }),
    );
  });

  it('R62: what is no event is not taken for one', () => {
    for (const text of ['', '{}', '[]', '[1]', 'null', encodeEvent(EVENT).slice(0, -1)]) {
      expect(() => decodeEvent(text)).toThrow(SyntaxError);
    }
  });

  it('R62: an event fits its columns and is well-formed, and fits no less the second time', () => {
    const long = '\ud800'.repeat(5_000);
    const fitted = fitEvent(
      { ...EVENT, actor: long, path: long, userAgent: long, peer: long, method: long, durationMs: 1.6 },
      'id',
    );
    expect(
      [fitted.actor, fitted.path, fitted.userAgent, fitted.peer, fitted.method].map((text) => text?.length),
    ).toEqual([255, 2048, 512, 64, 32]);
    expect(fitted.path?.isWellFormed()).toBe(true);
    expect([fitted.id, fitted.count, fitted.durationMs]).toEqual(['id', 1, 2]);
    expect(fitEvent(fitted, fitted.id)).toEqual(fitted);
  });

  it('R58: a name is looked for without case, and fits its column whatever its lower case is', () => {
    expect(nameKeyOf('Alice')).toBe('alice');
    expect(nameKeyOf(null)).toBeNull();
    expect(nameKeyOf('İ'.repeat(255))).toHaveLength(255);
  });

  it('R62: members are brought into one order at every depth, and lists are left in theirs', () => {
    expect(JSON.stringify(inOrder({ b: [2, 1, { z: 1, y: 2 }], a: null }))).toBe('{"a":null,"b":[2,1,{"y":2,"z":1}]}');
  });
});
