import { crc32 } from 'node:zlib';
import type { EventContent } from './event-content.js';

/**
 * The line that ends a frame: a mark, the checksum of the lines before it, and their length in bytes, each in eight
 * hexadecimal digits. No content begins with the mark.
 */
const FRAME_END_LINE = /^=([0-9a-f]{8})([0-9a-f]{8})\n$/;

export const FRAME_END_BYTES = 18;

/** The beginning of the line that ends a frame, with the end of the line before it. */
const FRAME_END = Buffer.from('\n=');

/** Start value of the checksum, so that lines with another order of fields are not taken for lines of this one. */
const FORMAT = 2;

/**
 * The line that ends a frame. With it, a reader knows that the frame is complete.
 * @param lines the frame up to that line: contents of events, each with a line end
 */
export function frameEnd(lines: Uint8Array): string {
  return `=${hexadecimal(crc32(lines, FORMAT))}${hexadecimal(lines.length)}\n`;
}

function hexadecimal(value: number): string {
  return value.toString(16).padStart(8, '0');
}

export interface JournalPart {
  readonly contents: readonly EventContent[];
  /** The number of bytes up to the end of the last complete frame. */
  readonly length: number;
  /** The number of skipped pieces between frames: torn by a crash, damaged, or of another format. */
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
 * The start of the frame that ends here; null if it is not complete.
 * @param after the earliest possible start
 * @param end the start of the line that ends the frame
 */
function frameStartOf(bytes: Buffer, after: number, end: number): number | null {
  const [, checksum, digits] = FRAME_END_LINE.exec(bytes.toString('latin1', end, end + FRAME_END_BYTES)) ?? [];
  if (checksum === undefined || digits === undefined) return null;
  const length = Number.parseInt(digits, 16);
  if (length === 0 || length > end - after) return null;
  const start = end - length;
  return Number.parseInt(checksum, 16) === crc32(bytes.subarray(start, end), FORMAT) ? start : null;
}
