/** Longer than any product needs: settings and messages repeat the name. */
const LONGEST_NAME = 128;

/** RFC 9110 5.6.2, without letters and digits. */
const TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

const TOKEN_CODES: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9A-Za-z]/.test(character) || TOKEN_PUNCTUATION.includes(character);
});

export function isHeaderFieldName(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_NAME && endOfToken(text, 0) === text.length;
}

/** Returns `start` if there is no token. */
export function endOfToken(text: string, start: number): number {
  let index = start;
  while (index < text.length && TOKEN_CODES[text.charCodeAt(index)] === true) {
    index++;
  }
  return index;
}
