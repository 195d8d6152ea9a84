import { decodeEvent, encodeEvent, EMPTY_EVENT, type EventContent } from '@scopegate/audit';

/**
 * A placeholder replaces each event that the database refuses: such an event would stop all later ones until the
 * journal is full.
 */
export async function replaceRejected(
  events: readonly EventContent[],
  isTaken: (events: readonly EventContent[]) => Promise<boolean>,
  onRejected: (event: EventContent) => void,
): Promise<readonly EventContent[]> {
  const [first] = events;
  if (first === undefined || (await isTaken(events))) return events;
  if (events.length === 1) {
    // A replaced event is lost, so it is tried twice: the database may have failed for a moment.
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

export function placeholderFor(content: EventContent): EventContent {
  const { id, atMs, count, type, outcome } = decodeEvent(content);
  return encodeEvent({ ...EMPTY_EVENT, id, atMs, count, type, outcome, detail: { unstorable: true } });
}
