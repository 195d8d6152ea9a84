import { parseNode, type IpAddress } from './address.js';
import { endOfToken } from './header-field-name.js';

const CODE_QUOTE = 0x22;
const CODE_COMMA = 0x2c;
const CODE_SEMICOLON = 0x3b;
const CODE_EQUALS = 0x3d;
const CODE_BACKSLASH = 0x5c;

/** RFC 7239 knows four parameters; the bound keeps the search for repeated names linear. */
const MOST_PARAMETERS = 32;

const OBFUSCATED_PORT = /^_[0-9A-Za-z._-]+$/;

/**
 * The positions of the commas between the elements of a `Forwarded` value (RFC 7239 4), which are those outside of
 * quoted strings.
 *
 * A quote that is never closed, or a backslash outside of quotes, gives null for the whole value. It may stand in the
 * part that the client made up and turn what the trusted proxies appended inside out; with both excluded, reading from
 * the left and from the right finds the same quoted strings.
 */
export function forwardedSeparators(value: string): readonly number[] | null {
  const separators: number[] = [];
  let quoted = false;
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index);
    if (code === CODE_QUOTE) {
      quoted = !quoted;
    } else if (code === CODE_BACKSLASH) {
      if (!quoted) {
        return null;
      }
      index++;
    } else if (code === CODE_COMMA && !quoted) {
      separators.push(index);
    }
  }
  return quoted ? null : separators;
}

/** What one element of `Forwarded` says: of whom a proxy took the request, and how it had been asked for. */
export interface ForwardedElement {
  readonly address: IpAddress;
  /** As they were sent, without quotes; null where they are not told. */
  readonly proto: string | null;
  readonly host: string | null;
}

/**
 * Reads one `Forwarded` element (RFC 7239 4 and 6).
 * @param element one element without the blanks around it, such as `for="[2001:db8::7]:4711";proto=https`
 * @returns null where the element breaks the grammar, has no `for`, names a parameter twice, or where the node is
 * `unknown`, obfuscated (`_x`) or an IPv6 address without brackets
 */
export function parseForwardedElement(element: string): ForwardedElement | null {
  const names: string[] = [];
  const told: { for: string | null; proto: string | null; host: string | null } = {
    for: null,
    proto: null,
    host: null,
  };
  let index = 0;
  while (index < element.length) {
    if (element.charCodeAt(index) === CODE_SEMICOLON) {
      // The grammar allows empty pairs.
      index++;
      continue;
    }
    const endOfName = endOfToken(element, index);
    if (endOfName === index || element.charCodeAt(endOfName) !== CODE_EQUALS) {
      return null;
    }
    const name = element.slice(index, endOfName).toLowerCase();
    const start = endOfName + 1;
    const quoted = element.charCodeAt(start) === CODE_QUOTE;
    const end = quoted ? endOfQuotedString(element, start) : endOfToken(element, start);
    if (end === start || names.includes(name) || names.length === MOST_PARAMETERS) {
      return null;
    }
    if (end < element.length && element.charCodeAt(end) !== CODE_SEMICOLON) {
      return null;
    }
    names.push(name);
    if (name === 'for' || name === 'proto' || name === 'host') {
      told[name] = quoted ? unquote(element, start, end) : element.slice(start, end);
    }
    index = end;
  }
  const address = told.for === null ? null : parseForwardedNode(told.for);
  return address === null ? null : { address, proto: told.proto, host: told.host };
}

/** A node of RFC 7239 6: unlike in other headers, IPv6 stands in brackets, and a port may be obfuscated. */
function parseForwardedNode(node: string): IpAddress | null {
  const lastColon = node.lastIndexOf(':');
  const bracketed = node.startsWith('[');
  if (!bracketed && lastColon !== node.indexOf(':')) {
    return null;
  }
  const obfuscatedPort = lastColon !== -1 && OBFUSCATED_PORT.test(node.slice(lastColon + 1));
  return parseNode(obfuscatedPort ? node.slice(0, lastColon) : node);
}

/**
 * The position behind the quoted string that starts here (RFC 9110 5.6.4), or `start` where it has no end or holds a
 * control character.
 */
function endOfQuotedString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    let code = text.charCodeAt(index);
    if (code === CODE_QUOTE) {
      return index + 1;
    }
    if (code === CODE_BACKSLASH) {
      index++;
      code = text.charCodeAt(index);
    }
    // NaN, behind a backslash at the end, is no text either.
    if (!isQuotedText(code)) {
      return start;
    }
  }
  return start;
}

/** Tab, or anything from the space upwards save DEL. */
function isQuotedText(code: number): boolean {
  return code === 0x09 || (code >= 0x20 && code !== 0x7f);
}

/** The text within the quotes of a quoted string that was found whole, each quoted pair being its second character. */
function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner;
}
