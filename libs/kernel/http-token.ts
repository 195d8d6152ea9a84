/** RFC 9110 5.6.2, without letters and digits. */
const PUNCTUATION = "!#$%&'*+-.^_`|~";

const IS_TOKEN_CODE: readonly boolean[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  return /[0-9A-Za-z]/.test(character) || PUNCTUATION.includes(character);
});

/** A token of RFC 9110 5.6.2, such as a method, or the name of a header or of a scheme. */
export function isHttpToken(text: string): boolean {
  return text !== '' && endOfHttpToken(text, 0) === text.length;
}

/** Where the token ends that begins at `start`. Returns `start` if there is none. */
export function endOfHttpToken(text: string, start: number): number {
  let index = start;
  while (index < text.length && IS_TOKEN_CODE[text.charCodeAt(index)] === true) {
    index++;
  }
  return index;
}
