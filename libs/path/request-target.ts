export type ParsedTarget =
  | {
      readonly ok: true;
      /** The unchecked authority of an absolute target; null in the origin form. */
      readonly authority: string | null;
      readonly rawPath: string;
      readonly query: string | null;
    }
  | { readonly ok: false; readonly detail: string };

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;
const HASH = 0x23;

/**
 * Splits a target (RFC 9112 3.2) into path and query, byte for byte. The authority of the absolute form is that of the
 * request (RFC 9112 3.2.2); its own parser checks it.
 * @returns the path with its leading `/`, and the query without `?`, or null. Not ok: asterisk and authority forms,
 * other schemes, fragments, and bytes that no URI contains (RFC 3986 2)
 */
export function parseTarget(target: string): ParsedTarget {
  let queryMark = -1;
  for (let index = 0; index < target.length; index += 1) {
    const code = target.charCodeAt(index);
    if (code <= 0x20 || code >= 0x7f) {
      return { ok: false, detail: 'The request target contains a byte that a URI must not contain.' };
    }
    if (code === HASH) {
      return { ok: false, detail: 'The request target contains a fragment.' };
    }
    if (code === QUESTION_MARK && queryMark < 0) {
      queryMark = index;
    }
  }
  const pathEnd = queryMark < 0 ? target.length : queryMark;
  const query = queryMark < 0 ? null : target.slice(queryMark + 1);
  if (target.charCodeAt(0) === SLASH) {
    return { ok: true, authority: null, rawPath: queryMark < 0 ? target : target.slice(0, pathEnd), query };
  }
  const authorityStart = authorityOffset(target);
  if (authorityStart < 0) {
    return { ok: false, detail: 'The request target is neither a path nor an absolute http or https URL.' };
  }
  let authorityEnd = authorityStart;
  while (authorityEnd < pathEnd && target.charCodeAt(authorityEnd) !== SLASH) authorityEnd += 1;
  return {
    ok: true,
    authority: target.slice(authorityStart, authorityEnd),
    rawPath: authorityEnd === pathEnd ? '/' : target.slice(authorityEnd, pathEnd),
    query,
  };
}

/**
 * Byte for byte at segment boundaries: `/jira` has `/jira` and `/jira/x`, not `/jirax` or `/jira;x`. `/` has every
 * path.
 * @returns the rest with its leading `/`, or null outside the mount
 */
export function stripMount(rawPath: string, pathPrefix: string): string | null {
  let length = pathPrefix.length;
  if (length > 0 && pathPrefix.charCodeAt(length - 1) === SLASH) {
    length -= 1;
  }
  if (length === 0) {
    return rawPath;
  }
  if (
    length === pathPrefix.length ? !rawPath.startsWith(pathPrefix) : !rawPath.startsWith(pathPrefix.slice(0, length))
  ) {
    return null;
  }
  if (rawPath.length === length) {
    return '/';
  }
  return rawPath.charCodeAt(length) === SLASH ? rawPath.slice(length) : null;
}

/** In an absolute http or https URL; otherwise -1. */
function authorityOffset(target: string): number {
  const scheme = target.slice(0, 8).toLowerCase();
  if (scheme === 'https://') {
    return 8;
  }
  return scheme.startsWith('http://') ? 7 : -1;
}
