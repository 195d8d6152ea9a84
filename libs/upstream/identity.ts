import { foldHeaderName } from '@scopegate/kernel';

/** What an identity template can speak of. */
export interface IdentityFacts {
  readonly username: string;
  readonly displayName: string;
  readonly email: string;
  /** Joined with commas. */
  readonly groups: string;
  readonly tokenId: string;
  readonly scope: string;
}

export const IDENTITY_PLACEHOLDERS = ['username', 'displayName', 'email', 'groups', 'tokenId', 'scope'] as const;

type Piece = string | { readonly placeholder: (typeof IDENTITY_PLACEHOLDERS)[number] };

/** A header template, taken apart once so that a request only joins its pieces. */
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

/**
 * How values beyond ASCII are written. `percent`: printable ASCII, everything else and `%` as percent-encoded UTF-8
 * (RFC 3986 2.1), since a header line has no charset (RFC 9110 5.5). `utf-8`: the bytes of UTF-8 themselves.
 */
export const IDENTITY_ENCODINGS = ['percent', 'utf-8'] as const;

export type IdentityEncoding = (typeof IDENTITY_ENCODINGS)[number];

/** What applications get that name no encoding. */
export const DEFAULT_IDENTITY_ENCODING: IdentityEncoding = 'percent';

/**
 * Fills a template in.
 * @returns the value of the line, one character a byte
 */
export function fillTemplate(template: CompiledTemplate, facts: IdentityFacts, encoding: IdentityEncoding): string {
  const encode = encoding === 'utf-8' ? utf8Bytes : headerSafe;
  let text = '';
  for (const piece of template) text += typeof piece === 'string' ? piece : encode(facts[piece.placeholder]);
  return text;
}

/** What would end the line, or is refused in one, becomes U+FFFD: nothing decodes such a value again. */
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

/** Whether a header can carry an identity: a field name (RFC 9110 5.1) that has no other meaning for the message. */
export function isIdentityHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name) && !NEVER_IDENTITY.has(foldHeaderName(name));
}
