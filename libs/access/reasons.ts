import type { Stage } from './stages.js';

export interface Reason {
  readonly stage: Stage;
  readonly status: number;
  /** The code the client sees: coarser than the reason if more detail would help an attacker. */
  readonly publicCode: string;
  /** The problem's title (RFC 9457), the same for every occurrence. */
  readonly title: string;
  /** Used if the stage has nothing more exact to say. It says what to do. */
  readonly detail: string;
  /** What the throttle counts (R51); null: nothing. */
  readonly failure: FailureKind | null;
  /** The API document lists these reasons for every call. */
  readonly onEveryCall: boolean;
}

const CREDENTIAL_INVALID = {
  status: 401,
  failure: 'guess',
  onEveryCall: true,
  publicCode: 'credential_invalid',
  title: 'The credential is not valid',
  detail:
    'The token or its user name was not accepted. Check that you copied the whole token and sent the user ' +
    'name of its owner.',
} as const;

/**
 * All reasons for a refusal. The audit keeps the key; the client reads `publicCode`. The secret is checked before the
 * state: no answer describes a token before its secret has matched.
 */
export const REASONS = {
  request_malformed: {
    stage: 'form',
    status: 400,
    failure: null,
    onEveryCall: false,
    publicCode: 'request_malformed',
    title: 'The request is malformed',
    detail: 'The request breaks the rules of HTTP/1.1, so two servers could read it differently.',
  },
  headers_too_large: {
    stage: 'form',
    status: 431,
    failure: null,
    onEveryCall: false,
    publicCode: 'headers_too_large',
    title: 'The headers are too large',
    detail: 'Send at most 100 header lines and 16 KiB of headers.',
  },
  http_version_unsupported: {
    stage: 'form',
    status: 505,
    failure: null,
    onEveryCall: false,
    publicCode: 'request_malformed',
    title: 'The request is malformed',
    detail: 'Use HTTP/1.1.',
  },
  method_not_allowed: {
    stage: 'form',
    status: 405,
    failure: null,
    onEveryCall: false,
    publicCode: 'method_not_allowed',
    title: 'The method is not allowed',
    detail: 'TRACE and CONNECT are refused for everyone.',
  },
  path_ambiguous: {
    stage: 'path',
    status: 400,
    failure: null,
    onEveryCall: false,
    publicCode: 'path_ambiguous',
    title: 'The path can be read in more than one way',
    detail: 'Send the path in its plain form, without dot segments, encoded separators or path parameters.',
  },
  native_token_management_disabled: {
    stage: 'native-management',
    status: 403,
    failure: null,
    onEveryCall: false,
    publicCode: 'native_token_management_disabled',
    title: 'The product’s own access tokens are switched off',
    detail: 'The product’s own access tokens are disabled here. Create a Scopegate token instead.',
  },
  path_blocked: {
    stage: 'blocked-path',
    status: 403,
    failure: null,
    onEveryCall: false,
    publicCode: 'path_blocked',
    title: 'This path is closed to tokens',
    detail:
      'No token may send this request, because its answer can contain another credential, or because an ' +
      'administrator has blocked it.',
  },
  credential_ambiguous: {
    stage: 'credential',
    status: 400,
    failure: null,
    onEveryCall: false,
    publicCode: 'credential_ambiguous',
    title: 'The request carries more than one credential',
    detail: 'Send exactly one Authorization line, and no second credential in the body or the query.',
  },
  credential_malformed: {
    stage: 'credential',
    ...CREDENTIAL_INVALID,
    detail:
      'The Authorization line is malformed. Send HTTP Basic with the Base64 of user name, colon and token, or ' +
      'send Bearer.',
  },
  credential_misplaced: {
    stage: 'credential',
    status: 401,
    failure: null,
    onEveryCall: false,
    publicCode: 'credential_misplaced',
    title: 'The token stands in the wrong place',
    detail: 'Send the token as the password of HTTP Basic or as a Bearer token.',
  },
  ip_not_allowed: {
    stage: 'address',
    status: 401,
    failure: null,
    onEveryCall: true,
    publicCode: 'ip_not_allowed',
    title: 'The client address is not allowed',
    detail: 'Requests from this address are not allowed to authenticate.',
  },
  native_token_disabled: {
    stage: 'token',
    status: 401,
    failure: null,
    onEveryCall: false,
    publicCode: 'native_token_disabled',
    title: 'The product’s own access tokens are switched off',
    detail: 'This application accepts Scopegate tokens only. Create one and send it instead of the access token.',
  },
  token_malformed: {
    stage: 'token',
    ...CREDENTIAL_INVALID,
    detail: 'The credential does not have the form of a token. Check that you copied the whole token.',
  },
  token_unknown: { stage: 'token', ...CREDENTIAL_INVALID },
  owner_mismatch: { stage: 'token', ...CREDENTIAL_INVALID },
  owner_inactive: { stage: 'token', ...CREDENTIAL_INVALID },
  password_wrong: {
    stage: 'token',
    status: 401,
    failure: 'guess',
    onEveryCall: true,
    publicCode: 'credential_invalid',
    title: 'The credential is not valid',
    detail: 'The user name and password were not accepted.',
  },
  token_revoked: {
    stage: 'token',
    status: 401,
    failure: 'ended-token',
    onEveryCall: true,
    publicCode: 'token_revoked',
    title: 'The token has been revoked',
    detail: 'Create a new token.',
  },
  token_expired: {
    stage: 'token',
    status: 401,
    failure: 'ended-token',
    onEveryCall: true,
    publicCode: 'token_expired',
    title: 'The token has expired',
    detail: 'Create a new token.',
  },
  authentication_required: {
    stage: 'path-kind',
    status: 401,
    failure: null,
    onEveryCall: true,
    publicCode: 'authentication_required',
    title: 'Authentication is required',
    detail: 'Send a Scopegate token: as the password of HTTP Basic with its owner’s user name, or as a Bearer token.',
  },
  remote_api_needs_password: {
    stage: 'path-kind',
    status: 401,
    failure: null,
    onEveryCall: false,
    publicCode: 'remote_api_needs_password',
    title: 'The Remote API does not take tokens',
    detail: 'The Remote API below /rpc/ takes a user name and password. Use the REST API with a token.',
  },
  token_not_accepted: {
    stage: 'path-kind',
    status: 401,
    failure: null,
    onEveryCall: true,
    publicCode: 'token_not_accepted',
    title: 'A token is not accepted here',
    detail: 'This token works only on the REST paths of its applications.',
  },
  password_disabled: {
    stage: 'path-kind',
    status: 401,
    failure: null,
    onEveryCall: false,
    publicCode: 'password_disabled',
    title: 'Passwords are switched off here',
    detail: 'Send a Scopegate token instead of the password.',
  },
  use_not_permitted: {
    stage: 'permission',
    status: 403,
    failure: null,
    onEveryCall: true,
    publicCode: 'use_not_permitted',
    title: 'The owner of this token may not use tokens',
    detail: 'Ask an administrator for the permission to use tokens. Then the token works again.',
  },
  scope_insufficient: {
    stage: 'scope',
    status: 403,
    failure: null,
    onEveryCall: true,
    publicCode: 'scope_insufficient',
    title: 'The scope of the token does not allow this',
    detail: 'A read-only token may only send GET, HEAD and OPTIONS. Use a read-write token for this request.',
  },
  destination_malformed: {
    stage: 'destination',
    status: 400,
    failure: null,
    onEveryCall: false,
    publicCode: 'request_malformed',
    title: 'The request is malformed',
    detail: 'Send one Destination line with the whole address, or with the path from the root.',
  },
  destination_not_allowed: {
    stage: 'destination',
    status: 403,
    failure: null,
    onEveryCall: false,
    publicCode: 'destination_not_allowed',
    title: 'The token may not write to this destination',
    detail: 'Destination must name a path of the same application that this token may use.',
  },
  upstream_credential_missing: {
    stage: 'upstream-credential',
    status: 403,
    failure: null,
    onEveryCall: false,
    publicCode: 'upstream_credential_missing',
    title: 'Your credential for this application is missing',
    detail:
      'This application is called with a credential of your own, and none is stored. Store one with ' +
      'PUT /api/v1/me/credentials/{application}.',
  },
  upstream_credential_rejected: {
    stage: 'upstream-credential',
    status: 502,
    failure: null,
    onEveryCall: false,
    publicCode: 'upstream_credential_rejected',
    title: 'The application refuses the stored credential',
    detail:
      'The application refused the credential that is stored for it. The token is not the cause. Ask an administrator ' +
      'to renew the credential.',
  },
  administrator_required: {
    stage: 'scope',
    status: 403,
    failure: null,
    onEveryCall: false,
    publicCode: 'administrator_required',
    title: 'This is for administrators',
    detail: 'Only members of the group “administrators” may do this.',
  },
  too_many_failures: {
    stage: 'token',
    status: 429,
    failure: null,
    onEveryCall: true,
    publicCode: 'too_many_failures',
    title: 'Too many failed attempts',
    detail:
      'Too many invalid credentials came from here. Wait for the seconds in Retry-After, and check the ' +
      'credential.',
  },
} as const satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof REASONS;

/** These answers depend on stored data: they must not differ in a word, so that an attacker learns nothing. */
export const SECRET_REASONS: ReadonlySet<ReasonCode> = new Set(['token_unknown', 'owner_mismatch', 'owner_inactive']);

/** A guess of a secret, or the use of a token that was valid once. */
export type FailureKind = 'guess' | 'ended-token';
