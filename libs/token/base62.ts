export const BASE62_DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const BASE = BASE62_DIGITS.length;

/** Bytes below this multiple of 62 give every digit equally often. */
const UNBIASED_LIMIT = 256 - (256 % BASE);

/** About 3 % of the bytes are rejected. */
const SPARE_BYTES = 12;

/** Ends the loop for a broken source. */
const MAXIMUM_DRAWS = 100;

/**
 * Most significant digit first, padded with `0`.
 * @param value 0 to 2^53 - 1
 * @param width the value must fit
 */
export function encodeBase62(value: number, width: number): string {
  let rest = value;
  let text = '';
  for (let position = 0; position < width; position += 1) {
    text = BASE62_DIGITS.charAt(rest % BASE) + text;
    rest = Math.floor(rest / BASE);
  }
  return text;
}

export function isBase62(text: string, start: number, end: number): boolean {
  if (end > text.length) {
    return false;
  }
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    const isDigit = code >= 0x30 && code <= 0x39;
    const isUpper = code >= 0x41 && code <= 0x5a;
    const isLower = code >= 0x61 && code <= 0x7a;
    if (!isDigit && !isUpper && !isLower) {
      return false;
    }
  }
  return true;
}

/**
 * Rejects bytes that would favour some digits.
 * @param randomBytes a cryptographic source
 * @throws Error if the source gives no usable bytes
 */
export function drawBase62(randomBytes: (size: number) => Uint8Array, length: number): string {
  let text = '';
  for (let draw = 0; draw < MAXIMUM_DRAWS; draw += 1) {
    for (const byte of randomBytes(length - text.length + SPARE_BYTES)) {
      if (byte < UNBIASED_LIMIT) {
        text += BASE62_DIGITS.charAt(byte % BASE);
        if (text.length === length) {
          return text;
        }
      }
    }
  }
  throw new Error('The source of randomness gives no usable bytes.');
}
