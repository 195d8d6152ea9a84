import { NOTHING_KNOWN, recorded, type RecordedEvent } from '@scopegate/audit';

/**
 * Events that the database takes: each one that it does not is replaced by as little as says that there was one. One
 * event that is refused whenever it is tried would hold up all that come after it, until the journal is full.
 * @param isTaken whether the database would take some events, without storing them
 * @param onRejected told of each that is replaced
 */
export async function replaceRejected(
  events: readonly RecordedEvent[],
  isTaken: (events: readonly RecordedEvent[]) => Promise<boolean>,
  onRejected: (event: RecordedEvent) => void,
): Promise<readonly RecordedEvent[]> {
  const [first] = events;
  if (first === undefined || (await isTaken(events))) return events;
  if (events.length === 1) {
    onRejected(first);
    return [remainderOf(first)];
  }
  const middle = Math.ceil(events.length / 2);
  return [
    ...(await replaceRejected(events.slice(0, middle), isTaken, onRejected)),
    ...(await replaceRejected(events.slice(middle), isTaken, onRejected)),
  ];
}

/** What is left of an event: that it was, when, and how it ended. */
export function remainderOf({ event: { id, atMs, count, type, outcome } }: RecordedEvent): RecordedEvent {
  return recorded({ ...NOTHING_KNOWN, id, atMs, count, type, outcome, detail: { unstorable: true } });
}
