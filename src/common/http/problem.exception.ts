import { PROBLEM_CODES, type FieldError, type ProblemCode } from '@scopegate/problem';

/** Ends a request with a problem answer. The detail tells the caller what to do, and never holds a secret. */
export class ProblemException extends Error {
  override readonly name = 'ProblemException';
  readonly status: number;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    readonly errors?: readonly FieldError[],
  ) {
    super(detail);
    this.status = PROBLEM_CODES[code].status;
  }
}

/** A body or query with one field that does not fit. */
export function invalidField(field: string, message: string): ProblemException {
  return new ProblemException('validation_failed', `${field} ${message}`, [{ field, message: `${field} ${message}` }]);
}
