import { crc32 } from 'node:zlib';
import type { EventContent } from './event-content.js';

/**
 * The last line of a frame: a mark, the checksum of the lines before it, and their length in bytes, both in eight
 * hexadecimal digits. No content begins with the mark.
 */
const FRAME_END_LINE = /^=([0-9a-f]{8})([0-9a-f]{8})\n$/;

export const FRAME_END_BYTES = 18;

/** With the line end before it. */
const FRAME_END = Buffer.from('\n=');

/** Start value of the checksum; it changes with the order of the fields. */
const FORMAT = 2;

/** Shows that the frame is complete. @param lines the contents of events, each with a line end */
export function frameEnd(lines: Uint8Array): string {
  return `=${hexadecimal(crc32(lines, FORMAT))}${hexadecimal(lines.length)}\n`;
}

function hexadecimal(value: number): string {
  return value.toString(16).padStart(8, '0');
}

export interface JournalPart {
  readonly contents: readonly EventContent[];
  readonly length: number;
  /** Pieces between frames that were skipped: torn by a crash, damaged, or in another format. */
  readonly torn: number;
}

/** Never throws. */
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
 * Null for an incomplete frame.
 * @param after the earliest possible start
 * @param end the start of the frame's last line
 */
function frameStartOf(bytes: Buffer, after: number, end: number): number | null {
  const [, checksum, digits] = FRAME_END_LINE.exec(bytes.toString('latin1', end, end + FRAME_END_BYTES)) ?? [];
  if (checksum === undefined || digits === undefined) return null;
  const length = Number.parseInt(digits, 16);
  if (length === 0 || length > end - after) return null;
  const start = end - length;
  return Number.parseInt(checksum, 16) === crc32(bytes.subarray(start, end), FORMAT) ? start : null;
}
