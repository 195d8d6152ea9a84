import { crc32 } from 'node:zlib';
import type { EventContent } from './event-content.js';

/** The eight hexadecimal digits of the checksum, and the blank after them. */
const PREFIX_LENGTH = 9;

const NEWLINE = 0x0a;
const BLANK = 0x20;

/** The checksum begins with it, so that the lines of another order of fields are not taken for lines of this one. */
const FORMAT = 1;

/** Every byte in two hexadecimal digits. */
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** What a byte stands for as a hexadecimal digit; beyond 15 where it is none. */
const DIGITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(byte));
  return digit < 0 ? 16 : digit;
});

/** What stands before an event's content in its line of the journal: the checksum, and a blank. */
export function journalPrefix(content: EventContent): string {
  const checksum = crc32(content, FORMAT);
  const high = `${HEX[checksum >>> 24] as string}${HEX[(checksum >>> 16) & 0xff] as string}`;
  return `${high}${HEX[(checksum >>> 8) & 0xff] as string}${HEX[checksum & 0xff] as string} `;
}

/** What a part of a journal holds. */
export interface JournalPart {
  readonly contents: readonly EventContent[];
  /** The bytes that were read: everything up to the last line's end. */
  readonly length: number;
  /** Lines whose checksum does not match: torn by a crash, damaged, or of another format. They are passed over. */
  readonly torn: number;
}

/** Reads the lines of a part of a journal that begins at a line's start. Never throws. */
export function decodeJournal(bytes: Buffer): JournalPart {
  const contents: EventContent[] = [];
  let torn = 0;
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const contentStart = start + PREFIX_LENGTH;
    const checksum = contentStart <= end ? checksumAt(bytes, start) : null;
    if (checksum !== null && checksum === crc32(bytes.subarray(contentStart, end), FORMAT)) {
      contents.push(bytes.toString('utf8', contentStart, end) as EventContent);
    } else {
      torn += 1;
    }
    start = end + 1;
  }
  return { contents, length: start, torn };
}

/** The checksum that a line begins with; null where it begins in another way. */
function checksumAt(bytes: Buffer, start: number): number | null {
  let checksum = 0;
  const blank = start + PREFIX_LENGTH - 1;
  for (let index = start; index < blank; index += 1) {
    const digit = DIGITS[bytes[index] as number] as number;
    if (digit > 15) return null;
    checksum = checksum * 16 + digit;
  }
  return bytes[blank] === BLANK ? checksum : null;
}
