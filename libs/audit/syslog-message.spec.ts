import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUDIT_EVENT_TYPES, AUDIT_OUTCOMES } from './event-types.js';
import { countedSyslogMessage, syslogMessage } from './syslog-message.js';

const ORIGIN = { hostname: 'gate.example', processId: 4711 };

function message(json: string, more: { hostname?: string; type?: string } = {}): string {
  const event = {
    at: '2026-11-23T03:04:05.678Z',
    type: more.type ?? 'token.created',
    outcome: 'changed',
    json,
  } as const;
  return syslogMessage(event, { ...ORIGIN, ...(more.hostname === undefined ? {} : { hostname: more.hostname }) });
}

describe('an event as a message of RFC 5424', () => {
  it('R58: has the event’s time, its type as the MSGID, and its JSON', () => {
    expect(message('{"a":1}')).toBe(
      '<109>1 2026-11-23T03:04:05.678Z gate.example scopegate 4711 token.created - {"a":1}',
    );
  });

  it.each([
    ['allowed', 110],
    ['changed', 109],
    ['denied', 108],
    ['failed', 108],
  ] as const)('R58: %s has the priority %i', (outcome, priority) => {
    const event = { at: '2026-11-23T03:04:05.678Z', type: 'x', outcome, json: '{}' };
    expect(syslogMessage(event, ORIGIN)).toMatch(new RegExp(`^<${priority}>1 `));
  });

  it('R58: every type of event fits into the MSGID', () => {
    for (const type of AUDIT_EVENT_TYPES) expect(message('{}', { type })).toContain(` ${type} - `);
    expect(AUDIT_OUTCOMES).toHaveLength(5);
  });

  it.each([
    ['', '-'],
    ['h\u00f6st name', 'hstname'],
    ['x'.repeat(300), 'x'.repeat(255)],
  ])('R58: the host name %j becomes %j', (hostname, expected) => {
    expect(message('{}', { hostname }).split(' ')[2]).toBe(expected);
  });

  it('R58: is one line of ASCII, whatever the event holds, and the JSON means the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = { text: text.toWellFormed() };
        const made = message(JSON.stringify(value));
        expect(made).toMatch(/^[\x20-\x7e]+$/);
        expect(JSON.parse(made.slice(made.indexOf(' - ') + 3))).toEqual(value);
        expect(countedSyslogMessage(made)).toBe(`${Buffer.byteLength(made)} ${made}`);
      }),
    );
  });
});
