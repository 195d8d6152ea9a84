/** An answer that waits until its event is written. */
export interface HeldAnswer {
  /** Called once, when the event is written. */
  send(): void;
  /** Called once, in place of `send`, if it cannot be written: the client must not get an answer. */
  withhold(): void;
}
