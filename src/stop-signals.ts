import type { ProcessStop } from './process-stop.js';

/** The program that started the server may send the same signal on to it. */
const SAME_SIGNAL_MS = 250;

/**
 * Every further signal skips draining. @param handlesHangUp false if SIGHUP means only that the audit file was rotated
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
