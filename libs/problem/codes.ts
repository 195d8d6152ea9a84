import { REASONS } from '@scopegate/access';

const { request_malformed, path_ambiguous, scope_insufficient, administrator_required } = REASONS;
const { method_not_allowed, headers_too_large, too_many_failures } = REASONS;
const { upstream_credential_missing, upstream_credential_rejected } = REASONS;

/** Codes outside of a decision. */
export const PROBLEM_CODES = {
  request_malformed,
  path_ambiguous,
  scope_insufficient,
  administrator_required,
  method_not_allowed,
  headers_too_large,
  upstream_credential_missing,
  upstream_credential_rejected,
  too_many_failures,
  validation_failed: { status: 400, title: 'The request does not fit' },
  create_not_permitted: { status: 403, title: 'You may not create tokens' },
  create_on_behalf_not_permitted: { status: 403, title: 'You may not create tokens for other users' },
  scope_not_permitted: { status: 403, title: 'You may not create a token of this scope' },
  exceeds_parent_token: { status: 403, title: 'A token cannot make a token that exceeds it' },
  not_found: { status: 404, title: 'There is nothing here' },
  application_not_found: { status: 404, title: 'No application is mounted here' },
  conflict: { status: 409, title: 'This conflicts with what there is' },
  upstream_account_mismatch: { status: 422, title: 'The credential is not valid for your account' },
  version_mismatch: { status: 412, title: 'It has been changed in between' },
  too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not understood' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  internal_error: { status: 500, title: 'Something broke on our side' },
  not_implemented: { status: 501, title: 'This is not supported' },
  upstream_unreachable: { status: 502, title: 'The application behind the gateway cannot be reached' },
  policy_unavailable: { status: 503, title: 'The rules cannot be read right now' },
  directory_unavailable: { status: 503, title: 'The directory of users cannot be read right now' },
  audit_unavailable: { status: 503, title: 'The audit log cannot be written right now' },
  upstream_timeout: { status: 504, title: 'The application behind the gateway did not answer in time' },
  loop_detected: { status: 508, title: 'The request came back to the gateway' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof PROBLEM_CODES;
