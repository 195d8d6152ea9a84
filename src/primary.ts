import { fileURLToPath } from 'node:url';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { stopPatienceMs } from './common/stop/stop-limits.js';
import { Clock } from './common/time/clock.js';
import type { Configuration } from './config/env.js';
import { ConfigurationError } from './config/environment.reader.js';
import { PrimaryRelay } from './peers/primary.relay.js';
import { ProcessStop } from './process-stop.js';
import { announceReady, startFailureText } from './startup-messages.js';
import { onStopSignals } from './stop-signals.js';
import { WorkerSupervisor } from './workers/worker-supervisor.js';

/** A start takes seconds, or longer if much of a journal must be stored first. */
const START_TIMEOUT_MS = 60_000;

/**
 * The primary process runs no application. It starts, replaces and stops the workers, passes each new connection to the
 * next one, and keeps what they share.
 */
export async function runWorkers(configuration: Configuration): Promise<void> {
  const logger = new StructuredLogger(configuration.logLevel);
  const supervisor: WorkerSupervisor = new WorkerSupervisor({
    configuration,
    program: fileURLToPath(new URL('./worker.js', import.meta.url)),
    logger,
    startTimeoutMs: START_TIMEOUT_MS,
    announce: (addresses) => announceReady(logger, configuration, addresses),
    serve: (channel) => relay.serve(channel),
  });
  const relay = new PrimaryRelay(new Clock(), () => supervisor.channels);
  const patienceMs = stopPatienceMs(configuration);
  const stop = new ProcessStop();
  stop.set({ run: () => supervisor.stop(patienceMs), skipDraining: () => supervisor.skipDraining() });
  // On SIGHUP, the workers reopen the audit file themselves.
  onStopSignals(configuration.auditStreams.file === null, stop);
  try {
    await supervisor.start();
  } catch (error) {
    // A stop during the start explains why it failed.
    if (stop.isStopping) return;
    await supervisor.stop(patienceMs);
    throw new ConfigurationError(error instanceof Error ? error.message : startFailureText(error));
  }
}
