import { DOORS } from '@scopegate/access';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONTENT_FIELDS,
  contentValues,
  decodeEvent,
  encodeEvent,
  inOrder,
  isFailure,
  nameKeyOf,
  type EventContent,
} from './event-content.js';
import { EMPTY_EVENT, type AuditEvent } from './event-fields.js';
import { storableText } from './storable.js';

const EVENT: AuditEvent = {
  ...EMPTY_EVENT,
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
  door: 'proxy',
};

describe('the content of an event', () => {
  it('R62: what is written is what is read, field by field', () => {
    expect(decodeEvent(encodeEvent(EVENT))).toEqual(EVENT);
    const nothing = { ...EMPTY_EVENT, id: 'i', atMs: 1, count: 1, type: EVENT.type, outcome: EVENT.outcome };
    expect(decodeEvent(encodeEvent(nothing))).toEqual(nothing);
  });

  it('R55: a refusal by the upstream is read back, and leaves the content of every other event as it was', () => {
    for (const detail of [EVENT.detail, null]) {
      const refused = { ...EVENT, detail, upstreamRefused: true };
      expect(decodeEvent(encodeEvent(refused))).toEqual(refused);
      expect(encodeEvent(refused)).not.toBe(encodeEvent({ ...refused, upstreamRefused: false }));
    }
    expect(contentValues(encodeEvent({ ...EVENT, detail: null })).at(-2)).toBeNull();
    expect(encodeEvent({ ...EVENT, actor: 'Actor' })).toBe(
      '["changed","event-1",1,3,"token.created","code","Actor","actor","owner","owner","token-id","description","scope",' +
        '"password","192.0.2.1","192.0.2.2","GET","/path","application",200,2,"agent","r-1",' +
        '{"a":[{"c":null,"d":1}],"b":1},"proxy"]',
    );
  });

  it('R62: without a door it is the content that older versions wrote, and theirs is read', () => {
    const older =
      ('["changed","event-1",1,3,"token.created","code","actor","actor","owner","owner","token-id","description","scope",' +
        '"password","192.0.2.1","192.0.2.2","GET","/path","application",200,2,"agent","r-1",null]') as EventContent;
    const event = { ...EVENT, detail: null, door: null };
    expect(encodeEvent(event)).toBe(older);
    expect(decodeEvent(older)).toEqual(event);
    expect(contentValues(older)).toHaveLength(CONTENT_FIELDS.length);
    for (const door of DOORS) expect(decodeEvent(encodeEvent({ ...event, door }))).toEqual({ ...event, door });
  });

  it('R62: every text is what a database gives back, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), fc.boolean(), (text, isHalf) => {
        const given = isHalf ? `${text}\ud83e` : text;
        const { actor, userAgent } = decodeEvent(encodeEvent({ ...EVENT, actor: given, userAgent: given }));
        expect([actor, userAgent]).toEqual([storableText(given, 255), storableText(given, 512)]);
      }),
    );
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

  it('R62: a failure is recognised without reading it, and nothing else is', () => {
    fc.assert(
      fc.property(fc.constantFrom('allowed', 'denied', 'failed', 'changed'), fc.string(), (outcome, text) => {
        expect(isFailure(encodeEvent({ ...EVENT, outcome, code: text, id: text }))).toBe(outcome === 'failed');
      }),
    );
  });

  it('R62: its values stand in the order of its fields, each of them once', () => {
    expect(contentValues(encodeEvent(EVENT))).toHaveLength(CONTENT_FIELDS.length);
    const { upstreamRefused: _, ...placed } = EVENT;
    const expected: Record<string, unknown> = { ...placed, actorKey: 'actor', ownerKey: 'owner' };
    for (const [index, value] of contentValues(encodeEvent(EVENT)).entries()) {
      expect(value).toEqual(expected[CONTENT_FIELDS[index] ?? '']);
    }
    expect(new Set(CONTENT_FIELDS)).toEqual(new Set(Object.keys(expected)));
  });

  it('R62: an event fits its columns and is well-formed, and fits no less the second time', () => {
    const long = '\ud800'.repeat(5_000);
    const content = encodeEvent({ ...EVENT, actor: long, path: long, userAgent: long, method: long, durationMs: 1.6 });
    const fitted = decodeEvent(content);
    expect([fitted.actor, fitted.path, fitted.userAgent, fitted.method].map((text) => text?.length)).toEqual([
      255, 2048, 512, 32,
    ]);
    expect([fitted.path?.isWellFormed(), fitted.durationMs]).toEqual([true, 2]);
    expect(encodeEvent(fitted)).toBe(content);
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
