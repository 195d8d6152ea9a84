/** A signal that comes this soon after another one is the same, passed on by whatever started the server. */
const SAME_SIGNAL_MS = 250;

/**
 * Calls back on SIGTERM, SIGINT and SIGHUP.
 * @param handlesHangUp false where a rotation of the audit file ends with a SIGHUP, which means nothing else then
 * @param stop called with the first signal
 * @param hurry called with every further one
 */
export function onStopSignals(handlesHangUp: boolean, stop: () => void, hurry: () => void): void {
  let lastAtTick: number | null = null;
  const receive = (): void => {
    const nowTick = performance.now();
    const isSame = lastAtTick !== null && nowTick - lastAtTick < SAME_SIGNAL_MS;
    const isFirst = lastAtTick === null;
    lastAtTick = nowTick;
    if (isFirst) stop();
    else if (!isSame) hurry();
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
  process.on('SIGHUP', handlesHangUp ? receive : () => undefined);
}
