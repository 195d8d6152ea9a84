import { foldHeaderName, isJsonObject } from '@scopegate/kernel';
import type { FieldError } from '@scopegate/problem';
import { hasPlaceholder, isIdentityHeaderName, parseSecret, parseTemplate } from '@scopegate/upstream';
import type { SecretBox } from '../keys/secret-box.js';

/** As stored: a template, or an encrypted secret. */
export type IdentityHeader =
  | { readonly name: string; readonly template: string }
  | {
      readonly name: string;
      readonly sealed: string;
      /** The secret has the user name in it: a credential for HTTP Basic. */
      readonly hasUser?: true;
    };

/** As sent by a client: a fixed value may still be plain text. */
export type AskedIdentityHeader =
  IdentityHeader | { readonly name: string; readonly secret: string; readonly hasUser?: true };

/** Shown instead of a stored secret. A client that sends it back keeps the secret. */
export const SECRET_MASK = '********';

/** For an application without headers of its own. */
export const DEFAULT_IDENTITY_HEADERS: Readonly<Record<string, string>> = { 'X-Forwarded-User': '{username}' };

const MAX_HEADERS = 32;
const MAX_TEMPLATE_LENGTH = 1024;
const MAX_SECRET_LENGTH = 4096;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Templates, and fixed values as `{secret}`. Names compare by `foldHeaderName`, as upstream frameworks read them.
 * @param stored current headers, for kept secrets
 * @param errors gets an entry for each invalid member
 */
export function readIdentityHeaders(
  headers: object,
  stored: readonly IdentityHeader[],
  errors: FieldError[],
): readonly AskedIdentityHeader[] {
  const entries = Object.entries(headers);
  if (entries.length > MAX_HEADERS) {
    note(errors, 'identity.headers', `must have at most ${MAX_HEADERS} headers`);
    return [];
  }
  const asked: AskedIdentityHeader[] = [];
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const field = `identity.headers.${name.slice(0, 128)}`;
    const folded = foldHeaderName(name);
    if (!isIdentityHeaderName(name)) {
      note(errors, field, 'is not the name of a header that can carry an identity');
    } else if (seen.has(folded)) {
      note(
        errors,
        field,
        'is given twice: names are compared without case, and every character such as "_" or "." counts as "-"',
      );
    } else {
      const header = readValue(name, value, stored, (message) => note(errors, field, message));
      if (header !== null) asked.push(header);
    }
    seen.add(folded);
  }
  return asked;
}

function readValue(
  name: string,
  value: unknown,
  stored: readonly IdentityHeader[],
  refuse: (message: string) => void,
): AskedIdentityHeader | null {
  if (typeof value === 'string') return readTemplate(name, value, refuse);
  const secret = secretOf(value);
  if (secret === null) {
    refuse('must be a template such as "{username}", or {"secret": "…"}');
    return null;
  }
  if (secret === SECRET_MASK) {
    const kept = stored.find((header) => sealedName(header.name) === sealedName(name));
    if (kept !== undefined && 'sealed' in kept) return { ...kept, name };
    refuse('has no stored secret to keep: send the secret itself');
    return null;
  }
  if (secret === '' || secret.length > MAX_SECRET_LENGTH || !PRINTABLE.test(secret) || secret !== secret.trim()) {
    refuse(
      `must have a secret of 1 to ${MAX_SECRET_LENGTH} printable ASCII characters, without a blank at the ` +
        'start or end',
    );
    return null;
  }
  const parsing = parseSecret(name, secret);
  if (parsing.ok) return hasPlaceholder(parsing.template) ? { name, secret, hasUser: true } : { name, secret };
  refuse(parsing.message);
  return null;
}

function readTemplate(name: string, text: string, refuse: (message: string) => void): AskedIdentityHeader | null {
  if (foldHeaderName(name) === 'authorization') {
    refuse('must be written as {"secret": "…"}, so that it is stored encrypted and never shown');
    return null;
  }
  if (text === '' || text.length > MAX_TEMPLATE_LENGTH || !PRINTABLE.test(text)) {
    refuse(`must be a template of 1 to ${MAX_TEMPLATE_LENGTH} printable ASCII characters`);
    return null;
  }
  const parsing = parseTemplate(text);
  if (parsing.ok) return { name, template: text };
  refuse(parsing.message);
  return null;
}

/** Unchanged since the first stored secrets, so coarser than the spelling and finer than `foldHeaderName`. */
export function sealedName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/**
 * R111: a fixed header value opens only in this context, and is sent only to its origin.
 * @param endpoint of the upstream
 */
function secretContext(key: string, headerName: string, endpoint: string): string {
  return `${key}\n${sealedName(headerName)}\n${endpoint}`;
}

/** Where a stored secret opens: with its origin, or as an earlier version has sealed it. */
export function secretContexts(key: string, headerName: string, endpoint: string): readonly [string, string] {
  return [secretContext(key, headerName, endpoint), `${key}\n${sealedName(headerName)}`];
}

export function sealSecret(box: SecretBox, key: string, headerName: string, endpoint: string, secret: string): string {
  return box.seal(secret, secretContext(key, headerName, endpoint));
}

/** Earlier versions sealed a secret without its origin. */
export interface OpenedSecret {
  readonly secret: string;
  readonly isBound: boolean;
}

/** Null if it belongs to another context. */
export function openSecret(
  box: SecretBox,
  key: string,
  header: { readonly name: string; readonly sealed: string },
  endpoint: string,
): OpenedSecret | null {
  const [boundContext, unboundContext] = secretContexts(key, header.name, endpoint);
  const bound = box.open(header.sealed, boundContext);
  if (bound !== null) return { secret: bound, isBound: true };
  const unbound = box.open(header.sealed, unboundContext);
  return unbound === null ? null : { secret: unbound, isBound: false };
}

/** Null if `{secret}` has other members. */
function secretOf(value: unknown): string | null {
  if (!isJsonObject(value)) return null;
  const { secret } = value;
  return typeof secret === 'string' && Object.keys(value).length === 1 ? secret : null;
}

/** The same value for every user. */
export function isFixedValue(header: IdentityHeader): boolean {
  return 'sealed' in header ? header.hasUser !== true : !header.template.includes('{');
}

function note(errors: FieldError[], field: string, message: string): void {
  errors.push({ field, message: `${field} ${message}` });
}
