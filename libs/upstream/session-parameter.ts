/** Plain, or percent-encoded up to four times. */
const SEMICOLON = '(?:;|%(?:25){0,3}3b)';
const EQUALS = '(?:=|%(?:25){0,3}3d)';

/** Up to the next delimiter of a URL, plain or percent-encoded. */
const VALUE = '(?:(?!%(?:25){0,3}(?:3b|2f|3f|23|26))[^;/?#&<>",\\s])*';

const SINGLE_QUOTED = /^\s*(?:url\s*=\s*)?'/i;

export type ReferenceHeader = 'location' | 'link' | 'refresh';

/** Removes a product's session ids from header values. */
export interface SessionParameterRule {
  /** Returns the same text if it has none. */
  clean(header: ReferenceHeader, value: string): string;
}

/**
 * R11: an id in `Location`, `Content-Location`, `Link` or `Refresh` would give the upstream's session to a token's
 * client. Ignores case and percent-encoding. `jsessionid` is also removed from a query, since a path in it may contain
 * one. Other names are removed only from paths, because `;` also separates query fields.
 * @param parameters in lower case
 */
export function compileSessionParameters(parameters: readonly string[]): SessionParameterRule {
  const inPath = patternOf(parameters);
  const anywhere = patternOf(parameters.filter((name) => name === 'jsessionid'));
  const cleanReference = (reference: string): string => {
    const end = reference.search(/[?#]/);
    const path = end < 0 ? reference : reference.slice(0, end);
    const rest = end < 0 ? '' : reference.slice(end);
    return path.replace(inPath, '') + rest.replace(anywhere, '');
  };
  return {
    clean: (header, value) => {
      // A path parameter needs one of these; most values have neither.
      if (!value.includes(';') && !value.includes('%')) return value;
      switch (header) {
        case 'location':
          return cleanReference(value);
        case 'link':
          return value.replace(/<[^<>]*>/g, cleanReference);
        case 'refresh': {
          // Seconds, a separator, and the URL (HTML, "shared declarative refresh steps").
          const start = value.search(/[;,]/) + 1;
          const rest = value.slice(start);
          // Quotes only end a URL that begins with one.
          const parts = SINGLE_QUOTED.test(rest) ? rest.split("'") : [rest];
          return value.slice(0, start) + parts.map(cleanReference).join("'");
        }
      }
    },
  };
}

/** Each letter may be percent-encoded. */
function patternOf(names: readonly string[]): RegExp {
  const spelled = names.map((name) => [...name].map(spellingsOf).join(''));
  return new RegExp(spelled.length === 0 ? '(?!)' : `${SEMICOLON}(?:${spelled.join('|')})${EQUALS}${VALUE}`, 'gi');
}

function spellingsOf(letter: string): string {
  const codes = [letter.toLowerCase(), letter.toUpperCase()].map((one) => one.charCodeAt(0).toString(16));
  return `(?:${letter}|%(?:25){0,3}(?:${codes.join('|')}))`;
}
