/**
 * False if a database could return another text: SQLite ends a text at a NUL, and half of a surrogate pair becomes
 * U+FFFD.
 */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
