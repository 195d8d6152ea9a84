/** One field that is not valid. */
export class FieldErrorDto {
  /** @example mount.pathPrefix */
  field!: string;

  /** @example mount.pathPrefix must begin with a slash */
  message!: string;
}

/** An error answer (RFC 9457). */
export class ProblemDto {
  /**
   * The path of the page that explains the code, on the server that serves `/docs`.
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
   * For programs; does not change.
   * @example validation_failed
   */
  code!: string;

  /** The `X-Request-Id` of the answer, also in the audit log. */
  requestId!: string;

  /** The fields that are not valid, for `validation_failed`. */
  errors?: FieldErrorDto[];
}
