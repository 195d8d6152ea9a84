import { ProblemException } from '../../common/http/problem.exception.js';
import type { JournalDisk } from './journal-disk.js';
import type { JournalShipment } from './journal-shipment.js';

/** Decides whether requests are accepted: each one has to be recorded, unless the settings say otherwise. */
export class RecordingGate {
  #isFailOpen: () => boolean = () => false;
  /** Whether the part of the journal that is held for its second reader has reached the limit. */
  #isHeldTooLong = false;

  /**
   * @param shipment of the journal that the events go to
   * @param maxBytes what the journal may hold
   */
  constructor(
    private readonly shipment: () => JournalShipment,
    private readonly disk: JournalDisk,
    private readonly maxBytes: number,
  ) {}

  /** Whether another event can be taken: the disk takes it, and the journal has not reached its limit. */
  get hasRoom(): boolean {
    return this.disk.isWritable && !this.#isHeldTooLong && this.shipment().backlogBytes < this.maxBytes;
  }

  /** Whether requests go on if nothing can be recorded. */
  get isFailOpen(): boolean {
    return this.#isFailOpen();
  }

  /** @param isFailOpen what the settings say; until this is called, no request goes on without a record */
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
