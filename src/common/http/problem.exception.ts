import { redactTokens } from '@scopegate/audit';
import {
  boundedDetail,
  boundedErrors,
  detailOfErrors,
  PROBLEM_CODES,
  type FieldError,
  type ProblemCode,
} from '@scopegate/problem';

/** The detail says what to do. It may repeat input, but never a token (R61). Long texts are cut here (R112). */
export class ProblemException extends Error {
  override readonly name = 'ProblemException';
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;

  constructor(
    readonly code: ProblemCode,
    detail: string,
    errors?: readonly FieldError[],
    /** With `too_many_failures`. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(redactTokens(boundedDetail(detail)));
    this.detail = this.message;
    this.errors =
      errors === undefined
        ? undefined
        : boundedErrors(errors).map(({ field, message }) => ({
            field: redactTokens(field),
            message: redactTokens(message),
          }));
    this.status = PROBLEM_CODES[code].status;
  }
}

export function invalidField(field: string, message: string): ProblemException {
  return new ProblemException('validation_failed', `${field} ${message}`, [{ field, message: `${field} ${message}` }]);
}

export function invalidFields(errors: readonly FieldError[]): ProblemException {
  return new ProblemException('validation_failed', detailOfErrors(errors) || 'The request does not fit.', errors);
}
