import { productOf } from '@scopegate/product';
import { judgeRequestPath } from './admit.js';
import type { ApplicationRules } from './facts.js';

/** Where the app that scripts were written for answers, below the mount of a product. */
const VENDOR_PREFIX = '/rest/de.resolution.apitokenauth/latest/user/';

/** One of the vendor's REST calls, which is answered here and not by the upstream. */
export interface VendorCall {
  /** The whole canonical path below the mount. */
  readonly path: string;
  /** What follows the vendor's prefix: `token`, `token/7`, `tokensByFilter`, or a text that is not a call. */
  readonly call: string;
}

/**
 * The vendor's call that a request below the mount of jira, confluence or bitbucket is for; null where it is none. A
 * path with more than one reading is none: it is judged like any other.
 */
export function vendorCallOf(method: string, rawPath: string, application: ApplicationRules): VendorCall | null {
  // Looked at first, since hardly any request is one.
  if (!productOf(application.kind).isAtlassian || !rawPath.includes('/de.resolution.apitokenauth/')) return null;
  const judged = judgeRequestPath(rawPath, application);
  if (judged?.strict.ok !== true || !judged.strict.canonical.startsWith(VENDOR_PREFIX)) return null;
  const path = judged.strict.canonical;
  const call = path.slice(VENDOR_PREFIX.length);
  // A slash at the end is one more name of what is read; the exception of R05 has no second name (R06).
  return { path, call: method === 'GET' || method === 'HEAD' ? call.replace(/\/$/, '') : call };
}

/** Whether the call creates a token, the second exception of R05. */
export function isVendorCreation({ call }: VendorCall, method: string): boolean {
  return method === 'POST' && call === 'token';
}
