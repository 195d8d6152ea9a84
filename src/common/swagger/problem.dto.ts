/** One field that does not fit. */
export class FieldErrorDto {
  /** @example mount.pathPrefix */
  field!: string;

  /** @example mount.pathPrefix must begin with a slash */
  message!: string;
}

/** An error answer (RFC 9457). */
export class ProblemDto {
  /**
   * The address of the page that explains the code, on the server that answers `/docs`.
   * @example /docs/problems/validation_failed
   */
  type!: string;

  /** @example The request does not fit */
  title!: string;

  /** @example 400 */
  status!: number;

  /** What is wrong, and what to do. */
  detail!: string;

  /**
   * Stable, made for programs.
   * @example validation_failed
   */
  code!: string;

  /** As in X-Request-Id and the audit log. */
  requestId!: string;

  /** The fields that do not fit, with `validation_failed`. */
  errors?: FieldErrorDto[];
}
