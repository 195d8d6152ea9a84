/** A body that every reader of JSON reads alike, as far as its encoding goes. */
export interface StrictJson {
  readonly text: string;
  readonly value: unknown;
}

/** Reads JSON in valid UTF-8 without a byte order mark (RFC 8259, 8.1); null where it is none. */
export function readStrictJson(body: Uint8Array): StrictJson | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return { text, value: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Whether a value of JSON is an object: no list and no null. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
