/** What is odd about what was saved all the same. */
export class WarningDto {
  /**
   * Stable, made for programs.
   * @example nobody_may_use_tokens
   */
  code!: string;

  /** The consequence, and the way out of it. */
  message!: string;
}
