/** Decoded as the most tolerant upstream does. */
export interface QueryParameter {
  /** Lower case; `.`, space, `+` and `-` become `_`, a `[…]` suffix is removed as in PHP, and brackets around it as in Rack. */
  readonly name: string;
  /** Percent-decoded, one character a byte; null without `=`. */
  readonly value: string | null;
}

/**
 * In order, separated by `&` or `;`. Malformed encodings stay.
 * @param query without its `?`, or a form, one character a byte
 */
export function queryParameters(query: string): readonly QueryParameter[] {
  const parameters: QueryParameter[] = [];
  for (const part of query.split(/[&;]/)) {
    if (part === '') {
      continue;
    }
    const equals = part.indexOf('=');
    const name = foldFieldName(decodeComponent(equals < 0 ? part : part.slice(0, equals)));
    parameters.push({ name, value: equals < 0 ? null : decodeComponent(part.slice(equals + 1)) });
  }
  return parameters;
}

/**
 * Only the fields that match: others cost almost nothing (R112).
 * @param mark global; matches within the field, or with the separator before it
 */
export function* markedParameters(text: string, mark: RegExp): Generator<QueryParameter> {
  let from = 0;
  for (;;) {
    mark.lastIndex = from;
    const found = mark.exec(text);
    if (found === null) return;
    const within = isSeparator(text, found.index) ? found.index + 1 : found.index;
    let start = within;
    while (start > from && !isSeparator(text, start - 1)) start -= 1;
    let end = within;
    while (end < text.length && !isSeparator(text, end)) end += 1;
    yield* queryParameters(text.slice(start, end));
    from = end;
  }
}

/** Finds fields whose names begin with one of these, in all spellings of `foldFieldName`. @param names lower case */
export function nameMark(...names: readonly string[]): RegExp {
  return new RegExp(`(?:^|[&;])${ANY_BEGINNING}(?:${names.map(spellings).join('|')})`, 'gi');
}

/** Finds fields whose values begin with one of these texts, after blanks, punctuation and non-ASCII characters. */
export function valueMark(...texts: readonly string[]): RegExp {
  return new RegExp(`=${ANY_BEGINNING}(?:${texts.map(spellings).join('|')})`, 'gi');
}

/** Some readers ignore encoded characters, and all but letters, digits and underscores. */
const ANY_BEGINNING = String.raw`(?:%[0-9a-f]{2}|[^&;=%\w])*`;

/** Plain or percent-encoded, without case; `_` stands for all characters folded to it. */
function spellings(text: string): string {
  return [...text].map((character) => `(?:${character === '_' ? UNDERSCORE : spelling(character)})`).join('');
}

function spelling(letter: string): string {
  return [letter, encoded(letter), encoded(letter.toUpperCase())].join('|');
}

function encoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

const UNDERSCORE = String.raw`[_. +-]|%(?:5f|2e|20|2d)`;

function isSeparator(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === AMPERSAND || code === SEMICOLON;
}

const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;

/** As in `QueryParameter`. PHP also cuts a name at a zero byte. */
export function foldFieldName(name: string): string {
  const [, inner = ''] = /^[\s[\]]*([^[\]]*)/.exec(name.split('\0', 1)[0] ?? '') ?? [];
  return inner.trim().toLowerCase().replace(/[. -]/g, '_');
}

/** Decodes single bytes: invalid UTF-8 must not hide a name. */
function decodeComponent(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_triple, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
