import type { Worker } from 'node:cluster';

interface ConnectionHandle {
  close(): void;
}

/**
 * Rescues a connection that was on its way to a worker when the worker died: Node would wait for ever for the worker's
 * confirmation. So this confirms that it was not taken, and Node gives it to the next worker; it has not been read by
 * then. The messages between the primary and its workers are not documented: if a version of Node uses other ones,
 * nothing is rescued, and nothing breaks.
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
  // By then, Node gives the worker no more connections, and has read all its messages.
  child.once('disconnect', () => {
    isDisconnected = true;
    const left = [...pending];
    pending.clear();
    for (const [seq, handle] of left) {
      if (hasOthers()) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: seq, accepted: false });
      else handle.close();
    }
  });
  // Node delays this event until connections on their way have arrived; the channel is closed by then.
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
