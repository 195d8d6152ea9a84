import { parseNode, type IpAddress } from './address.js';
import { endOfHttpToken } from '@scopegate/kernel';

const CODE_QUOTE = 0x22;
const CODE_COMMA = 0x2c;
const CODE_SEMICOLON = 0x3b;
const CODE_EQUALS = 0x3d;
const CODE_BACKSLASH = 0x5c;

/** RFC 7239 has four parameters; the limit keeps the search for repeated names linear. */
const MOST_PARAMETERS = 32;

const OBFUSCATED_PORT = /^_[0-9A-Za-z._-]+$/;

/**
 * The positions of commas outside of quoted strings (RFC 7239 4). An unclosed quote, or a backslash outside of quotes,
 * gives null: the client could use it to turn the proxies' part inside out. Without them, reading from the left and
 * from the right finds the same quoted strings.
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

/** For whom, and how, a proxy got the request. */
export interface ForwardedElement {
  readonly address: IpAddress;
  /** Without quotes; null if missing. */
  readonly proto: string | null;
  readonly host: string | null;
}

/**
 * RFC 7239 4 and 6. @param element without blanks around it, such as `for="[2001:db8::7]:4711";proto=https`
 * @returns null if the element is malformed, has no `for`, repeats a parameter, or if the node is `unknown`, obfuscated
 * (`_x`) or IPv6 without brackets
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
    const endOfName = endOfHttpToken(element, index);
    if (endOfName === index || element.charCodeAt(endOfName) !== CODE_EQUALS) {
      return null;
    }
    const name = element.slice(index, endOfName).toLowerCase();
    const start = endOfName + 1;
    const quoted = element.charCodeAt(start) === CODE_QUOTE;
    const end = quoted ? endOfQuotedString(element, start) : endOfHttpToken(element, start);
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

/** RFC 7239 6: IPv6 is always in brackets, and a port may be obfuscated. */
function parseForwardedNode(node: string): IpAddress | null {
  const lastColon = node.lastIndexOf(':');
  const bracketed = node.startsWith('[');
  if (!bracketed && lastColon !== node.indexOf(':')) {
    return null;
  }
  const obfuscatedPort = lastColon !== -1 && OBFUSCATED_PORT.test(node.slice(lastColon + 1));
  return parseNode(obfuscatedPort ? node.slice(0, lastColon) : node);
}

/** RFC 9110 5.6.4. Returns `start` if the string has no end or contains a control character. */
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
    // A backslash at the end gives NaN, which is no text.
    if (!isQuotedText(code)) {
      return start;
    }
  }
  return start;
}

/** Tab, or anything from space up except DEL. */
function isQuotedText(code: number): boolean {
  return code === 0x09 || (code >= 0x20 && code !== 0x7f);
}

/** Replaces each quoted pair with its second character. */
function unquote(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1);
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner;
}
