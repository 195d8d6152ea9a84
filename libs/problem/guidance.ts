import { REASONS } from '@scopegate/access';
import { PROBLEM_CODES, type ProblemCode } from './codes.js';

export type PublicCode = ProblemCode | (typeof REASONS)[keyof typeof REASONS]['publicCode'];

/** Backticks mark names, as in Markdown. */
export interface ProblemGuidance {
  /** In whole sentences. */
  readonly when: string;
  /** In whole sentences. */
  readonly remedy: string;
}

/** The page of a code shows these texts (`/docs/problems/{code}`); a test compares docs/problems.md with them. */
const GUIDANCE: Readonly<Record<PublicCode, ProblemGuidance>> = {
  validation_failed: {
    when: 'A field of the body, the query or a setting is missing or not valid. `errors` lists the fields.',
    remedy: 'Correct the listed fields.',
  },
  request_malformed: {
    when: 'The request breaks the rules of HTTP/1.1: no Host line, two Host lines or an invalid one, a protocol other than HTTP, framing that two servers could read differently, a backslash in the target, a body that is not valid JSON or ends early, a `Destination` of COPY or MOVE that is no address. With status 505, the request uses an HTTP version other than 1.0 and 1.1.',
    remedy: 'Use a standard HTTP client with HTTP/1.1, and percent-encode the target.',
  },
  path_ambiguous: {
    when: 'The path can be read in more than one way. It contains dot segments, encoded dots, slashes or percent signs, backslashes or path parameters.',
    remedy: 'Send the path in its plain form.',
  },
  method_not_allowed: {
    when: 'The method is TRACE or CONNECT, or the management API does not have this method at this path.',
    remedy: 'Use another method.',
  },
  request_timeout: {
    when: 'The head of the request arrived too slowly, or a body that the gateway reads itself took more than a minute, or the body arrived at less than 64 bytes a second for ten seconds.',
    remedy: 'Try again.',
  },
  too_large: {
    when: 'The body is larger than its route of the management API accepts. For a proxied request, it is larger than the gateway can check: a login, an LFS batch, a form while passwords are switched off, or a POST that an exception allows for a read-only token. `detail` gives the limit.',
    remedy: 'Send a smaller body.',
  },
  unsupported_media_type: {
    when: 'The body is not JSON.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  headers_too_large: {
    when: 'The request has more than 100 header lines, or more than 16 KiB of them.',
    remedy: 'Send fewer or shorter lines.',
  },
  credential_ambiguous: {
    when: 'The request has more than one credential: two Authorization lines, a token in the header and another one in the body or query, cookies with two sessions, a password in the query together with a session, or beside a token a field in which the application takes another user or credential (`sudo` of GitLab and Gitea, `key` of Redmine). With a service account that acts for users, a body that cannot be searched for such a field is refused, too.',
    remedy:
      'Send exactly one. Leave out fields that name another user, and send the body uncompressed and in its plain form.',
  },
  authentication_required: {
    when: 'The request has no credential, and the application or the management API requires one.',
    remedy: 'Send a token: as the password of HTTP Basic with the user name of its owner, or as a Bearer token.',
  },
  credential_invalid: {
    when: 'The credential is malformed or unknown, the session in the cookie has ended, the token belongs to another user or to an inactive one, or the password is wrong. If the credential itself shows what is wrong (a wrong checksum, a blank at the end, Basic without a colon), `detail` says so. For an unknown token, another user’s token and an inactive owner the answer is the same; the audit log keeps the true reason.',
    remedy: 'Check that you copied the whole token and sent the user name of its owner.',
  },
  credential_misplaced: {
    when: 'There is a token in a place that does not accept one: the user name of Basic, another Authorization scheme, a header such as `X-API-Key` or `PRIVATE-TOKEN`, a query parameter or form field such as `access_token` or `os_password`. The request is refused even if it also has a valid credential.',
    remedy: 'Send the token as the password of HTTP Basic or as a Bearer token, and remove it from the other place.',
  },
  session_expired: {
    when: 'The cookie of the request names a session of the console that has ended: it was unused for 30 minutes or began 12 hours ago, the user logged out, got another password or was deactivated. The same for a session that never was.',
    remedy: 'Log in again with `POST /api/v1/session`, or send a credential in Authorization.',
  },
  token_expired: {
    when: 'The token has expired. Only a client that sent the right secret gets this answer.',
    remedy: 'Create a new token.',
  },
  token_revoked: {
    when: 'The token has been revoked. Only a client that sent the right secret gets this answer.',
    remedy: 'Create a new token.',
  },
  ip_not_allowed: {
    when: 'The client address is not on the allow list, or the forwarding header gives no valid address. `detail` contains the address.',
    remedy: 'Ask an administrator to add the address. `POST /api/v1/explain` shows how the gateway derived it.',
  },
  password_disabled: {
    when: 'The request has a password, and passwords are switched off for the application or for REST paths.',
    remedy: 'Send a token instead of the password.',
  },
  native_token_disabled: {
    when: 'The product’s own personal access tokens are switched off, and the request has one.',
    remedy: 'Send a Scopegate token.',
  },
  remote_api_needs_password: {
    when: 'The request has a token and goes to Confluence’s Remote API below `/rpc/`.',
    remedy: 'Use the REST API with a token.',
  },
  token_not_accepted: {
    when: 'The request has a token, but the path is not a REST path, or the token is limited to other applications, or a service account acts for the owner and the user name cannot be sent to the application exactly as it is. A token that is limited to applications works at the management API only if `scopegate` is one of them.',
    remedy:
      'Use the token on the REST paths of its applications. For the management API, create a token whose applications include `scopegate`.',
  },
  too_many_failures: {
    when: 'There were too many invalid credentials from this address, for this user name or in total. A valid token never gets this answer.',
    remedy: 'Wait for the seconds in `Retry-After`, and correct the credential.',
  },
  scope_insufficient: {
    when: 'The token is read-only and the request is not a read. Or the request changes users, members of groups or passwords, which no token may do.',
    remedy: 'Use a read-write token, or log in with the password; `detail` says which.',
  },
  use_not_permitted: {
    when: 'The owner of the token no longer has the permission to use tokens.',
    remedy: 'Ask an administrator for the permission. Then the token works again at once.',
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
    when: 'The caller may only create read-only tokens.',
    remedy: 'Choose the scope `read-only`.',
  },
  exceeds_parent_token: {
    when: 'A token creates or rotates a token that could do more than itself: with a wider scope, for another owner, for a longer time, for more applications or from more addresses.',
    remedy: 'Ask for less, or log in with the password.',
  },
  native_token_management_disabled: {
    when: 'The product’s own access tokens are switched off, and this path manages them.',
    remedy: 'Create a Scopegate token.',
  },
  path_blocked: {
    when: 'The request has a token, and no token may send it: its answer can contain another credential, which no scope limits, or an administrator has put the path into `blockedPaths` of the application.',
    remedy: 'Do this without a token: log in to the application itself.',
  },
  proxy_not_trusted: {
    when: 'A decision was asked for at `/authorize`, and the address that asked is no trusted proxy, or reverse proxy support is off.',
    remedy:
      'Switch `reverseProxy` on in the settings, and add the address of the proxy to `trustedProxies`. Clients never call `/authorize` themselves.',
  },
  body_needed: {
    when: 'A proxy or a guard asked for a decision, and the decision depends on the body, which it does not send along: a login at Jira’s session endpoint, a Git LFS batch, a form or JSON that could name another user, password or method.',
    remedy: 'Send this request through the gateway, which reads the body.',
  },
  destination_not_allowed: {
    when: 'COPY or MOVE with a token has a `Destination` on another server, outside of the application, or on a path that the token may not use: not a REST path, a blocked one, or one that can be read in more than one way.',
    remedy: 'Send the address of a path below the same mount, as the client reaches it.',
  },
  upstream_credential_missing: {
    when: 'The application is called with a credential of the token’s owner, and the owner has stored none, or has not confirmed it since the application got another address or the account changed. Nothing was forwarded.',
    remedy:
      'Store a credential with `PUT /api/v1/me/credentials/{application}`, or confirm it with `POST /api/v1/me/credentials/{application}/check`.',
  },
  cross_origin_refused: {
    when: 'The request changes something or logs in, comes with the cookie of a session or opens one, and no browser line says that a page of this server made it: `Sec-Fetch-Site: same-origin`, or an `Origin` that is ours. Or it changes something with a password, and the browser says that a page of another origin made it.',
    remedy:
      'Programs send a token in Authorization, and no cookie. If a proxy in front ends TLS or changes the host, set `SCOPEGATE_PUBLIC_URL` to the address that browsers use.',
  },
  step_up_required: {
    when: 'The request comes with the session of a browser, and the login is more than 15 minutes old. This change needs a new one.',
    remedy: 'Send the password to `POST /api/v1/session/step-up`, or log in again. Then repeat the request.',
  },
  administrator_required: {
    when: 'Only members of the group `administrators` may make this call. Introspection is also for users with the permission `introspect`.',
    remedy: 'Ask an administrator.',
  },
  not_found: {
    when: 'Nothing exists at this path, or the caller may not see it.',
    remedy: 'Check the path. The API is documented at `/docs`.',
  },
  application_not_found: {
    when: 'No application is mounted at this host and path.',
    remedy: 'Check the address, or add the application.',
  },
  conflict: {
    when: 'The change conflicts with the current state: a name or mount is taken, it would remove the last administrator, a token is already revoked, the application takes no credentials of its users, or an `Idempotency-Key` was used for another body.',
    remedy: 'Read `detail`, which names the conflict.',
  },
  version_mismatch: {
    when: 'The resource has changed since you read it (`If-Match`).',
    remedy: 'Read it again and repeat the change.',
  },
  internal_error: {
    when: 'Scopegate has an error of its own.',
    remedy: 'Find the request id in the log, and report it.',
  },
  not_implemented: {
    when: 'Reserved for parts of the API that are not built yet. At present no call answers with it.',
    remedy: 'Use another call.',
  },
  upstream_unreachable: {
    when: 'The application cannot be reached, closes the connection early, or does not answer in HTTP.',
    remedy: 'Check that it runs at the address in `upstream`.',
  },
  upstream_credential_rejected: {
    when: 'The application refuses the credential that the gateway sends to it. The token is valid. The owner’s stored credential is marked, and is not sent again.',
    remedy:
      'Store a new credential with `PUT /api/v1/me/credentials/{application}`. A credential of the whole application is renewed by an administrator.',
  },
  upstream_account_mismatch: {
    when: 'The credential was tried, and the application names another account than yours, or refuses a credential that you want to store. A new credential was not stored; a stored one counts as `rejected`.',
    remedy:
      'Store a valid credential of your own account. An administrator can name an account that differs from your user name in `identity.accounts`.',
  },
  policy_unavailable: {
    when: 'Scopegate cannot decide at the moment: it is starting, its rules cannot be read or may be out of date, too many passwords or lists are being processed, or the database does not answer in time (2 seconds for a decision, 10 for management). Or a change may not have been stored.',
    remedy: 'Try again in a moment. After a change, read `detail` first: it says if the change may have been stored.',
  },
  directory_unavailable: {
    when: 'The directory of users gives no answer that can be used: it is away, too slow, refuses the bind account, or its answer is not complete. A synchronisation then changes nothing, or stops where it is. A login with a password of the directory cannot be checked; tokens are not affected.',
    remedy: 'Try again later. Administrators: `POST /api/v1/directories/{key}/test` says what is wrong.',
  },
  audit_unavailable: {
    when: 'The audit journal cannot be written or is full, so every request is refused. With the setting `audit.failOpen`, requests are forwarded without a record, and this answer does not occur.',
    remedy: 'Check the disk and the database.',
  },
  upstream_timeout: {
    when: 'The application did not begin to answer within its `timeoutMs`, or no connection to it became free in that time. One token, or one client address without a token, may use a quarter of the connections, and half of that for event streams.',
    remedy: 'Try again, send fewer requests at a time, or raise `timeoutMs` or `connections`.',
  },
  loop_detected: {
    when: 'The request has already passed through this gateway (`Via`): the upstream of an application leads back to it.',
    remedy: 'Correct `upstream`, or the address that its host name resolves to.',
  },
};

export interface ProblemDescription extends ProblemGuidance {
  readonly code: PublicCode;
  readonly title: string;
  /** More than one only for `request_malformed`. */
  readonly statuses: readonly number[];
}

/** In the order of docs/problems.md. */
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
