import { isEncodedBody } from '@scopegate/kernel';
import { productOf } from '@scopegate/product';
import { admit } from './admit.js';
import type { Admitted, Deny } from './decision.js';
import type { ApplicationRules, FormBody } from './facts.js';
import type { RequestHead } from './request-head.js';

/** Only so much of a form is searched for credentials (R43, R109). */
export const MAX_FORM_BYTES = 65_536;

/** Whether the request has a form that must be searched for credentials: only a proxied one has. */
export function needsForm(head: RequestHead, application: ApplicationRules | null): boolean {
  return application !== null && head.announcesForm;
}

/** The fields of a form, or that they cannot be read. @param body its first bytes where it is a larger one */
export function readForm({ lines }: RequestHead, body: Buffer): FormBody {
  return isEncodedBody(lines) ? { kind: 'unreadable' } : { kind: 'fields', text: body.toString('latin1') };
}

/** Judges a request anew with its form: a token in it is misplaced, a password in it is a password request. */
export function admitForm({ request, application, path, policy }: Admitted, body: Buffer): Admitted | Deny {
  return admit({ ...request, form: readForm(request.head, body) }, application, path, policy);
}

/**
 * Whether the form is looked through although the head alone refuses the request: it presents no credential, so the
 * one in the form, if there is one, is what the answer has to speak of (R109). Nothing gets through by it.
 */
export function needsFormToRefuse({ code }: Deny, { application, request }: Admitted): boolean {
  return (
    code === 'authentication_required' &&
    needsForm(request.head, application) &&
    // Not a number is a body in chunks: it is read up to the same limit.
    !(request.head.contentLength > MAX_FORM_BYTES)
  );
}

/**
 * Whether a form that is larger than what is looked through is refused: where a password in it would be one that is
 * switched off (R43). Elsewhere it goes on unread.
 */
export function refusesLargeForm({ application, path, policy }: Admitted): boolean {
  if (application === null || path === null || path.lenient === 'reject') return false;
  const isExcepted = application.remoteApiPasswords && path.remoteApiRequest;
  return productOf(application.kind).loginFields && !policy.passwordsEnabled && path.lenient.ban && !isExcepted;
}
