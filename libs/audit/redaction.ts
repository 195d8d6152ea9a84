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

export const REDACTED = '[redacted]';

/** Also a part of one, anywhere in a text. In another letter case it is invalid but still contains the secret. */
const TOKEN_IN_TEXT = /sg[sb]?_[0-9A-Za-z]{1,64}(?:_[0-9A-Za-z]*)*|[sS][gG][sSbB]?_[0-9A-Za-z_]{20,}/g;

/** A credential of an Authorization header. A short word after "Basic" is a description. */
const CREDENTIAL_IN_TEXT = /\b(Basic|Bearer)[ +]+[A-Za-z0-9._~+/=-]{16,}/gi;

/** A whole header line, whatever its scheme. */
const AUTHORIZATION_IN_TEXT = /\b(Authorization[:=] *)(?:[A-Za-z]{1,20} +)?[^\s,;]+/gi;

/** A whole line of cookies. */
const COOKIE_IN_TEXT = /\b(Cookie2?: *)[^\r\n]+/gi;

/** The value of a parameter with a secret's name, as in a query or a form. */
const PARAMETER_IN_TEXT = /((?:passw(?:or)?d|passphrase|secret|token|session_?(?:id)?|api[-_]?key)=)[^\s&;,"'<>]+/gi;

/** Fast check: most texts have none of these words and need no redaction. */
const MAY_HOLD_SECRET = /sg[sb]?_|basic|bearer|authorization|cookie|passw|passphrase|secret|token|session|api.?key/i;

/** Up to the next parameter or the end of the segment. */
const PATH_PARAMETER = /(;[^;/=]*=)[^;/]*/g;

/** An ASCII character, percent-encoded any number of times. */
const ENCODED = /%(?:25)*([0-7][0-9a-f])/gi;

/** More layers of encoding are made only to hide something. */
const MAX_DECODINGS = 8;

/** Redacts plain and percent-encoded secrets. If only the decoded form shows one, returns the redacted decoded form. */
function redactSpellings(text: string, redactPlain: (text: string) => string): string {
  const redacted = redactPlain(text);
  if (!text.includes('%')) return redacted;
  let decoded = text;
  for (let count = 0; ; count += 1) {
    const next = decoded.replace(ENCODED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
    if (next === decoded) break;
    if (count === MAX_DECODINGS) return REDACTED;
    decoded = next;
  }
  const decodedRedacted = redactPlain(decoded);
  return decodedRedacted === decoded ? redacted : decodedRedacted;
}

/**
 * For texts of our own records: removes tokens, and makes the text well-formed, so that a database returns it
 * unchanged.
 */
export function redactTokens(text: string): string {
  return redactSpellings(text, withoutTokens).toWellFormed();
}

function withoutTokens(text: string): string {
  return /sg[sb]?_/i.test(text) ? text.replace(TOKEN_IN_TEXT, REDACTED) : text;
}

/**
 * For texts from outside: removes all that looks like a token, cookie, password or Authorization value, however
 * encoded.
 */
export function redactText(text: string, maxLength = Number.POSITIVE_INFINITY): string {
  const bounded = text.length > maxLength ? text.slice(0, maxLength) : text;
  const redacted = redactSpellings(bounded, withoutSecrets).toWellFormed();
  return redacted.length > maxLength ? redacted.slice(0, maxLength) : redacted;
}

function withoutSecrets(text: string): string {
  if (!MAY_HOLD_SECRET.test(text)) return text;
  return withoutTokens(text)
    .replace(CREDENTIAL_IN_TEXT, `$1 ${REDACTED}`)
    .replace(AUTHORIZATION_IN_TEXT, `$1${REDACTED}`)
    .replace(COOKIE_IN_TEXT, `$1${REDACTED}`)
    .replace(PARAMETER_IN_TEXT, `$1${REDACTED}`);
}

/** Removes the values of path parameters: Tomcat accepts a session id there, and some servers decode `%3B` first. */
export function redactPath(path: string): string {
  if (!path.includes(';') && !path.includes('%')) return path;
  return redactSpellings(path, (text) => text.replace(PATH_PARAMETER, `$1${REDACTED}`));
}

/** For the log: redacts every text in a value, names included. */
export function redactTexts(value: unknown): unknown {
  return redactedCopy(value, 0);
}

/** Deeper levels are not logged. */
const MAX_DEPTH = 8;

function redactedCopy(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '…';
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Error) return redactText(value.message);
  if (Array.isArray(value)) return value.map((member) => redactedCopy(member, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redactText(name), redactedCopy(member, depth + 1)]),
  );
}

/** For the before and after of a change. */
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

/** Members that differ, with the value before and after. A changed secret appears without its values. */
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
