import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { comparePositions, FRAME_END_BYTES, frameEnd, type JournalPosition } from '@scopegate/audit';

/** Whoever waits for what has been appended. */
export interface WrittenListener {
  /** @param error null where all of it is written */
  onWritten(error: Error | null): void;
}

/** A segment is closed once it has this many bytes. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** After a failure, the disk has to take so much before anything is entrusted to it again. */
const PROBE_BYTES = 65_536;

/** Room for what is appended within one turn; it grows with the largest one. */
const BUFFER_BYTES = 262_144;

/** Lines share one checksum up to so many bytes: whoever reads a line has to read all that share its own. */
const FRAME_BYTES = 16_384;

const NEWLINE = 0x0a;

const SEGMENT_NAME = /^segment-(\d{12})\.log$/;

/**
 * An append-only journal of segment files. What is appended within one turn of the event loop is one write; whoever
 * waits for it is told once the write is complete (R62: a completed write survives `kill -9`).
 */
export class Journal {
  #segment: number;
  /** Null where the disk has not taken the segment yet. */
  #file: number | null = null;
  #size = 0;
  /** What is read at the moment. */
  #reader: { readonly segment: number; readonly file: number } | null = null;
  /** The bytes of closed segments that are still needed. */
  readonly #closed = new Map<number, number>();
  /** What is not written yet stands at its beginning. */
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #pendingBytes = 0;
  /** Where the lines in it begin that have no checksum yet. */
  #frameStart = 0;
  #waiting: WrittenListener[] = [];
  #scheduled: NodeJS.Immediate | null = null;
  #isClosed = false;
  /** What is from here on is kept, though it has been released; null where nothing is. */
  #heldFrom: JournalPosition | null = null;
  #releasedUpTo: JournalPosition | null = null;

  /** @param directory the folder of this process alone */
  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const segment of this.#segmentsOnDisk()) this.#closed.set(segment, statSync(this.#path(segment)).size);
    // The last segment may end in a torn line, so nothing is ever added to it. Numbers only rise, since positions are
    // remembered elsewhere: the last segment stays until there is another.
    this.#segment = Math.max(0, ...this.#closed.keys()) + 1;
  }

  /** The oldest position there is. */
  get start(): JournalPosition {
    return { segment: Math.min(this.#segment, ...this.#closed.keys()), offset: 0 };
  }

  /** Where the next line begins; exact once everything is written. */
  get end(): JournalPosition {
    return { segment: this.#segment, offset: this.#size + this.#pendingBytes };
  }

  /** Bytes on disk from this position on. */
  bytesSince(position: JournalPosition): number {
    const bytesOf = (segment: number, size: number): number =>
      segment < position.segment ? 0 : Math.max(0, size - (segment === position.segment ? position.offset : 0));
    let bytes = bytesOf(this.#segment, this.#size + this.#pendingBytes);
    for (const [segment, size] of this.#closed) bytes += bytesOf(segment, size);
    return bytes;
  }

  /** Adds a line; it is written at the end of this turn of the event loop. */
  append(line: string): void {
    // A character takes three bytes at the most: one that takes four counts as two.
    const needed = this.#pendingBytes + 3 * line.length + 1 + FRAME_END_BYTES;
    if (needed > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * needed);
      this.#buffer.copy(larger, 0, 0, this.#pendingBytes);
      this.#buffer = larger;
    }
    const end = this.#pendingBytes + this.#buffer.write(line, this.#pendingBytes);
    this.#buffer[end] = NEWLINE;
    this.#pendingBytes = end + 1;
    if (this.#pendingBytes - this.#frameStart >= FRAME_BYTES) this.#endFrame();
    this.#scheduled ??= setImmediate(() => this.flush());
  }

  #endFrame(): void {
    if (this.#frameStart === this.#pendingBytes) return;
    const lines = this.#buffer.subarray(this.#frameStart, this.#pendingBytes);
    this.#pendingBytes += this.#buffer.write(frameEnd(lines), this.#pendingBytes, 'latin1');
    this.#frameStart = this.#pendingBytes;
  }

  /** Tells once everything appended so far is written, or cannot be. */
  whenWritten(listener: WrittenListener): void {
    if (this.#pendingBytes === 0) listener.onWritten(null);
    else this.#waiting.push(listener);
  }

  /** Writes everything appended so far. */
  flush(): void {
    if (this.#scheduled !== null) clearImmediate(this.#scheduled);
    this.#scheduled = null;
    if (this.#pendingBytes === 0) return;
    this.#endFrame();
    const length = this.#pendingBytes;
    const waiting = this.#waiting;
    this.#pendingBytes = 0;
    this.#frameStart = 0;
    this.#waiting = [];
    let failure: Error | null = null;
    try {
      const file = this.#opened();
      for (let written = 0; written < length;) written += writeSync(file, this.#buffer, written, length - written);
      this.#size += length;
      if (this.#size >= SEGMENT_BYTES) this.#closeSegment();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      this.#takeBack();
      // Part of a line may have been written: the next line begins a new segment. So it does where not even the file
      // could be made, because positions in this segment have been given out.
      this.#closeSegment();
    }
    for (const listener of waiting) listener.onWritten(failure);
  }

  /** Finds out whether the disk takes anything again after a failure. Leaves nothing behind. */
  probe(): boolean {
    this.flush();
    try {
      const file = this.#opened();
      const bytes = Buffer.alloc(PROBE_BYTES);
      let written = 0;
      try {
        while (written < bytes.length) written += writeSync(file, bytes, written);
      } finally {
        ftruncateSync(file, this.#size);
      }
      return true;
    } catch {
      // What was tried may still be there, where the size does not count it.
      this.#closeSegment();
      return false;
    }
  }

  /** Reads bytes from a position on: up to `limit`, and within one segment. Null where there is nothing more. */
  read(
    position: JournalPosition,
    limit: number,
  ): { readonly bytes: Buffer; readonly position: JournalPosition } | null {
    let { segment, offset } = position;
    for (;;) {
      const size = segment === this.#segment ? this.#size : this.#closed.get(segment);
      if (size !== undefined && offset < size) {
        const bytes = Buffer.allocUnsafe(Math.min(limit, size - offset));
        const length = readSync(this.#readerOf(segment), bytes, 0, bytes.length, offset);
        // Nothing, where somebody else has shortened the file: what follows is in the next one.
        if (length > 0) return { bytes: bytes.subarray(0, length), position: { segment, offset } };
      }
      if (segment >= this.#segment) return null;
      segment = this.#next(segment);
      offset = 0;
    }
  }

  /** A journal is read in small parts, one after the other: its file stays open. */
  #readerOf(segment: number): number {
    if (this.#reader?.segment === segment) return this.#reader.file;
    this.#closeReader();
    const file = openSync(this.#path(segment), 'r');
    this.#reader = { segment, file };
    return file;
  }

  #closeReader(): void {
    if (this.#reader !== null) closeSync(this.#reader.file);
    this.#reader = null;
  }

  /**
   * Keeps what is from this position on, also where it is released: its reader needs it. What was released and is not held
   * any more gives its room back at once: on a full disk, nothing else may come that would.
   */
  hold(from: JournalPosition): void {
    this.#heldFrom = from;
    if (this.#releasedUpTo !== null) this.release(this.#releasedUpTo);
  }

  /** Bytes that are kept since `hold`; 0 where nothing is. */
  get heldBytes(): number {
    return this.#heldFrom === null ? 0 : this.bytesSince(this.#heldFrom);
  }

  /** Gives back the room of everything before this position, unless it is held. */
  release(upTo: JournalPosition): void {
    this.#releasedUpTo = upTo;
    const held = this.#heldFrom;
    const position = held !== null && comparePositions(held, upTo) < 0 ? held : upTo;
    // As long as a file is open, removing it gives back nothing.
    if (this.#reader !== null && this.#reader.segment < this.#segment) this.#closeReader();
    const last = this.#file === null ? Math.max(0, ...this.#closed.keys()) : this.#segment;
    for (const [segment, size] of this.#closed) {
      const isNeeded = segment > position.segment || (segment === position.segment && size > position.offset);
      if (isNeeded) continue;
      if (segment !== last) {
        rmSync(this.#path(segment), { force: true });
        this.#closed.delete(segment);
      } else if (size > 0) {
        // The last one keeps its number, and no room: on a full disk the next one could not be begun for want of it.
        truncateSync(this.#path(segment));
        this.#closed.set(segment, 0);
      }
    }
  }

  /** Writes what has been appended, and lets go of the files. Nothing is taken any more. */
  close(): void {
    this.flush();
    this.#isClosed = true;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#closeReader();
  }

  /**
   * The file of the segment that is written.
   * @throws Error where the journal is closed: the file is there then, and would be taken for one of somebody else
   */
  #opened(): number {
    if (this.#isClosed) throw new Error('The journal is closed.');
    return (this.#file ??= openSync(this.#path(this.#segment), 'ax', 0o600));
  }

  #next(segment: number): number {
    return Math.min(...[...this.#closed.keys(), this.#segment].filter((candidate) => candidate > segment));
  }

  /** Whole lines of what failed may have been written: those who waited are told that nothing was. */
  #takeBack(): void {
    try {
      if (this.#file !== null) ftruncateSync(this.#file, this.#size);
    } catch {
      // They are stored then, besides being counted as lost.
    }
  }

  #closeSegment(): void {
    if (this.#file !== null) {
      this.#closed.set(this.#segment, fstatSync(this.#file).size);
      closeSync(this.#file);
      this.#file = null;
    }
    this.#segment += 1;
    this.#size = 0;
  }

  #path(segment: number): string {
    return join(this.directory, `segment-${String(segment).padStart(12, '0')}.log`);
  }

  #segmentsOnDisk(): number[] {
    return readdirSync(this.directory)
      .map((name) => SEGMENT_NAME.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((first, second) => first - second);
  }
}
