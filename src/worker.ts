import 'reflect-metadata';
import cluster from 'node:cluster';
import { logProcessEvents } from './common/logging/process.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import type { RunningServer } from './configure-app.js';
import { startFailureText } from './start-texts.js';
import { ProcessChannel } from './workers/process.channel.js';
import { TOPICS, type StartAnswer, type StartOrder } from './workers/worker.link.js';

/** A worker that has lost its primary process and cannot stop in good order ends all the same. */
const STOP_TIMEOUT_MS = 30_000;

/** One of several workers: the whole server, started and stopped by the primary process. */
function runWorker(): void {
  process.umask(0o077);
  let server: RunningServer | null = null;
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // What has not begun to take requests has nothing to finish.
    if (server === null) process.exit(0);
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`A worker could not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };

  const primary = new ProcessChannel((message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  });
  primary.on(TOPICS.stop, stop);
  primary.on(TOPICS.start, async (body): Promise<StartAnswer> => {
    const { number, configuration } = body as StartOrder;
    logProcessEvents(new StructuredLogger(configuration.logLevel, number));
    try {
      const { startServer } = await import('./configure-app.js');
      server = await startServer(configuration, { number, primary });
      return { isReady: true, addresses: { port: server.port, managementPort: server.managementPort } };
    } catch (error) {
      return { isReady: false, failure: startFailureText(error) };
    }
  });
  process.on('message', (message: unknown) => primary.receive(message));
  primary.tell(TOPICS.here, null);

  process.on('SIGTERM', stop);
  // Ctrl-C reaches every process of the terminal's group. The primary stops the workers, in its own way.
  process.on('SIGINT', () => undefined);
  // Standard output leads to the primary, and what goes wrong at the very end to whoever reads the primary's. Where they
  // are gone, nothing is left to be told and much to be stored.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  cluster.worker?.on('disconnect', () => {
    primary.close();
    // Without this, Node ends the process at once: what is under way would be cut off.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    stop();
  });
}

runWorker();
