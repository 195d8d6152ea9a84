import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';

/** Writes events to standard output, one JSON object a line, between the lines of the log. */
export class StdoutSink implements StreamSink {
  readonly name = 'stdout';
  readonly batchSize = 500;
  // A reader that is gone must not end the server; the write that fails says so.
  readonly #onError = (): void => undefined;

  constructor(private readonly output: NodeJS.WritableStream = process.stdout) {
    output.on('error', this.#onError);
  }

  /** A reader that stalls is waited for; the queue is what is bounded. */
  send(batch: readonly StreamedEvent[]): Promise<SinkAnswer> {
    return new Promise((resolve, reject) => {
      this.output.write(linesOf(batch), (error) => {
        if (error === undefined || error === null) resolve('taken');
        else reject(error);
      });
    });
  }

  close(): Promise<void> {
    this.output.off('error', this.#onError);
    return Promise.resolve();
  }
}

/** JSON lines: one event each, with a line's end after the last one, too. */
export function linesOf(batch: readonly StreamedEvent[]): string {
  let text = '';
  for (const { json } of batch) text += `${json}\n`;
  return text;
}
