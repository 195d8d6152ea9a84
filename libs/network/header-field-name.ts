/** No product comes near it, and a name is repeated in settings and messages. */
const LONGEST_NAME = 128;

/** The characters of a token that are neither letters nor digits (RFC 9110 5.6.2). */
const TOKEN_PUNCTUATION = "!#$%&'*+-.^_`|~";

const TOKEN_CODES: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9A-Za-z]/.test(character) || TOKEN_PUNCTUATION.includes(character);
});

/** Whether the text can be the name of a header: an RFC 9110 token of 1 to 128 characters (R39). */
export function isHeaderFieldName(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_NAME && endOfToken(text, 0) === text.length;
}

/** The position behind the token that starts here; `start` itself if there is no token. */
export function endOfToken(text: string, start: number): number {
  let index = start;
  while (index < text.length && TOKEN_CODES[text.charCodeAt(index)] === true) {
    index++;
  }
  return index;
}
