/** A warning about the saved state. It did not prevent the save. */
export class WarningDto {
  /**
   * For programs; does not change.
   * @example nobody_may_use_tokens
   */
  code!: string;

  /** The consequence, and what to do. */
  message!: string;
}
