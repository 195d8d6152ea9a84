import cluster from 'node:cluster';
import { ProcessChannel } from './process.channel.js';

/** Connects a worker to its primary process. @param onGone called when the primary is gone */
export function connectToPrimary(onGone: () => void): ProcessChannel {
  const primary = new ProcessChannel((message) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  });
  process.on('message', (message: unknown) => primary.receive(message));
  cluster.worker?.on('disconnect', () => {
    primary.close();
    // Otherwise Node ends the process at once, and cuts off what is under way.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
    onGone();
  });
  return primary;
}
