import type { ProcessChannel } from './process.channel.js';
import { nodeName, workerName } from './node-name.js';

/** The place of a worker. The worker that replaces one that has died gets its place. */
export interface WorkerPlace {
  /** From 1 on. */
  readonly number: number;
  /** The name of the node that all workers are. */
  readonly node: string;
  readonly primary: ProcessChannel;
}

/** This process among those of its node: one of several workers, or the only process. */
export class PeerLink {
  /** The name of the node. */
  readonly node: string;
  /** The name of this process; that of the node if it is the only one. */
  readonly id: string;
  /** Null if this is the only process. */
  readonly workerNumber: number | null;
  /** The channel to the primary process, which passes on what concerns the other workers; null if there is none. */
  readonly primary: ProcessChannel | null;

  constructor(place: WorkerPlace | null = null) {
    this.node = place?.node ?? nodeName();
    this.id = place === null ? this.node : workerName(this.node, place.number);
    this.workerNumber = place?.number ?? null;
    this.primary = place?.primary ?? null;
  }
}
