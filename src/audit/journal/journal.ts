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

export interface WrittenListener {
  onWritten(error: Error | null): void;
}

const SEGMENT_BYTES = 16 * 1024 * 1024;

const PROBE_BYTES = 65_536;

/** For one turn of the event loop; grows if needed. */
const BUFFER_BYTES = 262_144;

/** Lines share one checksum up to this size: to read one line, all of them have to be read. */
const FRAME_BYTES = 16_384;

const NEWLINE = 0x0a;

const SEGMENT_NAME = /^segment-(\d{12})\.log$/;

/**
 * One turn of the event loop makes one write, and listeners are called once the write is complete (R62: a completed
 * write survives `kill -9`).
 */
export class Journal {
  #segment: number;
  /** Null before the segment's first write. */
  #file: number | null = null;
  #size = 0;
  #reader: { readonly segment: number; readonly file: number } | null = null;
  readonly #closed = new Map<number, number>();
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #pendingBytes = 0;
  #frameStart = 0;
  #waiting: WrittenListener[] = [];
  #scheduled: NodeJS.Immediate | null = null;
  #isClosed = false;
  /** Everything from here on is kept, even if it is released; null if nothing is. */
  #heldFrom: JournalPosition | null = null;
  #releasedUpTo: JournalPosition | null = null;

  constructor(readonly directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    for (const segment of this.#segmentsOnDisk()) this.#closed.set(segment, statSync(this.#path(segment)).size);
    // The last segment may end in a torn line, so nothing is added to it. It stays until there is another: positions
    // are stored elsewhere, so numbers must only rise.
    this.#segment = Math.max(0, ...this.#closed.keys()) + 1;
  }

  get start(): JournalPosition {
    return { segment: Math.min(this.#segment, ...this.#closed.keys()), offset: 0 };
  }

  /** Exact once everything is written. */
  get end(): JournalPosition {
    return { segment: this.#segment, offset: this.#size + this.#pendingBytes };
  }

  bytesSince(position: JournalPosition): number {
    const bytesOf = (segment: number, size: number): number =>
      segment < position.segment ? 0 : Math.max(0, size - (segment === position.segment ? position.offset : 0));
    let bytes = bytesOf(this.#segment, this.#size + this.#pendingBytes);
    for (const [segment, size] of this.#closed) bytes += bytesOf(segment, size);
    return bytes;
  }

  /** Written at the end of this turn of the event loop. */
  append(line: string): void {
    // `length` counts two for a character of four bytes, so three bytes for each are enough.
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
      // Part of a line may be written, so the next line begins a new segment. Also if the file could not be created,
      // because positions in this segment are stored elsewhere.
      this.#closeSegment();
    }
    for (const listener of waiting) listener.onWritten(failure);
  }

  /** Tests after a failure whether the disk can be written again. Leaves nothing behind. */
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
      // Bytes of the test may remain, and the size does not count them.
      this.#closeSegment();
      return false;
    }
  }

  /** Reads up to `limit` bytes within one segment. @returns null at the end */
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

  /** Keeps everything from here on for a reader. What is not held is removed at once: only that frees a full disk. */
  hold(from: JournalPosition): void {
    this.#heldFrom = from;
    if (this.#releasedUpTo !== null) this.release(this.#releasedUpTo);
  }

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
        // The last one keeps its number but no bytes: a full disk would have no room to begin the next one.
        truncateSync(this.#path(segment));
        this.#closed.set(segment, 0);
      }
    }
  }

  close(): void {
    this.flush();
    this.#isClosed = true;
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
    this.#closeReader();
  }

  /** @throws Error if the journal is closed */
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
      // These lines are then stored although they are counted as lost.
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
