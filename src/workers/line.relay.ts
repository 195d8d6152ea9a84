import type { Readable, Writable } from 'node:stream';

const LINE_END = 0x0a;

/**
 * Passes on what several processes write, as whole lines: the lines of one never cut those of another in two. A reader
 * that stalls is waited for, and so the writer waits as it would without anybody in between.
 */
export function relayLines(source: Readable, target: Writable): void {
  /** The begun line, in the pieces it came in. */
  let begun: Buffer[] = [];
  // Each source may wait for the target once.
  target.setMaxListeners(target.getMaxListeners() + 1);
  source.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(LINE_END) + 1;
    if (end === 0) {
      begun.push(chunk);
      return;
    }
    const lines = Buffer.concat([...begun, chunk.subarray(0, end)]);
    begun = end < chunk.length ? [chunk.subarray(end)] : [];
    if (target.write(lines)) return;
    source.pause();
    target.once('drain', () => source.resume());
  });
  source.once('end', () => {
    // A process that was killed may have left half a line.
    if (begun.length > 0) target.write(Buffer.concat([...begun, Buffer.of(LINE_END)]));
  });
}
