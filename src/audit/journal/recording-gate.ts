import { ProblemException } from '../../common/http/problem.exception.js';
import type { JournalDisk } from './journal-disk.js';
import type { JournalShipment } from './journal-shipment.js';

export class RecordingGate {
  #isFailOpen: () => boolean = () => false;
  #isHeldTooLong = false;

  constructor(
    private readonly shipment: () => JournalShipment,
    private readonly disk: JournalDisk,
    private readonly maxBytes: number,
  ) {}

  /** Whether the disk works and the journal has not reached its limit. */
  get hasRoom(): boolean {
    return this.disk.isWritable && !this.#isHeldTooLong && this.shipment().backlogBytes < this.maxBytes;
  }

  get isFailOpen(): boolean {
    return this.#isFailOpen();
  }

  /** @param isFailOpen from the settings; before this call, every request needs a record */
  setFailOpenPolicy(isFailOpen: () => boolean): void {
    this.#isFailOpen = isFailOpen;
  }

  /** Checks how much of the journal is held. Too expensive for each request. */
  refresh(): void {
    this.#isHeldTooLong = this.shipment().journal.heldBytes >= this.maxBytes;
  }

  /** @throws ProblemException 503 if a request could not be recorded, unless the settings let it through */
  refuseWithoutRoom(): void {
    if (this.hasRoom || this.isFailOpen) return;
    throw new ProblemException(
      'audit_unavailable',
      'The gateway cannot record requests at the moment, so it refuses them. Try again later, or ask an administrator.',
    );
  }
}
