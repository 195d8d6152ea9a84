import type { Deny, RequestHead } from '@scopegate/access';
import type { Problem } from './problem.js';

/** The name of the protection space in a Basic or Bearer challenge. */
const REALM = 'Scopegate';

const BASIC = `Basic realm="${REALM}", charset="UTF-8"`;
const BEARER_INVALID = `Bearer realm="${REALM}", error="invalid_token"`;
const BEARER_INSUFFICIENT = 'Bearer error="insufficient_scope", scope="read-write"';

/** Who asked: a client of a proxied application, or one of the server's own API and pages. */
export type Audience = 'proxied' | 'own';

/**
 * The values of `WWW-Authenticate` that go with a problem (RFC 9110 11.6.1); empty for most.
 *
 * - A 401 has Basic with its charset (RFC 7617 2.1), and Bearer with an error where the request came with Bearer
 *   (RFC 6750 3.1).
 * - A 401 to a script of the server's own pages has none: the browser would cover the page with its login dialog. A
 *   script of a proxied application is answered as every client is.
 * - A scope that does not suffice has its error, with the one that does (RFC 6750 3.1). Where no scope suffices, nothing
 *   is said (R125).
 * @param denial the refusal that the problem is about, if it is one
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

/** Fetch metadata of `fetch` and `XMLHttpRequest`. A page or an image that is opened says `document` or `image`. */
function isScriptFetch(head: RequestHead): boolean {
  return head.values('sec-fetch-dest').includes('empty');
}

function hasBearer(head: RequestHead): boolean {
  return head.values('authorization').some((value) => /^bearer(?:[ \t]|$)/i.test(value.trim()));
}
