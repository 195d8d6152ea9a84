import type { CustomFetch } from 'openid-client';

/** Metadata, keys, tokens and claims of the largest providers are far smaller. */
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * As `fetch`, by Node's own rules for TLS; but an answer has an end (R112).
 * @throws TypeError as `fetch` does, if the answer is too large
 */
export const boundedFetch: CustomFetch = async (url, options) => {
  const response = await fetch(url, options as RequestInit);
  const { status, statusText, headers } = response;
  const body = await readBounded(response);
  // A `Response` without a body takes no text for one.
  return new Response(body.length === 0 ? null : body, { status, statusText, headers });
};

async function readBounded({ body }: Response): Promise<Buffer<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early also ends the connection.
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > MAX_ANSWER_BYTES) throw new TypeError('The answer is too large.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
