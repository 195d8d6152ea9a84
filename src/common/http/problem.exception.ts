import { redactTokens } from '@scopegate/audit';
import {
  boundedDetail,
  boundedErrors,
  detailOfErrors,
  PROBLEM_CODES,
  type FieldError,
  type ProblemCode,
} from '@scopegate/problem';

/**
 * Ends a request with a problem answer. The detail tells the caller what to do. It may repeat what was sent, but never a
 * token (R61). What is too long for an answer is cut here, wherever it comes from (R112).
 */
export class ProblemException extends Error {
  override readonly name = 'ProblemException';
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;

  constructor(
    readonly code: ProblemCode,
    detail: string,
    errors?: readonly FieldError[],
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

/** A body or query with one field that does not fit. */
export function invalidField(field: string, message: string): ProblemException {
  return new ProblemException('validation_failed', `${field} ${message}`, [{ field, message: `${field} ${message}` }]);
}

/** A body or query with several fields that do not fit. */
export function invalidFields(errors: readonly FieldError[]): ProblemException {
  return new ProblemException('validation_failed', detailOfErrors(errors) || 'The request does not fit.', errors);
}
