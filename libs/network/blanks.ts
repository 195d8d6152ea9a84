/**
 * The text without the spaces and tabs around it (the optional white space of RFC 9110 5.6.3). Nothing else is taken off:
 * a line break or a no-break space is a sign of something else than an address.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) {
    start++;
  }
  while (end > start && isBlank(text.charCodeAt(end - 1))) {
    end--;
  }
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
