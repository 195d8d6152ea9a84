export interface StrictJson {
  readonly text: string;
  readonly value: unknown;
}

/** Valid UTF-8 without a byte order mark (RFC 8259 8.1); otherwise null. */
export function readStrictJson(body: Uint8Array): StrictJson | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
    return { text, value: JSON.parse(text) };
  } catch {
    return null;
  }
}

export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
