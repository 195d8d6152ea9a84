import { REASONS } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';

/** Every code a client can see. */
export type PublicCode = ProblemCode | (typeof REASONS)[keyof typeof REASONS]['publicCode'];

/** What is said of a code to the person who got it. Backticks mark names, as in Markdown. */
export interface ProblemGuidance {
  /** When it is answered, in whole sentences. */
  readonly when: string;
  /** What to do about it, in whole sentences. */
  readonly remedy: string;
}

/**
 * When each code is answered and what to do. It is the only place of these texts: the page of a code shows them
 * (`/docs/problems/{code}`), and the tables of docs/problems.md are compared with it.
 */
const GUIDANCE: Readonly<Record<PublicCode, ProblemGuidance>> = {
  validation_failed: {
    when: 'A body, a query or a setting does not fit; `errors` names the fields.',
    remedy: 'Correct the fields that are named.',
  },
  request_malformed: {
    when: 'The request breaks the rules of HTTP/1.1: no Host line, two of them or one that names no host, another protocol than HTTP, framing that two readers could understand differently, a backslash in the target, a body that is no JSON or ends early. With status 505, it names a version of HTTP other than 1.0 and 1.1.',
    remedy: 'Use an ordinary HTTP client with HTTP/1.1, and send the target percent-encoded.',
  },
  path_ambiguous: {
    when: 'The path can be read in more than one way: dot segments, encoded dots, slashes or percent signs, backslashes, path parameters.',
    remedy: 'Send the path in its plain form.',
  },
  method_not_allowed: {
    when: 'TRACE or CONNECT, or a method the management API does not have at this path.',
    remedy: 'Use another method.',
  },
  request_timeout: {
    when: 'The head of the request took too long to arrive, or a body that is read as a whole took more than a minute, or any body came more slowly than 64 bytes a second over ten seconds.',
    remedy: 'Try again.',
  },
  too_large: {
    when: 'The body is larger than its route of the management API takes, or than the gateway reads to judge a login, an LFS batch, a form while passwords are switched off, or what an exception lets a read-only token send. The detail names the limit.',
    remedy: 'Send less at a time.',
  },
  unsupported_media_type: {
    when: 'The body is not JSON.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  headers_too_large: {
    when: 'More than 100 header lines, or more than 16 KiB of them.',
    remedy: 'Send fewer or shorter lines.',
  },
  credential_ambiguous: {
    when: 'More than one credential: two Authorization lines, a token in the header and another in the body or query, cookies with two sessions, a password in the query beside a session.',
    remedy: 'Send exactly one.',
  },
  authentication_required: {
    when: 'There is no credential, and the application or the management API asks for one.',
    remedy: 'Send a token: as the password of HTTP Basic with its owner’s user name, or as Bearer.',
  },
  credential_invalid: {
    when: 'The credential is malformed or unknown, the session in the cookie has ended, its owner is another user or inactive, or the password is wrong. What the sent text alone shows has a detail of its own (a wrong checksum, a blank at the end, Basic without a colon); a token that is unknown, another user’s or of an inactive owner has one answer, and the audit log the true reason.',
    remedy: 'Check that the token was copied whole and that the user name is its owner’s.',
  },
  credential_misplaced: {
    when: 'A token stands where none belongs: the user name of Basic, another Authorization scheme, a header such as `X-API-Key` or `PRIVATE-TOKEN`, a query parameter or form field such as `access_token` or `os_password`. It goes no further, also beside a valid credential.',
    remedy: 'Send the token as the password of HTTP Basic or as a Bearer token, and take it out of where it stands.',
  },
  token_expired: {
    when: 'The token has expired. This is said only if the secret of the token matches.',
    remedy: 'Create a new token.',
  },
  token_revoked: {
    when: 'The token has been revoked. This is said only if the secret of the token matches.',
    remedy: 'Create a new token.',
  },
  ip_not_allowed: {
    when: 'The client address is not on the allow list, or cannot be told from the forwarding header; the detail names it.',
    remedy: 'Ask an administrator to add the address; `POST /api/v1/explain` tells how it was derived.',
  },
  password_disabled: {
    when: 'Passwords are switched off, and a REST request carries one.',
    remedy: 'Send a token in place of the password.',
  },
  native_token_disabled: {
    when: 'The product’s own personal access tokens are switched off, and one was sent.',
    remedy: 'Send a Scopegate token.',
  },
  remote_api_needs_password: {
    when: 'A token was sent to Confluence’s Remote API below `/rpc/`.',
    remedy: 'Use the REST API with a token.',
  },
  token_not_accepted: {
    when: 'A token was sent to a path that is no REST path, to an application it was not made for, or, narrowed to applications, to the management API.',
    remedy:
      'Use the token on the REST paths of its applications. For the management API, `scopegate` must be among them.',
  },
  too_many_failures: {
    when: 'Too many invalid credentials came from this address, for this user name or altogether. A valid token is never refused for it.',
    remedy: 'Wait as long as `Retry-After` says, and correct the credential.',
  },
  scope_insufficient: {
    when: 'A read-only token asks for more than a read, or a token of any scope for a change of users, of members of groups or of passwords.',
    remedy: 'Use a read-write token, or log in with the password; the detail says which.',
  },
  use_not_permitted: {
    when: 'The owner of the token has lost the permission to use tokens.',
    remedy: 'Ask an administrator for it; the token works again at once.',
  },
  create_not_permitted: {
    when: 'The caller may not create tokens.',
    remedy: 'Ask an administrator for the permission.',
  },
  create_on_behalf_not_permitted: {
    when: 'The caller may not create tokens for other users.',
    remedy: 'Leave `owner` out, or ask for the permission.',
  },
  scope_not_permitted: {
    when: 'The caller may create read-only tokens alone.',
    remedy: 'Ask for `read-only`.',
  },
  exceeds_parent_token: {
    when: 'A token makes or rotates a token that could do more than itself, for another owner, for longer, or from elsewhere.',
    remedy: 'Ask for less, or log in with the password.',
  },
  native_token_management_disabled: {
    when: 'The product’s own access tokens are switched off, and with them the paths that manage them.',
    remedy: 'Create a Scopegate token.',
  },
  administrator_required: {
    when: 'The call is for members of the group `administrators`.',
    remedy: 'Ask one of them.',
  },
  not_found: {
    when: 'There is nothing at this path, or nothing the caller may see.',
    remedy: 'Check the path; the API is documented at `/docs`.',
  },
  application_not_found: {
    when: 'No application is mounted at this host and path.',
    remedy: 'Check the address, or add the application.',
  },
  conflict: {
    when: 'What was asked for conflicts with what there is: a name or mount that is taken, the last administrator, a token that is revoked already, an `Idempotency-Key` that was used for another body.',
    remedy: 'The detail names the conflict.',
  },
  version_mismatch: {
    when: 'It has been changed since it was read (`If-Match`).',
    remedy: 'Read it again and repeat the change.',
  },
  internal_error: {
    when: 'An error of Scopegate’s own.',
    remedy: 'Look for the request id in the log, and report it.',
  },
  not_implemented: {
    when: 'Reserved for parts of the API that are not built yet; nothing answers with it at present.',
    remedy: 'Use another call.',
  },
  upstream_unreachable: {
    when: 'The application cannot be reached, breaks off, or does not answer in HTTP.',
    remedy: 'Check that it runs where `upstream` says.',
  },
  policy_unavailable: {
    when: 'The server is starting, the rules cannot be read or may be out of date, too many passwords are being checked or lists being made at once, the database does not answer in time (2 seconds for judging, 10 for management), or a change may not have been stored.',
    remedy:
      'Try again in a moment. After a change, read the detail first: it says where the change may have been stored all the same.',
  },
  audit_unavailable: {
    when: 'The audit journal cannot be written, or holds as much as it may, so nothing more is let through. With the setting `audit.failOpen` requests go on without a record instead, and this is never answered.',
    remedy: 'Check the disk and the database.',
  },
  upstream_timeout: {
    when: 'The application did not begin to answer within its `timeoutMs`, or no connection to it was free in that time: one token, or one client address without one, has a quarter of them at most, and half of that for event streams.',
    remedy: 'Try again, send fewer requests at a time, or raise `timeoutMs` or `connections`.',
  },
  loop_detected: {
    when: 'The request has been through this gateway before (`Via`): the upstream of an application leads back to it.',
    remedy: 'Correct `upstream`, or how its host name is resolved.',
  },
};

/** One code with all there is to say of it. */
export interface ProblemDescription extends ProblemGuidance {
  readonly code: PublicCode;
  readonly title: string;
  /** The statuses it comes with; more than one for `request_malformed` alone. */
  readonly statuses: readonly number[];
}

/** Every code a client can see, in the order of docs/problems.md. */
export const PROBLEM_DESCRIPTIONS: readonly ProblemDescription[] = Object.entries(GUIDANCE).map(([code, guidance]) =>
  describeCode(code as PublicCode, guidance),
);

function describeCode(code: PublicCode, guidance: ProblemGuidance): ProblemDescription {
  const entries = [
    ...Object.values(REASONS).filter(({ publicCode }) => publicCode === code),
    ...Object.entries(PROBLEM_CODES).flatMap(([key, entry]) => (key === code ? [entry] : [])),
  ];
  const statuses = [...new Set(entries.map(({ status }) => status))].sort((first, second) => first - second);
  return { code, title: entries[0]?.title ?? code, statuses, ...guidance };
}
