import type { Deny, RequestHead } from '@scopegate/access';
import type { Problem } from './problem.js';

/** The protection space in a challenge. */
const REALM = 'Scopegate';

const BASIC = `Basic realm="${REALM}", charset="UTF-8"`;
const BEARER_INVALID = `Bearer realm="${REALM}", error="invalid_token"`;
const BEARER_INSUFFICIENT = 'Bearer error="insufficient_scope", scope="read-write"';

export type Audience = 'proxied' | 'own';

/**
 * `WWW-Authenticate` for a problem (RFC 9110 11.6.1).
 * - A 401 has Basic with its charset (RFC 7617 2.1), and Bearer with an error if the request had Bearer (RFC 6750 3.1).
 * - None for a 401 to a script of our own pages: the browser would cover the page with its login dialog.
 * - `insufficient_scope` names the scope that is enough (RFC 6750 3.1); none if no scope is (R125).
 */
export function challenges(
  problem: Problem,
  denial: Deny | null,
  head: RequestHead,
  audience: Audience,
): readonly string[] {
  if (problem.code === 'scope_insufficient') return denial?.needsPasswordLogin === true ? [] : [BEARER_INSUFFICIENT];
  if (problem.status !== 401) return [];
  if (audience === 'own' && isScriptFetch(head)) return [];
  return hasBearer(head) ? [BASIC, BEARER_INVALID] : [BASIC];
}

/** `fetch` and `XMLHttpRequest`; an opened page or image says `document` or `image`. */
function isScriptFetch(head: RequestHead): boolean {
  return head.values('sec-fetch-dest').includes('empty');
}

function hasBearer(head: RequestHead): boolean {
  return head.values('authorization').some((value) => /^bearer(?:[ \t]|$)/i.test(value.trim()));
}
