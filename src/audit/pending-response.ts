/** An answer that waits until its event is written. */
export interface PendingResponse {
  /** Called once, when the event is written. */
  release(): void;
  /** Called once, in place of `release`, if it cannot be written: the client must not get an answer. */
  drop(): void;
}
