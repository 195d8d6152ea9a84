import type { Worker } from 'node:cluster';

/** A connection as Node's own code hands it on. */
interface ConnectionHandle {
  close(): void;
}

/**
 * Passes a connection on that was on its way to a worker when that one died. Node waits for ever for the worker to
 * confirm it, and the client for an answer. So this confirms, in its place, that it was not taken, which has Node give it
 * to the next worker; nothing of it has been read by then. It looks at how the primary and its workers talk, which is not
 * documented: where another version of Node talks otherwise, nothing is passed on, and nothing breaks.
 * @param hasOthers whether other workers take connections; without any, the connection is closed
 */
export function passOnPendingConnections(worker: Worker, hasOthers: () => boolean): void {
  const child = worker.process;
  const pending = new Map<number, ConnectionHandle>();
  let isDisconnected = false;
  const send = child.send.bind(child) as (...parameters: readonly unknown[]) => boolean;
  const noteAndSend = (...parameters: readonly unknown[]): boolean => {
    const [message, handle] = parameters;
    if (isHandOver(message) && isConnectionHandle(handle)) pending.set(message.seq, handle);
    return send(...parameters);
  };
  Object.defineProperty(child, 'send', { value: noteAndSend, configurable: true, writable: true });
  child.on('internalMessage', (message: unknown) => {
    if (typeof message === 'object' && message !== null && 'ack' in message) pending.delete(Number(message.ack));
  });
  // Node has taken the worker out of its turn by then, and has read everything it said.
  child.once('disconnect', () => {
    isDisconnected = true;
    const left = [...pending];
    pending.clear();
    for (const [seq, handle] of left) {
      if (hasOthers()) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted: false });
      else handle.close();
    }
  });
  // While a connection is on its way, Node waits for it to arrive before it says so; the channel is closed by then.
  child.once('close', () =>
    setImmediate(() => {
      if (!isDisconnected) child.emit('disconnect');
    }),
  );
}

function isHandOver(message: unknown): message is { readonly seq: number } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'act' in message &&
    message.act === 'newconn' &&
    'seq' in message &&
    typeof message.seq === 'number'
  );
}

function isConnectionHandle(handle: unknown): handle is ConnectionHandle {
  return typeof handle === 'object' && handle !== null && 'close' in handle && typeof handle.close === 'function';
}
