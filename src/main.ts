import 'reflect-metadata';
import { ConfigurationError, readConfiguration } from './config/env.js';
import type { RunningServer } from './configure-app.js';

/** Starts the server, and stops it on SIGTERM and SIGINT. What it cannot start with is said in one line. */
async function main(): Promise<void> {
  // The database and the journal are for their owner alone, whatever folder they are put into.
  process.umask(0o077);
  // Whoever reads the log may go away; the gateway goes on without it. Unheard, the error would end the process.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
  let server: RunningServer;
  const configuration = readConfiguration();
  // Loaded once the configuration is known to fit: a wrong value is told at once.
  const { startServer } = await import('./configure-app.js');
  try {
    server = await startServer(configuration);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
      throw new ConfigurationError(
        `The port is taken: choose another PORT or SCOPEGATE_MANAGEMENT_PORT (${error.message}).`,
      );
    }
    throw error;
  }
  const { host } = configuration;
  const address = host.includes(':') ? `[${host}]` : host;
  process.stdout.write(
    `Scopegate is ready at http://${address}:${server.port} (API: http://${address}:${server.managementPort}/docs)\n`,
  );
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
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

try {
  await main();
} catch (error) {
  const text =
    error instanceof ConfigurationError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`Scopegate cannot start: ${text}\n`);
  process.exit(1);
}
