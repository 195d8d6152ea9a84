const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const TIME_LENGTH = 10;
const COUNTER_LENGTH = 5;
const PROCESS_LENGTH = 11;

const COUNTER_LIMIT = 32 ** COUNTER_LENGTH;

/** All pairs of the last two digits: the others change only every 1,024 ids. */
const LAST_DIGITS = Array.from({ length: 32 ** 2 }, (_, value) => base32(value, 2));
const LAST_MS = 32 ** TIME_LENGTH - 1;

/** Crockford's base 32, most significant digit first, padded with zeros. */
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
 * Ids of this millisecond and later are greater, earlier ones are less: a time limit as a key limit.
 * @param atMs milliseconds since the epoch, cut to the range of ids
 */
export function eventIdBound(atMs: number): string {
  return base32(Math.min(Math.max(Math.trunc(atMs), 0), LAST_MS), TIME_LENGTH);
}

/**
 * Makes ids in the form of a ULID: 10 characters for the millisecond, 5 for a counter, 11 random ones per process. If
 * the clock steps back, the counter continues, so no id repeats.
 */
export class EventIds {
  readonly #process: string;
  #atMs = -1;
  #prefix = '';
  #counter = 0;
  /** The digits of the counter without the last two. */
  #firstDigits = '';

  /** @param random at least 11 random bytes */
  constructor(random: Uint8Array) {
    let process = '';
    for (let index = 0; index < PROCESS_LENGTH; index += 1) process += ALPHABET[(random[index] ?? 0) % 32] as string;
    this.#process = process;
  }

  /** @param atMs milliseconds since the epoch */
  next(atMs: number): string {
    if (atMs !== this.#atMs) {
      this.#atMs = atMs;
      this.#prefix = eventIdBound(atMs);
    }
    const last = this.#counter % LAST_DIGITS.length;
    if (last === 0) this.#firstDigits = base32(this.#counter / LAST_DIGITS.length, COUNTER_LENGTH - 2);
    this.#counter = (this.#counter + 1) % COUNTER_LIMIT;
    return this.#prefix + this.#firstDigits + (LAST_DIGITS[last] as string) + this.#process;
  }
}
