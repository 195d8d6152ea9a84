import { productOf } from '@scopegate/product';
import { judgeRequestPath } from './admit.js';
import type { ApplicationRules } from './facts.js';

/** The path of the vendor's app, below the mount of a product. */
const VENDOR_PREFIX = '/rest/de.resolution.apitokenauth/latest/user/';

export interface VendorCall {
  /** The whole canonical path below the mount. */
  readonly path: string;
  /** What follows the vendor's prefix: `token`, `token/7`, `tokensByFilter`, or a text that is not a call. */
  readonly call: string;
}

/** Null if this is no call of the vendor for jira, confluence or bitbucket, or if the path has several readings. */
export function vendorCallOf(method: string, rawPath: string, application: ApplicationRules): VendorCall | null {
  // Checked first, because almost no request is a vendor call.
  if (!productOf(application.kind).isAtlassian || !rawPath.includes('/de.resolution.apitokenauth/')) return null;
  const judged = judgeRequestPath(rawPath, application);
  if (judged?.strict.ok !== true || !judged.strict.canonical.startsWith(VENDOR_PREFIX)) return null;
  const path = judged.strict.canonical;
  const call = path.slice(VENDOR_PREFIX.length);
  // A slash at the end is allowed for reads; the exception of R05 has exactly one name (R06).
  return { path, call: method === 'GET' || method === 'HEAD' ? call.replace(/\/$/, '') : call };
}

/** The second exception of R05. */
export function isVendorCreation({ call }: VendorCall, method: string): boolean {
  return method === 'POST' && call === 'token';
}
