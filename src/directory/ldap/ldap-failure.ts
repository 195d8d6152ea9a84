import { ResultCodeError } from 'ldapts';

/** Why a directory gave no answer that can be used, with what to do. Only administrators get these texts. */
const FAILURES = {
  unreachable:
    'Nothing accepts connections at "url". Check the address, a firewall, and that the directory is running.',
  'name-not-found': 'The host in "url" has no address. Check its spelling, and the name server of the gateway.',
  timeout: 'The directory does not answer in time. Check the address, and whether it is overloaded.',
  closed: 'The directory closed the connection. Check whether it expects TLS (ldaps or "startTls").',
  tls: 'The TLS connection is refused. Check that the directory offers TLS at this address.',
  certificate:
    'The certificate of the directory is not trusted. Check the host name in "url", and put its authority into "ca".',
  'start-tls': 'The directory refuses StartTLS. Set it up there, or use an ldaps address.',
  'tls-required': 'The directory demands TLS. Use an ldaps address or "startTls".',
  credentials: 'The directory refuses the name or password. Check "bindDn" and "bindPassword".',
  'not-permitted': 'The bind account may not read here. Give it the right to read users and groups.',
  'no-base': 'The base does not exist in the directory. Check "userBase" and "groupBase".',
  'size-limit':
    'The directory has more entries than it returns to this account. Raise its limit, or narrow the filters; a part ' +
    'of the users is never taken for all.',
  referral:
    'The directory refers to another server. References are not followed: use that server, or a base without them.',
  'outside-base': 'The directory answered with entries that are not below the base. Nothing of such an answer is used.',
  members: 'The members of a group could not be read to their end.',
  'too-large': 'The answer of the directory is larger than the gateway reads. Narrow the filters.',
  malformed: 'What answers at "url" does not speak LDAP. Check the port, and whether it expects TLS.',
  password: 'The stored bind password cannot be opened with the configured encryption keys. Set "bindPassword" again.',
  refused: 'The directory refuses the request. Its log says why.',
} as const;

export type LdapFailureKind = keyof typeof FAILURES;

/** Its message holds no password: it is shown to administrators and goes to the log. */
export class LdapFailure extends Error {
  override readonly name = 'LdapFailure';

  constructor(
    readonly kind: LdapFailureKind,
    /** What the other side said, for the log. */
    readonly said: string | null = null,
  ) {
    super(FAILURES[kind]);
  }
}

/** Result codes of RFC 4511 A.1 whose cause is known. */
const BY_CODE: ReadonlyMap<number, LdapFailureKind> = new Map([
  [3, 'timeout'],
  [4, 'size-limit'],
  [8, 'tls-required'],
  [10, 'referral'],
  [11, 'size-limit'],
  [13, 'tls-required'],
  [32, 'no-base'],
  [34, 'no-base'],
  [48, 'credentials'],
  [49, 'credentials'],
  [50, 'not-permitted'],
]);

const BY_NODE_CODE: ReadonlyMap<string, LdapFailureKind> = new Map([
  ['ENOTFOUND', 'name-not-found'],
  ['EAI_AGAIN', 'name-not-found'],
  ['ETIMEDOUT', 'timeout'],
  // The time is over for all questions together.
  ['ABORT_ERR', 'timeout'],
  ['ECONNRESET', 'closed'],
  ['EPIPE', 'closed'],
]);

const CERTIFICATE_CODE = /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|ERR_TLS_CERT|HOSTNAME_MISMATCH)/;

const MAX_SAID = 200;

/** @param error of ldapts, of a socket or of TLS */
export function ldapFailureOf(error: unknown): LdapFailure {
  if (error instanceof LdapFailure) return error;
  const { message, code } = error as { readonly message?: unknown; readonly code?: unknown };
  const said = typeof message === 'string' ? message.slice(0, MAX_SAID) : null;
  if (error instanceof ResultCodeError) return new LdapFailure(BY_CODE.get(error.code) ?? 'refused', said);
  if (typeof code === 'string') {
    if (CERTIFICATE_CODE.test(code)) return new LdapFailure('certificate', said);
    if (code.startsWith('ERR_SSL')) return new LdapFailure('tls', said);
    return new LdapFailure(BY_NODE_CODE.get(code) ?? 'unreachable', said);
  }
  // ldapts has no classes for these two.
  if (said?.includes('timed out') === true) return new LdapFailure('timeout', said);
  return new LdapFailure(said?.startsWith('Connection closed') === true ? 'closed' : 'malformed', said);
}

/** The codes with which a directory says that a user may not log in, and not that something is broken. */
const LOGIN_REFUSED: ReadonlySet<number> = new Set([19, 48, 49, 50, 53]);

export function isLoginRefused(error: unknown): boolean {
  return error instanceof ResultCodeError && LOGIN_REFUSED.has(error.code);
}
