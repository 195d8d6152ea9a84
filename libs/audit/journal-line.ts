import { crc32 } from 'node:zlib';
import { decodeEvent, type RecordedEvent } from './event-content.js';

/** The eight hexadecimal digits of the checksum, and the blank after them. */
const PREFIX_LENGTH = 9;

const NEWLINE = 0x0a;

/** One line of the journal: the checksum of the event's content, a blank, the content and a line's end. */
export function encodeJournalLine(content: string): string {
  return `${checksumOf(content)} ${content}\n`;
}

/** What a part of a journal holds. */
export interface JournalPart {
  readonly entries: readonly RecordedEvent[];
  /** The bytes that were read: everything up to the last line's end. */
  readonly length: number;
  /** Lines whose checksum does not match: torn by a crash, or damaged. They are passed over. */
  readonly torn: number;
}

/** Reads the lines of a part of a journal that begins at a line's start. Never throws. */
export function decodeJournal(bytes: Buffer): JournalPart {
  const entries: RecordedEvent[] = [];
  let torn = 0;
  let start = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    const read = decodeLine(bytes.toString('utf8', start, end));
    start = end + 1;
    if (read === null) torn += 1;
    else entries.push(read);
  }
  return { entries, length: start, torn };
}

function decodeLine(line: string): RecordedEvent | null {
  const content = line.slice(PREFIX_LENGTH);
  if (line[PREFIX_LENGTH - 1] !== ' ' || line.slice(0, PREFIX_LENGTH - 1) !== checksumOf(content)) return null;
  try {
    return { event: decodeEvent(content), content };
  } catch {
    return null;
  }
}

function checksumOf(content: string): string {
  return crc32(content).toString(16).padStart(8, '0');
}
