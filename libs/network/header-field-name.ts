import { isHttpToken } from '@scopegate/kernel';

/** Longer than any product needs: settings and messages repeat the name. */
const LONGEST_NAME = 128;

export function isHeaderFieldName(text: string): boolean {
  return text.length <= LONGEST_NAME && isHttpToken(text);
}
