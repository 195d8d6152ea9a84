import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { countFailuresTogether } from './access/primary-failure-counters.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { Clock } from './common/time/clock.js';
import { ConfigurationError, type Configuration } from './config/env.js';
import { WorkersFigures } from './metrics/workers.figures.js';
import { announceReady, startFailureText } from './start-texts.js';
import { TOPICS } from './workers/worker.link.js';
import { WorkerSupervisor } from './workers/worker.supervisor.js';

/** Workers give requests under way ten seconds, and then store what they have recorded. */
const STOP_TIMEOUT_MS = 30_000;

/** A start takes seconds, or longer where much of a journal is to be stored first. */
const START_TIMEOUT_MS = 60_000;

/**
 * The process that holds the workers: it has no application in it. It starts, replaces and stops them, hands each new
 * connection to the next one, and keeps what they have in common: counts of failed credentials, and figures.
 */
export async function runWorkers(configuration: Configuration): Promise<void> {
  if (!cluster.isPrimary) {
    throw new ConfigurationError(
      'SCOPEGATE_WORKERS: this process is a worker of another program already. Leave it out, or start Scopegate itself.',
    );
  }
  const failures = countFailuresTogether(new Clock());
  const logger = new StructuredLogger(configuration.logLevel);
  const supervisor: WorkerSupervisor = new WorkerSupervisor({
    configuration,
    program: fileURLToPath(new URL('./worker.js', import.meta.url)),
    logger,
    startTimeoutMs: START_TIMEOUT_MS,
    announce: (addresses) => announceReady(logger, configuration, addresses),
    serve: (channel) => {
      failures.serve(channel);
      channel.on(TOPICS.metrics, () => figures.text());
      channel.on(TOPICS.changes, (changes) => {
        for (const other of supervisor.channels) if (other !== channel) other.tell(TOPICS.changes, changes);
      });
    },
  });
  const figures = new WorkersFigures(() => supervisor.channels);
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    supervisor.stop(STOP_TIMEOUT_MS).then(
      (isClean) => {
        if (!isClean) process.stderr.write('Scopegate could not stop cleanly: not every worker ended in good order.\n');
        process.exit(isClean ? 0 : 1);
      },
      (error: unknown) => {
        process.stderr.write(`Scopegate could not stop cleanly: ${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Rotations of the audit file end with one; the workers open the file anew without being told.
  if (configuration.auditStreams.file !== null) process.on('SIGHUP', () => undefined);
  try {
    await supervisor.start();
  } catch (error) {
    // Whoever stopped it during the start knows why it did not come about.
    if (isStopping) return;
    isStopping = true;
    await supervisor.stop(STOP_TIMEOUT_MS);
    throw new ConfigurationError(error instanceof Error ? error.message : startFailureText(error));
  }
}
