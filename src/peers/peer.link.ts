import type { ProcessChannel } from './process.channel.js';
import { nodeName, workerName } from './node-name.js';

/** A worker that replaces one that has died gets its place. */
export interface WorkerPlace {
  readonly number: number;
  readonly node: string;
  readonly primary: ProcessChannel;
}

/** This process: one of several workers, or the only process of its node. */
export class PeerLink {
  readonly node: string;
  readonly id: string;
  /** Null if this is the only process. */
  readonly workerNumber: number | null;
  readonly primary: ProcessChannel | null;

  constructor(place: WorkerPlace | null = null) {
    this.node = place?.node ?? nodeName();
    this.id = place === null ? this.node : workerName(this.node, place.number);
    this.workerNumber = place?.number ?? null;
    this.primary = place?.primary ?? null;
  }
}
