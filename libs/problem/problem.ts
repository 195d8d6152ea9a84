import { REASONS, type Deny, type ReasonCode } from '@scopegate/access';
import type { ErrorMember } from '@scopegate/product';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';

/** An error in one field of a body or query. */
export interface FieldError {
  /** Such as `mount.pathPrefix`. */
  readonly field: string;
  readonly message: string;
}

/** An error answer (RFC 9457). */
export interface Problem {
  /** The page about the code (RFC 9457 3.1.1), without a host: see `problemType`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Stable, for programs; see docs/problems.md. */
  readonly code: string;
  /** As in `X-Request-Id` and the audit log. */
  readonly requestId: string;
  readonly errors?: readonly FieldError[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** These answers depend on stored data: they must not differ in a word, so that an attacker learns nothing. */
const SECRET_REASONS: ReadonlySet<ReasonCode> = new Set(['token_unknown', 'owner_mismatch', 'owner_inactive']);

/** Shows the public code, never the reason in the audit. */
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

/** R122: with the detail where the clients of a product look for it. Field errors already have a `message`. */
export function forClients(problem: Problem, member: ErrorMember | null): object {
  switch (member) {
    case null:
      return problem;
    case 'message':
      return { ...problem, message: problem.detail };
    case 'errorMessages':
      return { ...problem, errorMessages: [problem.detail] };
    case 'errors':
      return { errors: [{ message: problem.detail }], ...problem };
  }
}

/** A path without a host: behind a proxy the server does not know its own, and a client must not choose it (R67). */
export function problemType(code: string): string {
  return `/docs/problems/${code}`;
}
