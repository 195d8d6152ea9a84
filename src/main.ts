import 'reflect-metadata';
import { logProcessEvents } from './common/logging/process.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { readConfiguration, type Configuration } from './config/env.js';
import { ProcessStop } from './process-stop.js';
import { announceReady, startFailureText } from './startup-messages.js';
import { onStopSignals } from './stop-signals.js';

/** If the server cannot start, one line says why. */
async function main(): Promise<void> {
  // Only the owner may read the database and the journal, in any folder.
  process.umask(0o077);
  // If the reader of the log goes away, the gateway continues. Without a listener, the error would end the process.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  const configuration = readConfiguration();
  const logger = new StructuredLogger(configuration.logLevel);
  logProcessEvents(logger);
  // Loaded after the configuration is checked, so that a wrong value is reported at once.
  if (configuration.workers === 1) return runServer(configuration, logger);
  const { runWorkers } = await import('./primary.js');
  return runWorkers(configuration);
}

async function runServer(configuration: Configuration, logger: StructuredLogger): Promise<void> {
  const stop = new ProcessStop();
  onStopSignals(configuration.auditStreams.file === null, stop);
  const { startServer } = await import('./configure-app.js');
  try {
    const server = await startServer(configuration, { onStoppable: (stoppable) => stop.set(stoppable) });
    announceReady(logger, configuration, server);
  } catch (error) {
    // A stop during the start explains why it failed.
    if (!stop.isStopping) throw error;
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`Scopegate cannot start: ${startFailureText(error)}\n`);
  process.exit(1);
}
