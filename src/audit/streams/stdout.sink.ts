import type { SinkAnswer, StreamedEvent, StreamSink } from './stream.sink.js';

/** One JSON object a line, between the lines of the log. */
export class StdoutSink implements StreamSink {
  readonly name = 'stdout';
  readonly batchSize = 500;
  // If the reader is gone, the failed write reports it; the error must not end the server.
  readonly #onError = (): void => undefined;

  constructor(private readonly output: NodeJS.WritableStream = process.stdout) {
    output.on('error', this.#onError);
  }

  /** Waits for a reader that stalls: the queue has the limit. */
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

export function linesOf(batch: readonly StreamedEvent[]): string {
  let text = '';
  for (const { json } of batch) text += `${json}\n`;
  return text;
}
