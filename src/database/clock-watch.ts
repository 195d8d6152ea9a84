import { Injectable, Logger } from '@nestjs/common';

/** Tokens expire by the clock of the node that judges them. */
const TOLERANCE_MS = 3_000;

/** Reports a difference to the database's clock once each time it changes. */
@Injectable()
export class ClockWatch {
  readonly #logger = new Logger(ClockWatch.name);
  #offsetMs = 0;
  #reportedMs = 0;

  /** Positive if the clock of this node is ahead of the database's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Null if the clock is within a few seconds of the database's. */
  get warning(): string | null {
    return this.#reportedMs === 0 ? null : warningOf(this.#reportedMs);
  }

  /** @param nodeNowMs when the answer arrived, by the clock of this node */
  note(nodeNowMs: number, databaseNowMs: number, tookMs: number): void {
    const uncertainMs = tookMs / 2;
    const offsetMs = nodeNowMs - uncertainMs - databaseNowMs;
    if (uncertainMs > TOLERANCE_MS) return;
    this.#offsetMs = offsetMs;
    const isOff = Math.abs(offsetMs) - uncertainMs > TOLERANCE_MS;
    if (isOff ? Math.abs(offsetMs - this.#reportedMs) <= TOLERANCE_MS : this.#reportedMs === 0) return;
    this.#reportedMs = isOff ? offsetMs : 0;
    if (isOff) this.#logger.warn(warningOf(offsetMs));
    else this.#logger.log("The clock of this node agrees with the database's again.");
  }
}

function warningOf(offsetMs: number): string {
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
  return (
    `The clock of this node is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the database's. Tokens ` +
    'expire by the clock of the node, so synchronise it.'
  );
}
