const PERCENT = 0x25;

/** RFC 3986 2.3: encoded and plain forms are the same URI. */
export function isUnreserved(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2d ||
    code === 0x2e ||
    code === 0x5f ||
    code === 0x7e
  );
}

/** The byte of the triple `%XX` here, or -1. */
export function encodedByteAt(text: string, index: number): number {
  if (text.charCodeAt(index) !== PERCENT || index + 2 >= text.length) {
    return -1;
  }
  const high = hexDigit(text.charCodeAt(index + 1));
  const low = hexDigit(text.charCodeAt(index + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** `%XX` in upper case (RFC 3986 6.2.2.1). */
export function encodeByte(byte: number): string {
  return `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;
}

/** RFC 3986 6.2.2.1: `%2f` and `%2F` are the same triple. */
export function upperCaseTriples(text: string): string {
  return text.includes('%') ? text.replace(/%[0-9a-fA-F]{2}/g, (triple) => triple.toUpperCase()) : text;
}

/** Decodes every triple once. @returns a byte string, so that UTF-8 does not change further decodes */
export function decodeBytes(text: string): string {
  return decodeWhere(text, () => true);
}

/** RFC 3986 6.2.2.2: decodes unreserved characters only. */
export function decodeUnreserved(text: string): string {
  return decodeWhere(text, isUnreserved);
}

/**
 * Null for a valid path: visible ASCII only, and triples that are well formed, have no control characters (C0, DEL, C1)
 * and are valid UTF-8 without overlong forms.
 */
export function encodingFault(rawPath: string): string | null {
  if (rawPath.charCodeAt(0) !== 0x2f) {
    return 'The path does not begin with a slash.';
  }
  // How many continuation bytes must follow, and the range of the next one.
  let due = 0;
  let lowest = 0x80;
  let highest = 0xbf;
  for (let index = 0; index < rawPath.length; index += 1) {
    const code = rawPath.charCodeAt(index);
    if (code <= 0x20 || code >= 0x7f || code === 0x3f || code === 0x23) {
      return 'The path contains a byte that a URI must not contain.';
    }
    let byte = code;
    if (code === PERCENT) {
      byte = encodedByteAt(rawPath, index);
      if (byte < 0) {
        return 'The path contains a malformed percent-encoding.';
      }
      index += 2;
    }
    if (due > 0) {
      if (byte < lowest || byte > highest) {
        return lowest === C1_GUARD && byte >= 0x80 && byte < lowest ? CONTROL_CHARACTER : INVALID_UTF8;
      }
      due -= 1;
      lowest = 0x80;
      highest = 0xbf;
    } else if (byte < 0x20 || byte === 0x7f) {
      return CONTROL_CHARACTER;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) {
        return INVALID_UTF8;
      }
      due = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      // RFC 3629 4: the second byte's range excludes overlong forms, surrogates and what lies past U+10FFFF; after C2
      // it also excludes U+0080 to U+009F, the C1 controls.
      lowest = byte === 0xc2 ? C1_GUARD : byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
      highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
    }
  }
  return due > 0 ? INVALID_UTF8 : null;
}

const C1_GUARD = 0xa0;
const CONTROL_CHARACTER = 'The path contains a control character.';
const INVALID_UTF8 = 'The path is not valid UTF-8.';

function decodeWhere(text: string, isDecoded: (byte: number) => boolean): string {
  let percent = text.indexOf('%');
  if (percent < 0) {
    return text;
  }
  let decoded = '';
  let copied = 0;
  while (percent >= 0) {
    const byte = encodedByteAt(text, percent);
    if (byte >= 0 && isDecoded(byte)) {
      decoded += text.slice(copied, percent) + String.fromCharCode(byte);
      copied = percent + 3;
    }
    percent = text.indexOf('%', byte < 0 ? percent + 1 : percent + 3);
  }
  return decoded + text.slice(copied);
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) {
    return code - 0x30;
  }
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
