export interface PendingResponse {
  release(): void;
  /** Called once, in place of `release`, if the event cannot be written: the client must not get an answer. */
  drop(): void;
}
