/** What X-Request-Id can be. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** What may stand before the id in a pasted line. */
const NAME = /^"?(?:x-request-id|requestid|request)"?(?:\s*:\s*|\s+)/i;

/**
 * The id in a pasted text, which may be a whole line such as `X-Request-Id: 5bc4…`.
 * @returns null if there is none in it
 */
export function requestIdIn(pasted: string): string | null {
  const value = pasted
    .trim()
    .replace(NAME, '')
    .replace(/,$/, '')
    .replace(/^"(.*)"$/, '$1');
  // Dots alone would be another address.
  return REQUEST_ID.test(value) && /[^.]/.test(value) ? value : null;
}
