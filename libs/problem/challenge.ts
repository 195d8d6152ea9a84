import { acceptsHtml, type ChallengeScheme, type Deny, type RequestHead } from '@scopegate/access';
import type { Problem } from './problem.js';

/** The protection space in a challenge. */
const REALM = 'Scopegate';

const BASIC = `Basic realm="${REALM}", charset="UTF-8"`;
const BEARER = `Bearer realm="${REALM}"`;
const BEARER_INVALID = `${BEARER}, error="invalid_token"`;
const BEARER_INSUFFICIENT = 'Bearer error="insufficient_scope", scope="read-write"';

export type Audience = 'proxied' | 'own';

export interface ChallengedRequest {
  readonly denial: Deny | null;
  readonly head: RequestHead;
  readonly audience: Audience;
  /** In this order; of the application (R119). */
  readonly offered: readonly ChallengeScheme[];
}

/** Bearer only for applications that say so: Docker takes the realm of Bearer for the address of a token server. */
export const USUAL_CHALLENGE: readonly ChallengeScheme[] = ['basic'];

/**
 * `WWW-Authenticate` for a problem (RFC 9110 11.6.1).
 * - A 401 has what is offered: Basic with its charset (RFC 7617 2.1), Bearer; Bearer also if the request had it.
 * - Bearer has its error unless the request had no credential at all (RFC 6750 3.1).
 * - None for a 401 to a script of our own pages, or to a page that a browser opens with the cookie of a session: the
 *   browser would cover it with its login dialog.
 * - `insufficient_scope` names the scope that is enough (RFC 6750 3.1); none if no scope is (R125).
 */
export function challenges(problem: Problem, request: ChallengedRequest): readonly string[] {
  const { denial, head, audience, offered } = request;
  if (problem.code === 'scope_insufficient') return denial?.needsPasswordLogin === true ? [] : [BEARER_INSUFFICIENT];
  if (problem.status !== 401) return [];
  if (audience === 'own' && (isScriptFetch(head) || (denial?.credential === 'cookie' && acceptsHtml(head)))) return [];
  const presented = head.values('authorization');
  const schemes = offered.includes('bearer') || !presented.some(isBearer) ? offered : [...offered, 'bearer' as const];
  const bearer = presented.length === 0 ? BEARER : BEARER_INVALID;
  return schemes.map((scheme) => (scheme === 'basic' ? BASIC : bearer));
}

/**
 * `fetch` and `XMLHttpRequest`; an opened page or image says `document` or `image`. By plain http, browsers say nothing,
 * so our pages do.
 */
function isScriptFetch(head: RequestHead): boolean {
  return head.values('sec-fetch-dest').includes('empty') || head.values('x-requested-with').includes('XMLHttpRequest');
}

function isBearer(authorization: string): boolean {
  return /^bearer(?:[ \t]|$)/i.test(authorization.trim());
}
