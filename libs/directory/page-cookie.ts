const SEARCH_RESULT_DONE = 0x65;

const CONTROLS = 0xa0;

/** RFC 2696. */
export const PAGED_RESULTS = '1.2.840.113556.1.4.319';

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

/**
 * The cookie in the end of a page of results (RFC 2696): where the next page begins. ldapts does not return it, and
 * takes a page without entries for the last one, which it need not be.
 * @param message one whole LDAP message
 * @returns empty after the last page, and where the server does not divide into pages; null for any other message
 */
export function pageCookie(message: Uint8Array): Uint8Array | null {
  const [envelope] = elementsOf(message);
  if (envelope === undefined) return null;
  const [, operation, controls] = elementsOf(envelope.content);
  if (operation?.tag !== SEARCH_RESULT_DONE) return null;
  if (controls?.tag !== CONTROLS) return new Uint8Array();
  for (const control of elementsOf(controls.content)) {
    const parts = elementsOf(control.content);
    const value = parts.at(-1);
    if (value === undefined || Buffer.from(parts[0]?.content ?? []).toString('latin1') !== PAGED_RESULTS) continue;
    const [result] = elementsOf(value.content);
    return elementsOf(result?.content ?? new Uint8Array())[1]?.content ?? new Uint8Array();
  }
  return new Uint8Array();
}

/** Up to the first one that is not whole. */
function elementsOf(bytes: Uint8Array): readonly Element[] {
  const elements: Element[] = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const tag = bytes[at] ?? 0;
    const first = bytes[at + 1] ?? 0;
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (count > 4) break;
    let length = count === 0 ? first : 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + (bytes[at + 2 + index] ?? 0);
    const start = at + 2 + count;
    if (start + length > bytes.length) break;
    elements.push({ tag, content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}
