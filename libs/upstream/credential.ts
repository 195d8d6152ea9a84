/** How a credential of the upstream's own is presented. */
export const CREDENTIAL_TYPES = ['bearer', 'basic', 'header'] as const;

export type CredentialType = (typeof CREDENTIAL_TYPES)[number];

/** A credential of the upstream's own, without its secret. */
export interface CredentialForm {
  readonly type: CredentialType;
  /** Of `basic`; null for the others. */
  readonly username: string | null;
  /** Of `header`; null for the others. */
  readonly header: string | null;
}

/** The line in which a product expects a bearer credential: `Authorization` and `Bearer `, or a header of its own. */
export interface BearerLine {
  readonly header: string;
  readonly prefix: string;
}

export const AUTHORIZATION_BEARER: BearerLine = { header: 'Authorization', prefix: 'Bearer ' };

/** @returns name and value */
export function credentialLine(
  { type, username, header }: CredentialForm,
  secret: string,
  bearer: BearerLine,
): readonly [name: string, value: string] {
  switch (type) {
    case 'bearer':
      return [bearer.header, bearer.prefix + secret];
    case 'basic':
      return ['Authorization', `Basic ${Buffer.from(`${username ?? ''}:${secret}`, 'utf8').toString('base64')}`];
    case 'header':
      return [header ?? '', secret];
  }
}

/** In bytes of UTF-8. */
export const MAX_CREDENTIAL_LENGTH = 4096;

/** Returns a message that follows the name of the member, or null. Messages never quote the secret. */
export function credentialSecretProblem(type: CredentialType, secret: string): string | null {
  if (secret === '') return 'must not be empty';
  if (Buffer.byteLength(secret) > MAX_CREDENTIAL_LENGTH) {
    return `must have at most ${MAX_CREDENTIAL_LENGTH} bytes`;
  }
  // A password may have characters of any language (RFC 7617 2.1), and blanks at its ends.
  if (type === 'basic') {
    return /[\p{Cc}\p{Cs}]/u.test(secret) ? 'must not contain line breaks or control characters' : null;
  }
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(secret)
    ? null
    : 'must be printable ASCII in one line, without a blank at the start or end';
}

/** RFC 7617 2: a user name with a colon would be read as another one. Returns a message, or null. */
export function credentialUserProblem(username: string): string | null {
  if (username === '' || username.length > 255) return 'must have 1 to 255 characters';
  return /[:\p{Cc}\p{Cs}]/u.test(username) ? 'must not contain a colon, line breaks or control characters' : null;
}

/** Shorter secrets show nothing of themselves. */
const MIN_LENGTH_WITH_HINT = 20;

/** To tell credentials apart: the last four characters of a long secret. */
export function secretHint(secret: string): string {
  return secret.length < MIN_LENGTH_WITH_HINT ? '…' : `…${secret.slice(-4).toWellFormed()}`;
}
