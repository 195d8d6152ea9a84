/** One field of a request that was refused. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** What the API answers in place of what was asked for (RFC 9457). */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** Null if no answer came at all. */
  readonly requestId: string | null;
  readonly errors: readonly FieldError[];
}

/** Thrown for every answer that is not a success. */
export class ApiProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = 'ApiProblem';
  }

  get code(): string {
    return this.problem.code;
  }

  /** The message for one field, which may be a path such as `identity.headers`; null if it is not to blame. */
  messageFor(field: string): string | null {
    return this.problem.errors.find((error) => error.field === field)?.message ?? null;
  }
}

const UNREACHABLE: Problem = {
  title: 'No answer',
  status: 0,
  detail: 'The server cannot be reached. Check your connection and try again.',
  code: 'no_answer',
  requestId: null,
  errors: [],
};

export function unreachable(): ApiProblem {
  return new ApiProblem(UNREACHABLE);
}

/** Of a body that may come from a proxy on the way, and then is none of ours. */
export function problemOf(status: number, body: unknown, requestId: string | null): ApiProblem {
  const given = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  return new ApiProblem({
    title: textOr(given.title, 'Something went wrong'),
    status,
    detail: textOr(given.detail, `The server answered with status ${status}.`),
    code: textOr(given.code, 'unknown'),
    requestId: typeof given.requestId === 'string' ? given.requestId : requestId,
    errors: Array.isArray(given.errors) ? given.errors : [],
  });
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}
