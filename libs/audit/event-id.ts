const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Writes an unsigned integer in Crockford's base 32, most significant digit first, padded with zeros. */
function base32(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let index = 0; index < length; index += 1) {
    text = (ALPHABET[rest % 32] as string) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/**
 * Makes event ids of 26 characters in the shape of a ULID: 10 for the millisecond, 5 for a counter within it, 11 of
 * randomness drawn once a process. Ids of one process only ever rise, even where the clock steps back.
 */
export class EventIds {
  readonly #process: string;
  #lastMs = 0;
  #prefix = '';
  #counter = 0;

  /** @param random at least 11 random bytes */
  constructor(random: Uint8Array) {
    let process = '';
    for (let index = 0; index < 11; index += 1) process += ALPHABET[(random[index] ?? 0) % 32] as string;
    this.#process = process;
  }

  next(nowMs: number): string {
    if (nowMs > this.#lastMs) {
      this.#lastMs = nowMs;
      this.#prefix = base32(nowMs, 10);
      this.#counter = 0;
    } else {
      this.#counter += 1;
    }
    return this.#prefix + base32(this.#counter, 5) + this.#process;
  }
}
