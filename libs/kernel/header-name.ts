/**
 * A header name by its coarsest reading: lower case, and `-` for everything outside `[a-z0-9]` (R67). CGI, WSGI, PHP and
 * their kin turn several marks into one, so `X.Forwarded_User` is `X-Forwarded-User` there. Whatever the gateway owns,
 * removes or judges by name is compared in this form; only what HTTP itself reads (`headerValues`) is compared exactly.
 * @param name a field name as it was sent or configured
 */
export function foldHeaderName(name: string): string {
  const lower = name.toLowerCase();
  return isFolded(lower) ? lower : lower.replace(/[^a-z0-9]/g, '-');
}

/** Whether there is nothing but letters, digits and hyphens, as in nearly every name: those cost no new text. */
function isFolded(lower: string): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    const code = lower.charCodeAt(index);
    const isPlain = (code >= 0x61 && code <= 0x7a) || code === 0x2d || (code >= 0x30 && code <= 0x39);
    if (!isPlain) return false;
  }
  return true;
}
