import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEvent, encodeEvent } from './event-content.js';
import { EMPTY_EVENT, type AuditEvent } from './event-fields.js';
import { decodeJournal, FRAME_END_BYTES, frameEnd } from './journal-frame.js';

function eventOf(index: number, change: Partial<AuditEvent> = {}): AuditEvent {
  return {
    ...EMPTY_EVENT,
    id: `event-${index}`,
    atMs: 1_000 + index,
    count: 1,
    type: 'authentication.succeeded',
    outcome: 'allowed',
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

const EVENTS = [eventOf(1), eventOf(2, { detail: null }), eventOf(3, { userAgent: '🦉' }), eventOf(4)];

/** The first two share a frame. */
const FRAMES = [EVENTS.slice(0, 2), EVENTS.slice(2, 3), EVENTS.slice(3)];

function frameOf(events: readonly AuditEvent[]): string {
  const lines = events.map((event) => `${encodeEvent(event)}\n`).join('');
  return lines + frameEnd(Buffer.from(lines));
}

const TEXTS = FRAMES.map(frameOf);
const WHOLE = Buffer.from(TEXTS.join(''));
const ENDS = TEXTS.map((_, index) => Buffer.byteLength(TEXTS.slice(0, index + 1).join('')));

describe('journal frames', () => {
  it('R62: what was written is read', () => {
    const part = decodeJournal(WHOLE);
    expect(part.contents.map(decodeEvent)).toEqual(EVENTS);
    expect([part.length, part.torn]).toEqual([WHOLE.length, 0]);
    expect(frameEnd(Buffer.from('x'))).toHaveLength(FRAME_END_BYTES);
  });

  it('R62: an event is one line, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (userAgent, key) => {
        const event = eventOf(1, { userAgent, detail: { [key]: userAgent } });
        expect(encodeEvent(event)).toMatch(/^\[[^\n]*$/);
        expect(decodeJournal(Buffer.from(frameOf([event, event]))).contents).toHaveLength(2);
      }),
    );
  });

  it('R62: torn at any byte, the frames that stand before are read and nothing else', () => {
    for (let length = 0; length <= WHOLE.length; length += 1) {
      const part = decodeJournal(WHOLE.subarray(0, length));
      const complete = ENDS.filter((end) => end <= length);
      expect(part.contents.map(decodeEvent)).toEqual(FRAMES.slice(0, complete.length).flat());
      expect([part.length, part.torn]).toEqual([complete.at(-1) ?? 0, 0]);
    }
  });

  it('R62: a torn piece between others is passed over and counted', () => {
    for (let cut = 1; cut < (ENDS[0] ?? 0); cut += 7) {
      for (const between of ['\n', '']) {
        const piece = WHOLE.subarray(0, cut);
        const { contents, length, torn } = decodeJournal(
          Buffer.concat([piece, Buffer.from(between), WHOLE.subarray(ENDS[0])]),
        );
        expect(contents.map(decodeEvent)).toEqual(EVENTS.slice(2));
        expect([length, torn]).toEqual([cut + between.length + WHOLE.length - (ENDS[0] ?? 0), 1]);
      }
    }
  });

  it('R62: an event with any one bit flipped is never read as another one, and takes no other frame with it', () => {
    for (let index = 0; index < (ENDS[1] ?? 0); index += 1) {
      const bytes = Buffer.from(WHOLE);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << (index % 8));
      const events = decodeJournal(bytes).contents.map(decodeEvent);
      expect(events, String(index)).toEqual(
        index < (ENDS[0] ?? 0) ? EVENTS.slice(2) : [...EVENTS.slice(0, 2), ...EVENTS.slice(3)],
      );
    }
  });

  it('R62: reading never throws, whatever the bytes are', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: fc.constantFrom('=', '0', 'a', '\n', '['), maxLength: 80 }).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, (some) => {
        const part = decodeJournal(Buffer.from(some));
        expect(part.contents).toEqual([]);
        expect(part.length).toBeLessThanOrEqual(some.length);
      }),
    );
  });
});
