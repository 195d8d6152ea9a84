import { REASONS, type Deny } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';

/** One field of a body or query that does not fit. */
export interface FieldError {
  /** The field's path: `mount.pathPrefix`. */
  readonly field: string;
  readonly message: string;
}

/** An error answer (RFC 9457, `application/problem+json`). */
export interface Problem {
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

/** The name of the protection space in a Basic or Bearer challenge. */
const REALM = 'Scopegate';

/** The problem answer of a refusal: the public code, never the reason that the audit keeps. */
export function denialProblem(deny: Deny, requestId: string): Problem {
  const reason = REASONS[deny.code];
  return {
    type: typeOf(reason.publicCode),
    title: reason.title,
    status: reason.status,
    // Reasons that share one public code share its text as well: the detail must not tell them apart.
    detail: reason.publicCode === 'credential_invalid' ? reason.detail : deny.detail,
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
  return { type: typeOf(code), title, status, detail, code, requestId, ...(errors === undefined ? {} : { errors }) };
}

/**
 * The challenges of a 401 (RFC 9110 11.6.1): Basic with its charset (RFC 7617 2.1) and Bearer with an error where a
 * token was presented (RFC 6750 3.1). Null for every other status.
 */
export function challenges(problem: Problem, deny: Deny | null): readonly string[] | null {
  if (problem.status !== 401) return null;
  const presented = deny !== null && deny.credential !== 'none' && deny.credential !== 'cookie';
  const bearer =
    presented && deny.credential !== 'password'
      ? `Bearer realm="${REALM}", error="invalid_token"`
      : `Bearer realm="${REALM}"`;
  return [`Basic realm="${REALM}", charset="UTF-8"`, bearer];
}

function typeOf(code: string): string {
  return `urn:scopegate:problem:${code}`;
}
