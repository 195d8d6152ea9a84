import { encodeByte, encodedByteAt, isUnreserved } from './percent-encoding.js';

/** Mean the same in every reading: RFC 3986 3.3 without `;` and `%`. */
export const PLAIN_CHARACTERS: Uint8Array = charactersOf(
  (code) => isUnreserved(code) || "!$&'()*+,=:@".includes(chr(code)),
);

/** Not allowed in a URI, but browsers send them (WHATWG URL). No upstream gives them a meaning; we encode them. */
const ENCODED_CHARACTERS: Uint8Array = charactersOf((code) => '[]|^'.includes(chr(code)));

export type Spelling =
  { readonly ok: true; readonly canonical: string } | { readonly ok: false; readonly detail: string };

const SLASH = 0x2f;
const PATH_PARAMETER = 'The path contains a path parameter (a semicolon).';
const NO_URI_SYNTAX = 'The path contains a character that a URI must not contain.';

/** Unreserved characters plain, other triples in upper case, slashes merged (RFC 3986 6.2.2). No path parameters. */
export function canonicalSpelling(rawPath: string): Spelling {
  let canonical = '';
  // Kept as a flag: reading the end of a string under construction copies it.
  let endsWithSlash = false;
  for (let index = 0; index < rawPath.length; index += 1) {
    const code = rawPath.charCodeAt(index);
    if (code === SLASH) {
      canonical += endsWithSlash ? '' : '/';
      endsWithSlash = true;
      continue;
    }
    endsWithSlash = false;
    const byte = encodedByteAt(rawPath, index);
    if (byte >= 0) {
      index += 2;
      canonical += isUnreserved(byte) ? chr(byte) : encodeByte(byte);
    } else if (PLAIN_CHARACTERS[code] === 1) {
      canonical += chr(code);
    } else if (ENCODED_CHARACTERS[code] === 1) {
      canonical += encodeByte(code);
    } else {
      return { ok: false, detail: code === 0x3b ? PATH_PARAMETER : NO_URI_SYNTAX };
    }
  }
  return { ok: true, canonical };
}

function charactersOf(test: (code: number) => boolean): Uint8Array {
  const table = new Uint8Array(0x80);
  for (let code = 0x21; code < 0x7f; code += 1) {
    table[code] = test(code) ? 1 : 0;
  }
  return table;
}

function chr(code: number): string {
  return String.fromCharCode(code);
}
