import type { ProcessStop } from './process-stop.js';

/** A signal that comes this soon after another one is the same signal, sent on by the program that started the server. */
const SAME_SIGNAL_MS = 250;

/**
 * Stops the process on SIGTERM, SIGINT and SIGHUP. Every further signal skips draining.
 * @param handlesHangUp false if SIGHUP means only that the audit file was rotated
 */
export function onStopSignals(handlesHangUp: boolean, stop: ProcessStop): void {
  let lastAtTick: number | null = null;
  const receive = (): void => {
    const nowTick = performance.now();
    const isSame = lastAtTick !== null && nowTick - lastAtTick < SAME_SIGNAL_MS;
    const isFirst = lastAtTick === null;
    lastAtTick = nowTick;
    if (isFirst) stop.begin();
    else if (!isSame) stop.skipDraining();
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
  process.on('SIGHUP', handlesHangUp ? receive : () => undefined);
}
