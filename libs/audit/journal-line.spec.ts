import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvent, encodeEvent } from './event-content.js';
import type { AuditEvent } from './event.js';
import { decodeJournal, journalPrefix } from './journal-line.js';

function eventOf(index: number, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    id: `event-${index}`,
    atMs: 1_000 + index,
    count: 1,
    type: 'authentication.succeeded',
    outcome: 'allowed',
    code: null,
    actor: 'jürgen',
    owner: 'jürgen',
    tokenId: 'abcdefghijkl',
    tokenDescription: 'line\nbreak and "quotes"',
    tokenScope: 'read-only',
    credential: 'basic-token',
    clientIp: '192.0.2.1',
    peer: '192.0.2.1',
    method: 'GET',
    path: '/rest/api/2/issue',
    application: 'jira',
    status: 200,
    durationMs: 3,
    userAgent: 'curl/8.5.0',
    requestId: 'r-1',
    detail: { changes: { a: { before: 1, after: null } } },
    ...change,
  };
}

const EVENTS = [eventOf(1), eventOf(2, { detail: null }), eventOf(3, { userAgent: '🦉' })];

function lineOf(event: AuditEvent): string {
  const content = encodeEvent(event);
  return `${journalPrefix(content)}${content}\n`;
}

const LINES = EVENTS.map(lineOf);
const WHOLE = Buffer.from(LINES.join(''));
const ENDS = LINES.map((_, index) => Buffer.byteLength(LINES.slice(0, index + 1).join('')));

describe('journal lines', () => {
  it('R62: what was written is read', () => {
    const part = decodeJournal(WHOLE);
    expect(part.contents.map(decodeEvent)).toEqual(EVENTS);
    expect([part.length, part.torn]).toEqual([WHOLE.length, 0]);
  });

  it('R62: an event is one line, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (userAgent, key) => {
        const line = lineOf(eventOf(1, { userAgent, detail: { [key]: userAgent } }));
        expect(line.indexOf('\n')).toBe(line.length - 1);
        expect(decodeJournal(Buffer.from(line)).contents).toHaveLength(1);
      }),
    );
  });

  it('R62: torn at any byte, what stands before is read and nothing else', () => {
    for (let length = 0; length <= WHOLE.length; length += 1) {
      const part = decodeJournal(WHOLE.subarray(0, length));
      const complete = ENDS.filter((end) => end <= length);
      expect(part.contents.map(decodeEvent)).toEqual(EVENTS.slice(0, complete.length));
      expect([part.length, part.torn]).toEqual([complete.at(-1) ?? 0, 0]);
    }
  });

  it('R62: a torn line between others is passed over and counted', () => {
    for (let cut = 1; cut < (ENDS[0] ?? 0); cut += 7) {
      const bytes = Buffer.concat([WHOLE.subarray(0, cut), Buffer.from('\n'), WHOLE.subarray(ENDS[0])]);
      const part = decodeJournal(bytes);
      expect(part.contents.map(decodeEvent)).toEqual(EVENTS.slice(1));
      expect(part.torn).toBe(1);
    }
  });

  it('R62: an event with any one bit flipped is never read as another one', () => {
    for (let index = 0; index < (ENDS[1] ?? 0) - 1; index += 1) {
      const bytes = Buffer.from(WHOLE);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
      const { contents } = decodeJournal(bytes);
      const events = contents.map(decodeEvent);
      for (const event of events) expect(EVENTS).toContainEqual(event);
      expect(events.length).toBeLessThan(EVENTS.length);
      expect(events).toContainEqual(EVENTS[2]);
    }
  });

  it('R62: reading never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const part = decodeJournal(Buffer.from(bytes));
        expect(part.contents).toEqual([]);
        expect(part.length).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
