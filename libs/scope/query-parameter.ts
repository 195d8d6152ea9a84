/** One parameter of a query or field of a form, decoded as loosely as the most tolerant upstream would. */
export interface QueryParameter {
  /** In lower case, with `.`, space, `+` and `-` as `_` and without a `[…]` suffix, as PHP and others fold names. */
  readonly name: string;
  /** Percent-decoded, one character a byte, `+` as a space; null where there is no `=`. */
  readonly value: string | null;
}

/**
 * The parameters of a query, or the fields of a form, in their order. Both `&` and `;` separate. Malformed percent-encodings stay as they are.
 * @param query the raw query without its `?`, or the body of a form, one character a byte
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

/** A field's name by its coarsest reading: see `QueryParameter`. PHP also cuts a name at a zero byte. */
export function foldFieldName(name: string): string {
  const trimmed = (name.split('\0', 1)[0] ?? '').trim();
  const bracket = trimmed.indexOf('[', 1);
  return (bracket < 0 ? trimmed : trimmed.slice(0, bracket)).toLowerCase().replace(/[. -]/g, '_');
}

/** Decodes bytewise: what is compared with is ASCII, and invalid UTF-8 must not hide it. */
function decodeComponent(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_triple, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
