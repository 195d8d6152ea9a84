import { decodeEvent, encodeEvent, EMPTY_EVENT, type EventContent } from '@scopegate/audit';
import { describe, expect, it } from 'vitest';
import { replaceRejected } from './rejected-events.js';

const EVENTS = ['a', 'b', 'c', 'd', 'e'].map((id) =>
  encodeEvent({
    ...EMPTY_EVENT,
    id,
    atMs: 1,
    count: 1,
    type: 'authentication.succeeded',
    outcome: 'allowed',
    path: `/${id}`,
  }),
);

function idsOf(contents: readonly EventContent[]): readonly string[] {
  return contents.map((content) => decodeEvent(content).id);
}

describe('events that a database does not take', () => {
  it('R62: one that is refused keeps its place, and the others stay as they are', async () => {
    const rejected: EventContent[] = [];
    const taken = await replaceRejected(
      EVENTS,
      (some) => Promise.resolve(!some.some((content) => content.includes('/c'))),
      (content) => rejected.push(content),
    );
    expect(idsOf(taken)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(idsOf(rejected)).toEqual(['c']);
    expect(taken.filter((content) => !EVENTS.includes(content)).map((content) => decodeEvent(content).detail)).toEqual([
      { unstorable: true },
    ]);
  });

  it('R62: one that is refused once is not lost', async () => {
    let refusals = 0;
    const taken = await replaceRejected(
      EVENTS,
      // Refused with the others, and the first time alone.
      (some) => Promise.resolve(!some.some((content) => content.includes('/b')) || ++refusals > 4),
      () => expect.unreachable(),
    );
    expect(taken).toEqual(EVENTS);
  });

  it('R62: nothing is replaced if even the placeholder of an event is refused', async () => {
    await expect(
      replaceRejected(
        EVENTS,
        () => Promise.resolve(false),
        () => expect.unreachable(),
      ),
    ).rejects.toThrow('refuses even the placeholder');
  });
});
