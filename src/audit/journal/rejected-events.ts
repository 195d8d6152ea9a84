import { decodeEvent, encodeEvent, EMPTY_EVENT, type EventContent } from '@scopegate/audit';

/**
 * Events that the database takes: each one that it does not is replaced by as little as says that there was one. One
 * event that is refused whenever it is tried would hold up all that come after it, until the journal is full.
 * @param isTaken whether the database would take some events, without storing them
 * @param onRejected told of each that is replaced
 */
export async function replaceRejected(
  events: readonly EventContent[],
  isTaken: (events: readonly EventContent[]) => Promise<boolean>,
  onRejected: (event: EventContent) => void,
): Promise<readonly EventContent[]> {
  const [first] = events;
  if (first === undefined || (await isTaken(events))) return events;
  if (events.length === 1) {
    // What is lost here is lost for good: a database that has trouble of its own for a moment is no reason.
    if (await isTaken(events)) return events;
    const placeholder = [placeholderFor(first)];
    if (!(await isTaken(placeholder))) throw new Error('The database refuses even the placeholder of an event.');
    onRejected(first);
    return placeholder;
  }
  const middle = Math.ceil(events.length / 2);
  return [
    ...(await replaceRejected(events.slice(0, middle), isTaken, onRejected)),
    ...(await replaceRejected(events.slice(middle), isTaken, onRejected)),
  ];
}

/** What is left of an event: that it was, when, and how it ended. */
export function placeholderFor(content: EventContent): EventContent {
  const { id, atMs, count, type, outcome } = decodeEvent(content);
  return encodeEvent({ ...EMPTY_EVENT, id, atMs, count, type, outcome, detail: { unstorable: true } });
}
