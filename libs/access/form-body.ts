import { isEncodedBody } from '@scopegate/kernel';
import { isAddressAllowed } from '@scopegate/network';
import { productOf } from '@scopegate/product';
import { admit } from './admit.js';
import type { Admitted, Allow, Deny, PassThrough } from './decision.js';
import type { ApplicationRules, FormBody } from './facts.js';
import { bansPassword } from './password-ban.js';
import type { RequestHead } from './request-head.js';

/** At most this much of a form is searched for credentials (R43, R109). */
export const MAX_FORM_BYTES = 65_536;

/** Whether the request has a form that must be searched for credentials: only a proxied one has. */
export function needsForm(head: RequestHead, application: ApplicationRules | null): boolean {
  return application !== null && head.announcesForm;
}

/** @param body the first bytes of a larger form */
export function readForm({ lines }: RequestHead, body: Buffer): FormBody {
  return isEncodedBody(lines) ? { kind: 'unreadable' } : { kind: 'fields', text: body.toString('latin1') };
}

/** Judges a request again with its form: a token in it is misplaced, a password in it makes a password request. */
export function admitForm({ request, application, path, policy }: Admitted, body: Buffer): Admitted | Deny {
  return admit({ ...request, form: readForm(request.head, body) }, application, path, policy);
}

/** R109: a request without a credential is refused anyway; its form only decides which reason the answer gives. */
export function needsFormToRefuse({ code }: Deny, { application, request }: Admitted): boolean {
  return (
    code === 'authentication_required' &&
    needsForm(request.head, application) &&
    // Not a number is a body in chunks: it is read up to the same limit.
    !(request.head.contentLength > MAX_FORM_BYTES)
  );
}

/** R37, R43: a larger form is refused if a password in it would be. Elsewhere it passes unread. */
export function refusesLargeForm(admitted: Admitted): boolean {
  const { application, policy, address } = admitted;
  if (application === null || !productOf(application.kind).loginFields) return false;
  const isListed = !policy.allowListAppliesToPasswords || isAddressAllowed(policy.allowList, address.client);
  return !isListed || bansPassword(admitted);
}

/** A form that cannot be read is refused where a field could be a password, or say who acts (R43, R71). */
export function needsWholeForm(decision: Allow | PassThrough, admitted: Admitted): boolean {
  const { application } = admitted;
  if (decision.kind === 'pass' || application === null) return refusesLargeForm(admitted);
  return productOf(application.kind).loginFields || application.acting !== null;
}
