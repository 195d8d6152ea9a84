const PERCENT = 0x25;

/** RFC 3986 2.3: the characters whose encoded and plain forms are the same URI. */
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

/** The byte that the triple `%XX` at this index stands for, or -1 where there is no such triple. */
export function encodedByteAt(text: string, index: number): number {
  if (text.charCodeAt(index) !== PERCENT || index + 2 >= text.length) {
    return -1;
  }
  const high = hexDigit(text.charCodeAt(index + 1));
  const low = hexDigit(text.charCodeAt(index + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** A byte as `%XX`, in upper case hex (RFC 3986 6.2.2.1). */
export function encodeByte(byte: number): string {
  return `%${byte < 16 ? '0' : ''}${byte.toString(16).toUpperCase()}`;
}

/**
 * Decodes every triple once. What is no triple stays as it is.
 * @returns a byte string: each character is one byte, so that a further decode cannot be led astray by UTF-8
 */
export function decodeBytes(text: string): string {
  return decodeWhere(text, () => true);
}

/** Decodes the triples of unreserved characters alone, as RFC 3986 6.2.2.2 has it. */
export function decodeUnreserved(text: string): string {
  return decodeWhere(text, isUnreserved);
}

/**
 * Why a raw path is no valid URI path at all, or null. Raw it may hold visible ASCII only; its triples have to be
 * well formed, hold no control character (C0, DEL, C1) and together make valid UTF-8, overlong forms excluded.
 */
export function encodingFault(rawPath: string): string | null {
  if (rawPath.charCodeAt(0) !== 0x2f) {
    return 'The path does not begin with a slash.';
  }
  // The state of the UTF-8 decoder: how many continuation bytes are due, and the range of the next one.
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
