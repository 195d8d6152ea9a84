import { foldHeaderName, isHttpToken } from '@scopegate/kernel';

export const IDENTITY_PLACEHOLDERS = ['username', 'displayName', 'email', 'groups', 'tokenId', 'scope'] as const;

export type IdentityFacts = Readonly<Record<(typeof IDENTITY_PLACEHOLDERS)[number], string>>;

type Piece = string | { readonly placeholder: keyof IdentityFacts };

/** Parsed once; a request only joins the pieces. */
export type CompiledTemplate = readonly Piece[];

export type TemplateParsing =
  { readonly ok: true; readonly template: CompiledTemplate } | { readonly ok: false; readonly message: string };

/** Reads a template such as `{username}` or `user={username};groups={groups}`. */
export function parseTemplate(text: string): TemplateParsing {
  // eslint-disable-next-line no-control-regex -- a header value must not hold any of these (RFC 9110 5.5)
  if (/[\u0000-\u001f\u007f]/.test(text)) return { ok: false, message: 'must not contain control characters' };
  const pieces: Piece[] = [];
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{', at);
    const close = text.indexOf('}', at);
    if (open < 0 && close < 0) {
      pieces.push(text.slice(at));
      break;
    }
    if (open < 0 || close < open) {
      return { ok: false, message: 'has an opening or closing brace without the other one' };
    }
    const name = text.slice(open + 1, close);
    const placeholder = IDENTITY_PLACEHOLDERS.find((known) => known === name);
    if (placeholder === undefined) {
      return { ok: false, message: `may contain only the placeholders {${IDENTITY_PLACEHOLDERS.join('}, {')}}` };
    }
    if (open > at) pieces.push(text.slice(at, open));
    pieces.push({ placeholder });
    at = close + 1;
  }
  return { ok: true, template: pieces };
}

/** A fixed value, or a user name and password for HTTP Basic (RFC 7617). */
export type SecretParsing =
  | { readonly ok: true; readonly template: CompiledTemplate; readonly isBasic: boolean }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a secret. For `Authorization` it may be `Basic {username}:word`, in clear: base64 has no colon. What follows
 * the colon is the password, as it is written.
 */
export function parseSecret(name: string, secret: string): SecretParsing {
  const [scheme = '', content = ''] = /^(basic +)(.*)$/i.exec(secret)?.slice(1) ?? [];
  const colon = content.indexOf(':');
  if (foldHeaderName(name) !== 'authorization' || scheme === '' || colon < 0) {
    return { ok: true, template: [secret], isBasic: false };
  }
  const parsing = parseTemplate(content.slice(0, colon));
  if (!parsing.ok || parsing.template.some((piece) => typeof piece !== 'string' && piece.placeholder !== 'username')) {
    return { ok: false, message: 'may contain only the placeholder {username} before the colon' };
  }
  return { ok: true, template: [...parsing.template, content.slice(colon)], isBasic: true };
}

/** Other users get another value. */
export function hasPlaceholder(template: CompiledTemplate): boolean {
  return template.some((piece) => typeof piece !== 'string');
}

/**
 * `percent`: printable ASCII; all else and `%` as percent-encoded UTF-8 (RFC 3986 2.1), since headers have no charset
 * (RFC 9110 5.5). `utf-8`: raw bytes.
 */
export const IDENTITY_ENCODINGS = ['percent', 'utf-8'] as const;

export type IdentityEncoding = (typeof IDENTITY_ENCODINGS)[number];

export const DEFAULT_IDENTITY_ENCODING: IdentityEncoding = 'percent';

/** The token is null without one. */
export interface Identified {
  readonly user: {
    readonly username: string;
    readonly displayName: string;
    readonly email: string | null;
    readonly groups: Iterable<string>;
  };
  readonly token: { readonly id: string; readonly scope: string } | null;
}

export interface IdentityTemplate {
  readonly name: string;
  readonly template: CompiledTemplate;
  /** The filled template is a user name and password, sent as HTTP Basic. */
  readonly isBasic: boolean;
}

export interface IdentityTemplates {
  readonly templates: readonly IdentityTemplate[];
  readonly encoding: IdentityEncoding;
}

/** @returns names and values in turns, one character a byte */
export function identityLines({ templates, encoding }: IdentityTemplates, { user, token }: Identified): string[] {
  const facts: IdentityFacts = {
    username: user.username,
    displayName: user.displayName,
    email: user.email ?? '',
    // Few templates need the groups, and a user may have hundreds.
    get groups() {
      return [...user.groups].sort().join(',');
    },
    tokenId: token?.id ?? '',
    scope: token?.scope ?? '',
  };
  return templates.flatMap(({ name, template, isBasic }) => [
    name,
    isBasic ? basicCredential(template, facts) : fillTemplate(template, facts, encoding),
  ]);
}

/**
 * In UTF-8 (RFC 7617 2.1).
 * @throws Error for a user name with a colon or a control character: the upstream would read another one
 */
function basicCredential(template: CompiledTemplate, { username }: IdentityFacts): string {
  if (/[:\p{Cc}]/u.test(username)) throw new Error('The user name cannot be written as HTTP Basic.');
  const text = template.map((piece) => (typeof piece === 'string' ? piece : username)).join('');
  return `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;
}

/** @returns one character a byte */
export function fillTemplate(template: CompiledTemplate, facts: IdentityFacts, encoding: IdentityEncoding): string {
  const encode = encoding === 'utf-8' ? utf8Bytes : headerSafe;
  let text = '';
  for (const piece of template) text += typeof piece === 'string' ? piece : encode(facts[piece.placeholder]);
  return text;
}

/** Characters that are not allowed in a line become U+FFFD. */
function utf8Bytes(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value;
  return Buffer.from(value.replace(CONTROLS, '\ufffd'), 'utf8').toString('latin1');
}

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROLS = /[\x00-\x1f\x7f]/g;

function headerSafe(value: string): string {
  return /^[\x20-\x24\x26-\x7e]*$/.test(value)
    ? value
    : value.replace(/[^\x20-\x24\x26-\x7e]/gu, (character) =>
        encodeURIComponent(character.isWellFormed() ? character : '\ufffd'),
      );
}

const NEVER_IDENTITY: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'cookie',
  'keep-alive',
  'x-request-id',
  'x-forwarded-for',
]);

const MAX_NAME_LENGTH = 128;

/** A field name (RFC 9110 5.1) without another meaning. */
export function isIdentityHeaderName(name: string): boolean {
  return name.length <= MAX_NAME_LENGTH && isHttpToken(name) && !NEVER_IDENTITY.has(foldHeaderName(name));
}
