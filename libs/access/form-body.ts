import { announcesBody, ask, declaresForm, isEncodedBody, type HeaderLines } from '@scopegate/kernel';
import type { Admitted } from './decision.js';
import type { ApplicationRules, FormBody } from './facts.js';
import { PRODUCT_CREDENTIALS } from './product-credentials.js';

/** So much of a form is looked through (R43, R109). */
export const MAX_FORM_BYTES = 65_536;

/** Whether a form comes with the request that has to be looked through for credentials: a proxied one alone. */
export function needsForm(lines: HeaderLines, application: ApplicationRules | null): boolean {
  return application !== null && ask(lines, announcesForm);
}

function announcesForm(lines: HeaderLines): boolean {
  return declaresForm(lines) && announcesBody(lines);
}

/** The fields of a form, or that they cannot be read. @param body its first bytes where it is a larger one */
export function readForm(lines: HeaderLines, body: Buffer): FormBody {
  return isEncodedBody(lines) ? { kind: 'unreadable' } : { kind: 'fields', text: body.toString('latin1') };
}

/**
 * Whether a form that is larger than what is looked through is refused: where a password in it would be one that is
 * switched off (R43). Elsewhere it goes on unread.
 */
export function refusesLargeForm({ application, path, policy }: Admitted): boolean {
  if (application === null || path === null || path.lenient === 'reject') return false;
  const isExcepted = application.remoteApiPasswords && path.remoteApiRequest;
  return (
    PRODUCT_CREDENTIALS[application.kind].loginFields && !policy.passwordsEnabled && path.lenient.ban && !isExcepted
  );
}
