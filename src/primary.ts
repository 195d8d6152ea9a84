import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { countFailuresTogether } from './access/primary-failure-counters.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { stopPatienceMs } from './common/stop/stop.limits.js';
import { Clock } from './common/time/clock.js';
import { ConfigurationError, type Configuration } from './config/env.js';
import { WorkersFigures } from './metrics/workers.figures.js';
import { announceReady, startFailureText } from './start-texts.js';
import { exitAfterFailedStop, exitAfterStop } from './stop-exit.js';
import { onStopSignals } from './stop-signals.js';
import { TOPICS } from './workers/worker.link.js';
import { WorkerSupervisor } from './workers/worker.supervisor.js';

/** A start takes seconds, or longer where much of a journal is to be stored first. */
const START_TIMEOUT_MS = 60_000;

/**
 * The process that holds the workers: it has no application in it. It starts, replaces and stops them, hands each new
 * connection to the next one, and keeps what they have in common: counts of failed credentials, and figures.
 */
export async function runWorkers(configuration: Configuration): Promise<void> {
  if (!cluster.isPrimary) {
    throw new ConfigurationError(
      'SCOPEGATE_WORKERS: this process is already a worker of another program. Leave it out, or start ' +
        'Scopegate itself.',
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
      for (const topic of [TOPICS.changes, TOPICS.changesRead]) {
        channel.on(topic, (body) => {
          for (const other of supervisor.channels) if (other !== channel) other.tell(topic, body);
        });
      }
    },
  });
  const figures = new WorkersFigures(() => supervisor.channels);
  let isStopping = false;
  const patienceMs = stopPatienceMs(configuration);
  onStopSignals(
    // The workers open the audit file anew without being told.
    configuration.auditStreams.file === null,
    () => {
      isStopping = true;
      void supervisor.stop(patienceMs).then(exitAfterStop, exitAfterFailedStop);
    },
    () => supervisor.skipDraining(),
  );
  try {
    await supervisor.start();
  } catch (error) {
    // Whoever stopped it during the start knows why it did not come about.
    if (isStopping) return;
    isStopping = true;
    await supervisor.stop(patienceMs);
    throw new ConfigurationError(error instanceof Error ? error.message : startFailureText(error));
  }
}
