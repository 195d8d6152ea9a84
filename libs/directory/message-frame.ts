const SEQUENCE = 0x30;

const MAX_LENGTH_BYTES = 4;

/**
 * Where the first LDAP message in these bytes ends: a SEQUENCE with a definite length (RFC 4511 5.1, X.690 8.1.3).
 * @returns null while its head is not complete; `malformed` if no LDAP message begins so
 */
export function messageEnd(bytes: Uint8Array): number | null | 'malformed' {
  const [tag, first] = bytes;
  if (tag === undefined) return null;
  if (tag !== SEQUENCE) return 'malformed';
  if (first === undefined) return null;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > MAX_LENGTH_BYTES) return 'malformed';
  if (bytes.length < 2 + count) return null;
  let length = 0;
  for (let at = 2; at < 2 + count; at += 1) length = length * 256 + (bytes[at] ?? 0);
  return 2 + count + length;
}
