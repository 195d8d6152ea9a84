/** How often a semicolon may be percent-encoded over. */
const SEMICOLON = '(?:;|%(?:25){0,3}3b)';
const EQUALS = '(?:=|%(?:25){0,3}3d)';

/** What a value of a path parameter holds: all up to the next delimiter of a URL, plain or percent-encoded. */
const VALUE = '(?:(?!%(?:25){0,3}(?:3b|2f|3f|23|26))[^;/?#&<>",\\s])*';

const SINGLE_QUOTED = /^\s*(?:url\s*=\s*)?'/i;

/** A header line that holds URLs an answer leads to. */
export type ReferenceHeader = 'location' | 'link' | 'refresh';

/** Takes a product's session ids out of the values of header lines. */
export interface SessionParameterRule {
  /** @returns the same text where it holds no session id */
  clean(header: ReferenceHeader, value: string): string;
}

/**
 * Makes the rule for the path parameters that a product takes a session's id from. An id in `Location`,
 * `Content-Location`, `Link` or `Refresh` would hand the upstream's own session to the client of a token (R11). Names
 * count in any case, and all of it in any percent-encoding.
 * @param parameters in lower case. `jsessionid` is taken out of a query as well: it has no other meaning, and a path
 * within a query may carry it. Other names are taken out of paths alone: `;` also separates the fields of a query.
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
      // Without either there is no path parameter; most values have neither.
      if (!value.includes(';') && !value.includes('%')) return value;
      switch (header) {
        case 'location':
          return cleanReference(value);
        case 'link':
          return value.replace(/<[^<>]*>/g, cleanReference);
        case 'refresh': {
          // The seconds, a separator, and the URL (HTML, "shared declarative refresh steps").
          const start = value.search(/[;,]/) + 1;
          const rest = value.slice(start);
          // A URL in single quotes ends at the next one; elsewhere the quote is a character of the URL.
          const parts = SINGLE_QUOTED.test(rest) ? rest.split("'") : [rest];
          return value.slice(0, start) + parts.map(cleanReference).join("'");
        }
      }
    },
  };
}

/** One pattern for all names; each of their letters may be percent-encoded. */
function patternOf(names: readonly string[]): RegExp {
  const spelled = names.map((name) => [...name].map(spellingsOf).join(''));
  return new RegExp(spelled.length === 0 ? '(?!)' : `${SEMICOLON}(?:${spelled.join('|')})${EQUALS}${VALUE}`, 'gi');
}

function spellingsOf(letter: string): string {
  const codes = [letter.toLowerCase(), letter.toUpperCase()].map((one) => one.charCodeAt(0).toString(16));
  return `(?:${letter}|%(?:25){0,3}(?:${codes.join('|')}))`;
}
