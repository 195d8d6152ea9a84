import type { Readable, Writable } from 'node:stream';

const LINE_END = 0x0a;

/** A target whose reader has gone away never drains. */
const ENDS_OF_A_WAIT = ['drain', 'error', 'close'] as const;

/**
 * Writes the output of several processes as whole lines. If the reader stalls, the writer waits, as without this
 * process between them. If the reader has gone away, the output is dropped, so that no process waits.
 */
export function relayLines(source: Readable, target: Writable): void {
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
    const takesMore = target.write(lines);
    if (!takesMore && target.errored === null && !target.destroyed) waitFor(target, source);
  });
  source.once('end', () => {
    // A process that was killed may have left half a line.
    if (begun.length > 0) target.write(Buffer.concat([...begun, Buffer.of(LINE_END)]));
  });
}

function waitFor(target: Writable, source: Readable): void {
  const goOn = (): void => {
    for (const event of ENDS_OF_A_WAIT) target.off(event, goOn);
    source.resume();
  };
  source.pause();
  for (const event of ENDS_OF_A_WAIT) target.on(event, goOn);
}
