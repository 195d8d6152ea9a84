import 'reflect-metadata';
import cluster from 'node:cluster';
import { logProcessEvents } from './common/logging/process.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import type { ServerStop } from './server.stop.js';
import { startFailureText } from './start-texts.js';
import { exitAfterFailedStop, exitAfterStop } from './stop-exit.js';
import { ProcessChannel } from './workers/process.channel.js';
import { TOPICS, type StartAnswer, type StartOrder } from './workers/worker.link.js';

/** One of several workers: the whole server, started and stopped by the primary process. */
function runWorker(): void {
  process.umask(0o077);
  let stoppable: ServerStop | null = null;
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // What has not begun to take requests has nothing to finish.
    if (stoppable === null) process.exit(0);
    void stoppable.run().then(exitAfterStop, exitAfterFailedStop);
  };

  const primary = new ProcessChannel((message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  });
  primary.on(TOPICS.stop, stop);
  primary.on(TOPICS.skipDraining, () => stoppable?.skipDraining());
  primary.on(TOPICS.start, async (body): Promise<StartAnswer> => {
    const { number, node, configuration } = body as StartOrder;
    logProcessEvents(new StructuredLogger(configuration.logLevel, number));
    try {
      const { startServer } = await import('./configure-app.js');
      const server = await startServer(configuration, { number, node, primary }, (made) => (stoppable = made));
      return { isReady: true, addresses: { port: server.port, managementPort: server.managementPort } };
    } catch (error) {
      return { isReady: false, failure: startFailureText(error) };
    }
  });
  process.on('message', (message: unknown) => primary.receive(message));
  primary.tell(TOPICS.here, null);

  process.on('SIGTERM', stop);
  // Ctrl-C and the end of a terminal reach every process of its group. The primary stops the workers, in its own way.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  // Standard output leads to the primary, and what goes wrong at the very end to whoever reads the primary's. Where they
  // are gone, nothing is left to be told and much to be stored.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  cluster.worker?.on('disconnect', () => {
    primary.close();
    // Without this, Node ends the process at once: what is under way would be cut off.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    stop();
    // The port went with the primary: no load balancer reaches this worker any more.
    stoppable?.skipDraining();
  });
}

runWorker();
