/** Names whose values never leave the process: in a before-and-after, a log line or an error (R61). */
const SECRET_NAMES = [
  'password',
  'passwordhash',
  'secret',
  'digest',
  'authorization',
  'cookie',
  'credential',
  'pepper',
];

/** What stands in place of a secret. */
export const REDACTED = '[redacted]';

/** A token or a session of the gateway (`sgs_`), or a part of one, wherever it stands in a text. */
const TOKEN_IN_TEXT = /sgs?_[0-9A-Za-z]{1,64}(?:_[0-9A-Za-z]*)*/g;

/** A credential as it stands in an Authorization header. A short word after "Basic" is a description. */
const CREDENTIAL_IN_TEXT = /\b(Basic|Bearer)[ +]+[A-Za-z0-9._~+/=-]{16,}/gi;

/** A whole header line, whatever its scheme. */
const AUTHORIZATION_IN_TEXT = /\b(Authorization[:=] *)(?:[A-Za-z]{1,20} +)?[^\s,;]+/gi;

/** What a text holds in which anything of the above can stand; most texts hold nothing of it. */
const MAY_HOLD_SECRET = /sgs?_|basic|bearer|authorization/i;

/**
 * A text of our own records (a description, a name), without tokens, and well-formed, so that it comes back from a
 * database as it went in.
 */
export function redactTokens(text: string): string {
  return (/sgs?_/.test(text) ? text.replace(TOKEN_IN_TEXT, REDACTED) : text).toWellFormed();
}

/**
 * A text from outside (a user agent, a path, an error), without anything that looks like a token or the value of an
 * Authorization header, and bounded.
 */
export function redactText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  if (!MAY_HOLD_SECRET.test(bounded)) return bounded.toWellFormed();
  return redactTokens(bounded)
    .replace(CREDENTIAL_IN_TEXT, `$1 ${REDACTED}`)
    .replace(AUTHORIZATION_IN_TEXT, `$1${REDACTED}`);
}

/** A path as it came, without the values of path parameters: Tomcat takes a session's id there (`;jsessionid=…`). */
export function redactPath(path: string): string {
  return path.includes(';') ? path.replace(/(;[^;/=]*=)[^;/]*/g, `$1${REDACTED}`) : path;
}

/** A copy of a value without secrets, for the before-and-after of a change. */
export function redact(value: unknown): unknown {
  if (typeof value === 'string') return redactTokens(value);
  if (Array.isArray(value)) return value.map(redact);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const isSecret = SECRET_NAMES.some((secret) => name.toLowerCase() === secret);
    copy[name] = isSecret && member !== null && member !== undefined ? REDACTED : redact(member);
  }
  return copy;
}

/**
 * The members that differ between two states, each with its value before and after, secrets left out.
 * A changed secret shows as changed and says no more.
 */
export function describeChange(before: object, after: object): Record<string, { before: unknown; after: unknown }> {
  const changes: Record<string, { before: unknown; after: unknown }> = {};
  const old = before as Record<string, unknown>;
  const now = after as Record<string, unknown>;
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (JSON.stringify(old[name]) === JSON.stringify(now[name])) continue;
    const pair = redact({ [name]: old[name] ?? null }) as Record<string, unknown>;
    const next = redact({ [name]: now[name] ?? null }) as Record<string, unknown>;
    changes[name] = { before: pair[name], after: next[name] };
  }
  return changes;
}
