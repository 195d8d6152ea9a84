import 'reflect-metadata';
import { logProcessEvents } from './common/logging/process.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { readConfiguration, type Configuration } from './config/env.js';
import { announceReady, startFailureText } from './start-texts.js';

/** Starts the server, and stops it on SIGTERM and SIGINT. What it cannot start with is said in one line. */
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
  const { startServer } = await import('./configure-app.js');
  const server = await startServer(configuration);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Scopegate could not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  // Ctrl-C may come twice: from the terminal, and from whatever started the server and passes it on.
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Who starts the server may end it as soon as it is told: by then it ends in good order.
  announceReady(logger, configuration, server);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`Scopegate cannot start: ${startFailureText(error)}\n`);
  process.exit(1);
}
