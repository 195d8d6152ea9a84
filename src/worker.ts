import 'reflect-metadata';
import { logProcessEvents } from './common/logging/process.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { PeerLink } from './peers/peer.link.js';
import { connectToPrimary } from './peers/primary.link.js';
import { ProcessStop } from './process-stop.js';
import { startFailureText } from './startup-messages.js';

function runWorker(): void {
  process.umask(0o077);
  const stop = new ProcessStop();
  const primary = connectToPrimary(() => {
    stop.begin();
    // The port closed with the primary: no load balancer reaches this worker any more.
    stop.skipDraining();
  });
  primary.on('stop', () => stop.begin());
  primary.on('skipDraining', () => stop.skipDraining());
  primary.answer('start', async ({ number, node, configuration }) => {
    logProcessEvents(new StructuredLogger(configuration.logLevel, number));
    try {
      const { startServer } = await import('./configure-app.js');
      const server = await startServer(configuration, {
        peers: new PeerLink({ number, node, primary }),
        onStoppable: (stoppable) => stop.set(stoppable),
      });
      return { isReady: true, addresses: { port: server.port, managementPort: server.managementPort } };
    } catch (error) {
      return { isReady: false, failure: startFailureText(error) };
    }
  });
  primary.tell('here', null);

  process.on('SIGTERM', () => stop.begin());
  // Ctrl-C and the end of a terminal reach every process of the group. The primary stops the workers in its own way.
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  // If the primary and its reader are gone, both outputs fail, but there is still much to store.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
}

runWorker();
