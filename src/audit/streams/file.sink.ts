import { open, stat, type FileHandle } from 'node:fs/promises';
import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';
import { linesOf } from './stdout.sink.js';

/** Only the owner may read and write. An existing file keeps its mode. */
const MODE = 0o600;

/** Appends one JSON object a line. Checks before each batch whether a log rotation has moved the file. */
export class FileSink implements StreamSink {
  readonly name = 'file';
  readonly batchSize = 500;
  #file: { readonly handle: FileHandle; readonly inode: number; readonly device: number } | null = null;
  /** A failed write may have left a part of a line. */
  #isTorn = false;

  constructor(private readonly path: string) {}

  async send(batch: readonly StreamedEvent[]): Promise<SinkAnswer> {
    const handle = await this.#open();
    const text = linesOf(batch);
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += (await handle.write(bytes, written)).bytesWritten;
    } catch (error) {
      if (written > 0) this.#isTorn = true;
      throw error;
    }
    this.#isTorn = false;
    return 'taken';
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.handle.close();
  }

  async #open(): Promise<FileHandle> {
    if (this.#file !== null) {
      const { inode, device, handle } = this.#file;
      const now = await stat(this.path).catch(() => null);
      if (now !== null && now.ino === inode && now.dev === device) return handle;
      await this.close();
      this.#isTorn = false;
    }
    const handle = await open(this.path, 'a', MODE);
    const { ino, dev } = await handle.stat();
    this.#file = { handle, inode: ino, device: dev };
    return handle;
  }
}
