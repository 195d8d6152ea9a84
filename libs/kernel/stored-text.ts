/**
 * Whether a database gives a text back as it was written. SQLite ends a text at a NUL, and half of a surrogate pair has
 * no UTF-8: it becomes U+FFFD, which is another text. A key, id or search with one of them can mean no stored row.
 */
export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
