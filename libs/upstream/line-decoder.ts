/** What is longer is decoded anew: such a value is hardly sent twice. */
const MAX_KEPT_LENGTH = 48;

/** A name whose value is a secret of one user: nothing of it is kept. */
const COOKIE = /^set-cookie/i;

/**
 * Decodes the header lines of one upstream's answers, one character a byte (latin1). Most lines of an answer are those of
 * the one before: where the bytes are the same, its text is given again, which takes a fraction of decoding it.
 */
export class LineDecoder {
  /** The texts of the answer before, by their places. */
  readonly #last: string[] = [];

  /** @param parts names and values, alternating, as they came off the wire */
  decode(parts: readonly Buffer[]): string[] {
    const texts: string[] = [];
    for (let index = 0; index < parts.length; index += 1) {
      const bytes = parts[index] as Buffer;
      const last = this.#last[index];
      if (last !== undefined && isSame(bytes, last)) {
        texts.push(last);
        continue;
      }
      const text = bytes.toString('latin1');
      texts.push(text);
      if (text.length <= MAX_KEPT_LENGTH && !COOKIE.test(texts[index - 1] ?? '')) this.#last[index] = text;
    }
    return texts;
  }
}

function isSame(bytes: Buffer, text: string): boolean {
  const { length } = text;
  if (bytes.length !== length) return false;
  for (let index = 0; index < length; index += 1) if (bytes[index] !== text.charCodeAt(index)) return false;
  return true;
}
