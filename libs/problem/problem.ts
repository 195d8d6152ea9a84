import { REASONS, SECRET_REASONS, type Deny } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';

/** One field of a body or query that does not fit. */
export interface FieldError {
  /** The field's path: `mount.pathPrefix`. */
  readonly field: string;
  readonly message: string;
}

/** An error answer (RFC 9457, `application/problem+json`). */
export interface Problem {
  /** The address of the page that explains the code (RFC 9457 3.1.1), without a host: see `problemType`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable and made for programs; see docs/problems.md. */
  readonly code: string;
  /** The id of this request, as in `X-Request-Id` and the audit log. */
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

/** The media type of every error answer. */
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The problem answer of a refusal: the public code, never the reason that the audit keeps. */
export function denialProblem(deny: Deny, requestId: string): Problem {
  const reason = REASONS[deny.code];
  return {
    type: problemType(reason.publicCode),
    title: reason.title,
    status: reason.status,
    detail: SECRET_REASONS.has(deny.code) ? reason.detail : deny.detail,
    code: reason.publicCode,
    requestId,
  };
}

/** The problem answer of anything else that goes wrong. */
export function codeProblem(
  code: ProblemCode,
  detail: string,
  requestId: string,
  errors?: readonly FieldError[],
): Problem {
  const { status, title } = PROBLEM_CODES[code];
  return {
    type: problemType(code),
    title,
    status,
    detail,
    code,
    requestId,
    ...(errors === undefined ? {} : { errors }),
  };
}

/**
 * The address of the page that explains a code: a path, which the server resolves where the management API answers.
 * It holds no host, since a server behind a proxy does not know its own, and a client may not choose it (R67).
 */
export function problemType(code: string): string {
  return `/docs/problems/${code}`;
}
