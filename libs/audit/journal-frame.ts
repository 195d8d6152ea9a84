import { crc32 } from 'node:zlib';
import type { EventContent } from './event-content.js';

/**
 * The line that ends a frame: a mark, the checksum of the lines before it, and their length in bytes, each in eight
 * hexadecimal digits. No content begins with the mark.
 */
const MARK = '=';
const NUMBER_LENGTH = 8;

/** The length of the line that ends a frame. */
export const FRAME_END_BYTES = 1 + 2 * NUMBER_LENGTH + 1;

const NEWLINE = 0x0a;

/** How the line that ends a frame begins, behind the end of the line before it. */
const FRAME_END = Buffer.from(`\n${MARK}`);

/** The checksum begins with it, so that the lines of another order of fields are not taken for lines of this one. */
const FORMAT = 2;

/** What a byte stands for as a hexadecimal digit; beyond 15 where it is none. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte));
  return digit < 0 ? 16 : digit;
});

/**
 * The line that ends a frame, by which a reader knows that all of it is there. One for some lines costs a tenth of one
 * for each.
 * @param lines the frame up to it: contents of events, each with its line's end
 */
export function frameEnd(lines: Uint8Array): string {
  return `${MARK}${hexadecimal(crc32(lines, FORMAT))}${hexadecimal(lines.length)}\n`;
}

function hexadecimal(value: number): string {
  return value.toString(16).padStart(NUMBER_LENGTH, '0');
}

/** What a part of a journal holds. */
export interface JournalPart {
  readonly contents: readonly EventContent[];
  /** The bytes that were read: everything up to the end of the last frame that is whole. */
  readonly length: number;
  /** Pieces before a frame that belong to none: torn by a crash, damaged, or of another format. They are passed over. */
  readonly torn: number;
}

/** Reads the frames of a part of a journal. Never throws. */
export function decodeJournal(bytes: Buffer): JournalPart {
  const contents: EventContent[] = [];
  let torn = 0;
  /** Where the last frame ended. */
  let length = 0;
  for (let before = bytes.indexOf(FRAME_END); before >= 0; before = bytes.indexOf(FRAME_END, before + 1)) {
    const start = frameStartOf(bytes, length, before + 1);
    if (start === null) continue;
    if (start > length) torn += 1;
    for (const line of bytes.toString('utf8', start, before).split('\n')) contents.push(line as EventContent);
    length = before + 1 + FRAME_END_BYTES;
  }
  return { contents, length, torn };
}

/**
 * Where the frame begins that ends here; null where none does that is whole.
 * @param after the frame begins here at the earliest
 * @param end where the line begins that ends it
 */
function frameStartOf(bytes: Buffer, after: number, end: number): number | null {
  if (bytes[end + FRAME_END_BYTES - 1] !== NEWLINE) return null;
  const checksum = numberAt(bytes, end + 1);
  const length = numberAt(bytes, end + 1 + NUMBER_LENGTH);
  if (checksum === null || length === null || length === 0 || length > end - after) return null;
  const start = end - length;
  return checksum === crc32(bytes.subarray(start, end), FORMAT) ? start : null;
}

/** The number that begins here in hexadecimal digits; null where there is another character. */
function numberAt(bytes: Buffer, start: number): number | null {
  let value = 0;
  for (let index = start; index < start + NUMBER_LENGTH; index += 1) {
    const digit = DIGITS[bytes[index] as number] as number;
    if (digit > 15) return null;
    value = value * 16 + digit;
  }
  return value;
}
