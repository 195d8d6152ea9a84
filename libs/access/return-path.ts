const MAX_LENGTH = 1_024;

/** Visible ASCII without a backslash, which browsers read as a slash. */
const PLAIN = /^\/console(?:[/?#][\x21-\x5b\x5d-\x7e]*)?$/;

const ANY_ORIGIN = 'https://any.invalid';

/**
 * R96: a login leads back into the console, never to another site or another part of this one.
 * @returns the path with its query and fragment; null if the text is anything else
 */
export function readReturnPath(text: string): string | null {
  if (text.length > MAX_LENGTH || !PLAIN.test(text) || !URL.canParse(text, ANY_ORIGIN)) return null;
  const { origin, pathname, search, hash } = new URL(text, ANY_ORIGIN);
  // A browser would follow dot segments out of the console, encoded ones too.
  return origin === ANY_ORIGIN && pathname + search + hash === text ? text : null;
}
