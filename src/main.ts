import 'reflect-metadata';
import { logProcessEvents } from './common/logging/process.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { readConfiguration, type Configuration } from './config/env.js';
import type { ServerStop } from './server.stop.js';
import { announceReady, startFailureText } from './start-texts.js';
import { exitAfterFailedStop, exitAfterStop } from './stop-exit.js';
import { onStopSignals } from './stop-signals.js';

/** Starts the server, and stops it on SIGTERM, SIGINT and SIGHUP. What it cannot start with is said in one line. */
async function main(): Promise<void> {
  // The database and the journal are for their owner alone, whatever folder they are put into.
  process.umask(0o077);
  // Whoever reads the log may go away; the gateway goes on without it. Unheard, the error would end the process.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const configuration = readConfiguration();
  const logger = new StructuredLogger(configuration.logLevel);
  logProcessEvents(logger);
  // Loaded once the configuration is known to fit: a wrong value is told at once.
  if (configuration.workers === 1) return runServer(configuration, logger);
  const { runWorkers } = await import('./primary.js');
  return runWorkers(configuration);
}

/** The server in this process alone. */
async function runServer(configuration: Configuration, logger: StructuredLogger): Promise<void> {
  let stop: ServerStop | null = null;
  let isStopping = false;
  onStopSignals(
    configuration.auditStreams.file === null,
    () => {
      isStopping = true;
      // What has not begun to take requests has nothing to finish.
      if (stop === null) process.exit(0);
      void stop.run().then(exitAfterStop, exitAfterFailedStop);
    },
    () => stop?.skipDraining(),
  );
  const { startServer } = await import('./configure-app.js');
  try {
    const server = await startServer(configuration, null, (stoppable) => (stop = stoppable));
    announceReady(logger, configuration, server);
  } catch (error) {
    // Whoever stopped it during the start knows why it did not come about.
    if (!isStopping) throw error;
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`Scopegate cannot start: ${startFailureText(error)}\n`);
  process.exit(1);
}
