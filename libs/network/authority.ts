import type { Brand } from '@scopegate/kernel';
import { parseIpAddress } from './address.js';

/** One host has one text: two authorities are the same exactly when their texts are equal. */
export type Authority = Brand<
  {
    readonly host: string;
    /** Null if none was written. */
    readonly port: number | null;
    readonly text: string;
  },
  'Authority'
>;

const CODE_OPENING_BRACKET = 0x5b;
const LARGEST_PORT = 65_535;

/** Classes of characters: refused, plain lower case, or with another spelling. */
const REFUSED = 0;
const PLAIN = 1;
const RESPELLED = 2;

/** RFC 3986 3.2.2, without the comma: a reader that joins lines or splits lists would see two hosts (R67). */
const REG_NAME: Uint8Array = new Uint8Array(128);
for (const character of "abcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+;=") REG_NAME[character.charCodeAt(0)] = PLAIN;
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZ%') REG_NAME[character.charCodeAt(0)] = RESPELLED;

/** Some readers take such a last label for a number, and the name for an IPv4 address. */
const NUMERIC_LAST_LABEL = /(?:^|\.)(?:\d+|0x[\da-f]*)$/;

/**
 * Reads a name, an IPv4 address or an IPv6 address in brackets, with an optional, perhaps empty port (RFC 3986 3.2.2,
 * RFC 9112 3.2). Never throws. Refuses user information, paths, commas, quotes, blanks, bytes beyond ASCII, zones,
 * `[v1.x]`, and encodings that decode to any of these.
 * @param text the value of a Host line, or the authority of a request target
 * @returns null if refused
 */
export function parseAuthority(text: string): Authority | null {
  const isLiteral = text.charCodeAt(0) === CODE_OPENING_BRACKET;
  const colon = text.indexOf(':', isLiteral ? text.indexOf(']') + 1 : 0);
  const written = colon < 0 ? text : text.slice(0, colon);
  const host = isLiteral ? canonicalLiteral(written) : canonicalName(written);
  if (host === null) return null;
  const port = colon < 0 ? null : readPort(text, colon + 1);
  if (port === undefined) return null;
  return { host, port, text: port === null ? host : `${host}:${port}` } as Authority;
}

/** An IPv4-mapped address is its IPv4 address (R40). */
function canonicalLiteral(written: string): string | null {
  if (!written.endsWith(']')) return null;
  const inner = written.slice(1, -1);
  const address = inner.includes(':') ? parseIpAddress(inner) : null;
  if (address === null) return null;
  return address.includes(':') ? `[${address}]` : address;
}

function canonicalName(written: string): string | null {
  let isRespelled = false;
  for (let index = 0; index < written.length; index += 1) {
    const kind = REG_NAME[written.charCodeAt(index)] ?? REFUSED;
    if (kind === REFUSED) return null;
    isRespelled ||= kind === RESPELLED;
  }
  const name = isRespelled ? respell(written) : written;
  if (name === null) return null;
  // Resolvers and virtual hosts that ignore one final dot ignore several.
  let end = name.length;
  while (end > 0 && name.charCodeAt(end - 1) === 0x2e) end -= 1;
  const bare = end === name.length ? name : name.slice(0, end);
  if (bare === '') return null;
  // Browsers and inet_aton read short, octal, hexadecimal and integer forms of IPv4.
  return NUMERIC_LAST_LABEL.test(bare) ? (hostOfUrl(bare) ?? bare) : bare;
}

/** Lower case; decodes characters that may also appear plain. */
function respell(written: string): string | null {
  if (!written.includes('%')) return written.toLowerCase();
  let decoded: string;
  try {
    decoded = decodeURIComponent(written);
  } catch {
    return null;
  }
  let isAscii = true;
  for (let index = 0; index < decoded.length; index += 1) {
    const code = decoded.charCodeAt(index);
    if (code > 0x7f) isAscii = false;
    // A reader that decodes the name would see a real delimiter.
    else if (REG_NAME[code] === REFUSED || code === 0x25) return null;
  }
  return isAscii ? decoded.toLowerCase() : hostOfUrl(decoded);
}

/** As browsers spell it (WHATWG URL 3.5: IDNA, and IPv4 numbers); null if it is no host. */
function hostOfUrl(name: string): string | null {
  const address = `http://${name}/`;
  return URL.canParse(address) ? new URL(address).hostname : null;
}

/** @returns null if the port is empty, undefined if it is not valid */
function readPort(text: string, start: number): number | null | undefined {
  if (start === text.length) return null;
  let port = 0;
  for (let index = start; index < text.length; index += 1) {
    const digit = text.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    port = port * 10 + digit;
    if (port > LARGEST_PORT) return undefined;
  }
  return port;
}
