import { foldHeaderName, isJsonObject } from '@scopegate/kernel';
import type { FieldError } from '@scopegate/problem';
import { isIdentityHeaderName, parseTemplate } from '@scopegate/upstream';

/** An identity header as it is stored: a template, or a fixed value that is kept encrypted. */
export type IdentityHeader =
  { readonly name: string; readonly template: string } | { readonly name: string; readonly sealed: string };

/** An identity header as a client sends it: a stored one, or a fixed value that is not encrypted yet. */
export type AskedIdentityHeader = IdentityHeader | { readonly name: string; readonly secret: string };

/** Shown instead of a stored secret. Sent back, it keeps the secret. */
export const SECRET_MASK = '********';

/** The headers of an application without any of its own. */
export const DEFAULT_IDENTITY_HEADERS: Readonly<Record<string, string>> = { 'X-Forwarded-User': '{username}' };

const MAX_HEADERS = 32;
const MAX_TEMPLATE_LENGTH = 1024;
const MAX_SECRET_LENGTH = 4096;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * Reads the headers of an identity: templates, and fixed values as `{secret}`. Names are compared as upstream
 * frameworks read them: without case, and with one mark for all of them (`foldHeaderName`).
 * @param stored the current headers, for secrets that are kept
 * @param errors gets an entry for everything that is not valid
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
    if (kept !== undefined && 'sealed' in kept) return { name, sealed: kept.sealed };
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
  return { name, secret };
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

/**
 * The name that a secret is sealed under. It stays as it was when the first secrets were stored, and is coarser than the
 * spelling alone and finer than `foldHeaderName`.
 */
export function sealedName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** The secret of `{secret}`; null if there is any other member. */
function secretOf(value: unknown): string | null {
  if (!isJsonObject(value)) return null;
  const { secret } = value;
  return typeof secret === 'string' && Object.keys(value).length === 1 ? secret : null;
}

/** Whether every request gets the same value, for every user. */
export function isFixedValue(header: IdentityHeader): boolean {
  return 'sealed' in header || !header.template.includes('{');
}

function note(errors: FieldError[], field: string, message: string): void {
  errors.push({ field, message: `${field} ${message}` });
}
