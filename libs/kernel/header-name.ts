/**
 * Lower case, with `-` for everything outside `[a-z0-9]` (R67): CGI, WSGI and PHP read `X.Forwarded_User` as
 * `X-Forwarded-User`. All names that the gateway owns, removes or judges are compared in this form.
 */
export function foldHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return isFolded(lower) ? lower : lower.replace(/[^a-z0-9]/g, '-');
}

/** Nearly every name is folded already and needs no new text. */
function isFolded(lower: string): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    const code = lower.charCodeAt(index);
    const isPlain = (code >= 0x61 && code <= 0x7a) || code === 0x2d || (code >= 0x30 && code <= 0x39);
    if (!isPlain) return false;
  }
  return true;
}
