import { crc32 } from 'node:zlib';
import type { EventContent } from './event-content.js';

/** The eight hexadecimal digits of the checksum, and the blank after them. */
const PREFIX_LENGTH = 9;

const NEWLINE = 0x0a;

/** The checksum begins with it, so that the lines of another order of fields are not taken for lines of this one. */
const FORMAT = 1;

/** One line of the journal: the checksum of an event's content, a blank, the content and a line's end. */
export function encodeJournalLine(content: EventContent): string {
  return `${checksumOf(content)} ${content}\n`;
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
    const checksum = bytes.toString('latin1', start, contentStart);
    if (contentStart <= end && checksum === `${checksumOf(bytes.subarray(contentStart, end))} `) {
      contents.push(bytes.toString('utf8', contentStart, end) as EventContent);
    } else {
      torn += 1;
    }
    start = end + 1;
  }
  return { contents, length: start, torn };
}

function checksumOf(content: string | Uint8Array): string {
  return crc32(content, FORMAT).toString(16).padStart(8, '0');
}
