import { crc32 } from 'node:zlib';
import type { EventContent } from './event-content.js';

/**
 * The line that ends a frame: a mark, the checksum of the lines before it, and their length in bytes, each in eight
 * hexadecimal digits. No content begins with the mark.
 */
const MARK = '=';
const MARK_BYTE = 0x3d;
const NUMBER_LENGTH = 8;

/** The length of the line that ends a frame. */
export const FRAME_END_BYTES = 1 + 2 * NUMBER_LENGTH + 1;

const NEWLINE = 0x0a;

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
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    if (bytes[start] === MARK_BYTE) {
      const frameStart = frameStartOf(bytes, length, start, end);
      if (frameStart !== null) {
        if (frameStart > length) torn += 1;
        readLines(bytes, frameStart, start, contents);
        length = end + 1;
      }
    }
    start = end + 1;
  }
  return { contents, length, torn };
}

/**
 * Where the frame begins that a line ends; null where it ends none that is whole.
 * @param after the frame begins here at the earliest
 */
function frameStartOf(bytes: Buffer, after: number, line: number, lineEnd: number): number | null {
  if (lineEnd + 1 - line !== FRAME_END_BYTES) return null;
  const checksum = numberAt(bytes, line + 1);
  const length = numberAt(bytes, line + 1 + NUMBER_LENGTH);
  if (checksum === null || length === null || length > line - after) return null;
  const start = line - length;
  return checksum === crc32(bytes.subarray(start, line), FORMAT) ? start : null;
}

function readLines(bytes: Buffer, from: number, to: number, contents: EventContent[]): void {
  for (let start = from; start < to;) {
    const end = bytes.indexOf(NEWLINE, start);
    contents.push(bytes.toString('utf8', start, end) as EventContent);
    start = end + 1;
  }
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
