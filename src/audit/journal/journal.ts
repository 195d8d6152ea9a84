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

/** Called once appended lines are written, or cannot be. */
export interface WrittenListener {
  /** @param error null if everything is written */
  onWritten(error: Error | null): void;
}

/** A segment is closed once it has this many bytes. */
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** After a failure, the disk has to take this much before anything is written to it again. */
const PROBE_BYTES = 65_536;

/** Room for what is appended within one turn; it grows if needed. */
const BUFFER_BYTES = 262_144;

/** Lines share one checksum up to this many bytes: to read one line, all with the same checksum have to be read. */
const FRAME_BYTES = 16_384;

const NEWLINE = 0x0a;

const SEGMENT_NAME = /^segment-(\d{12})\.log$/;

/**
 * An append-only journal of segment files. What is appended within one turn of the event loop is one write, and its
 * listeners are called once the write is complete (R62: a completed write survives `kill -9`).
 */
export class Journal {
  #segment: number;
  /** Null before the segment's first write. */
  #file: number | null = null;
  #size = 0;
  /** The file that was read last. */
  #reader: { readonly segment: number; readonly file: number } | null = null;
  /** The bytes of closed segments that are still needed. */
  readonly #closed = new Map<number, number>();
  /** What is not written yet, at its beginning. */
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #pendingBytes = 0;
  /** Where the lines without a checksum begin in the buffer. */
  #frameStart = 0;
  #waiting: WrittenListener[] = [];
  #scheduled: NodeJS.Immediate | null = null;
  #isClosed = false;
  /** Everything from here on is kept, even if it is released; null if nothing is. */
  #heldFrom: JournalPosition | null = null;
  #releasedUpTo: JournalPosition | null = null;

  /** @param directory a folder that only this process uses */
  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const segment of this.#segmentsOnDisk()) this.#closed.set(segment, statSync(this.#path(segment)).size);
    // The last segment may end in a torn line, so nothing is ever added to it. Numbers only rise, since positions are
    // remembered elsewhere: the last segment stays until there is another.
    this.#segment = Math.max(0, ...this.#closed.keys()) + 1;
  }

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
    // A character takes at most three bytes: one that takes four has the length two.
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

  /** Calls the listener once everything appended so far is written, or cannot be. */
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
      // Part of a line may have been written: the next line begins a new segment. The same if the file could not be
      // created, because positions in this segment are known elsewhere.
      this.#closeSegment();
    }
    for (const listener of waiting) listener.onWritten(failure);
  }

  /** Tests whether the disk can be written again after a failure. Leaves nothing behind. */
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
      // Bytes of the test may still be there, and the size does not count them.
      this.#closeSegment();
      return false;
    }
  }

  /** Reads up to `limit` bytes from a position on, within one segment. Null at the end. */
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
        // 0 bytes if another program has shortened the file: the next segment follows.
        if (length > 0) return { bytes: bytes.subarray(0, length), position: { segment, offset } };
      }
      if (segment >= this.#segment) return null;
      segment = this.#next(segment);
      offset = 0;
    }
  }

  /** The file stays open, because a journal is read in many small parts. */
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
   * Keeps everything from this position on, even if it is released, because a reader still needs it. What is released and
   * no longer held is removed at once: on a full disk, nothing else may free that room.
   */
  hold(from: JournalPosition): void {
    this.#heldFrom = from;
    if (this.#releasedUpTo !== null) this.release(this.#releasedUpTo);
  }

  /** Bytes that `hold` keeps. */
  get heldBytes(): number {
    return this.#heldFrom === null ? 0 : this.bytesSince(this.#heldFrom);
  }

  /** Removes everything before this position, unless it is held. */
  release(upTo: JournalPosition): void {
    this.#releasedUpTo = upTo;
    const held = this.#heldFrom;
    const position = held !== null && comparePositions(held, upTo) < 0 ? held : upTo;
    // Removing a file frees its room only once it is closed.
    if (this.#reader !== null && this.#reader.segment < this.#segment) this.#closeReader();
    const last = this.#file === null ? Math.max(0, ...this.#closed.keys()) : this.#segment;
    for (const [segment, size] of this.#closed) {
      const isNeeded = segment > position.segment || (segment === position.segment && size > position.offset);
      if (isNeeded) continue;
      if (segment !== last) {
        rmSync(this.#path(segment), { force: true });
        this.#closed.delete(segment);
      } else if (size > 0) {
        // The last one keeps its number but no bytes: on a full disk, there would be no room to begin the next one.
        truncateSync(this.#path(segment));
        this.#closed.set(segment, 0);
      }
    }
  }

  /** Writes what has been appended, and closes the files. Nothing can be appended afterwards. */
  close(): void {
    this.flush();
    this.#isClosed = true;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#closeReader();
  }

  /**
   * The file of the current segment.
   * @throws Error if the journal is closed
   */
  #opened(): number {
    if (this.#isClosed) throw new Error('The journal is closed.');
    return (this.#file ??= openSync(this.#path(this.#segment), 'ax', 0o600));
  }

  #next(segment: number): number {
    return Math.min(...[...this.#closed.keys(), this.#segment].filter((candidate) => candidate > segment));
  }

  /** Removes whole lines of a failed write: their listeners are called with an error. */
  #takeBack(): void {
    try {
      if (this.#file !== null) ftruncateSync(this.#file, this.#size);
    } catch {
      // Then these lines are stored although they are counted as lost.
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
