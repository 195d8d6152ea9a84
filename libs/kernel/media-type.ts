import { headerValues, type HeaderLines } from './header-lines.js';

/** `unknown`: a missing or malformed media type, or several different ones, so that readers may disagree. */
export type BodyKind = 'form' | 'json' | 'multipart' | 'unknown' | 'other';

/** RFC 9110 8.3.1, in lower case. */
const MEDIA_TYPE = /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+$/;

/** In these charsets ASCII text has the same bytes, so the names of fields are the same. */
const ASCII_BASED = /^(?:utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d)$/;

/** Without parameters, in lower case (RFC 9110 8.3.1). */
export function mediaTypeOf(value: string): string {
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}

export function mediaTypesOf(lines: HeaderLines): readonly string[] {
  return headerValues(lines, 'content-type').flatMap((value) => value.split(',').map(mediaTypeOf));
}

export function bodyKindOf(lines: HeaderLines): BodyKind {
  const kinds = new Set(mediaTypesOf(lines).map(kindOfMediaType));
  // We do not search multipart bodies, so other types beside it change nothing.
  if (kinds.has('multipart')) return 'multipart';
  const [kind = 'unknown'] = kinds;
  return kinds.size === 1 ? kind : 'unknown';
}

function kindOfMediaType(type: string): BodyKind {
  if (type.startsWith('multipart/')) return 'multipart';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (/[/+]json$|\/x-json$/.test(type)) return 'json';
  return MEDIA_TYPE.test(type) ? 'other' : 'unknown';
}

/** True if at least one Content-Type line declares a form. */
export function declaresForm(lines: HeaderLines): boolean {
  return headerValues(lines, 'content-type').some((value) => value.toLowerCase().includes('x-www-form-urlencoded'));
}

/** Compressed, or in a charset where ASCII has other bytes, such as UTF-16 or EBCDIC: it cannot be searched. */
export function isEncodedBody(lines: HeaderLines): boolean {
  const codings = headerValues(lines, 'content-encoding').flatMap((value) => value.split(','));
  if (codings.some((coding) => !/^(?:|identity)$/i.test(coding.trim()))) return true;
  return headerValues(lines, 'content-type').some((value) =>
    [...value.toLowerCase().matchAll(/charset\s*=\s*"?([^\s";,]*)/g)].some(
      ([, charset = '']) => !ASCII_BASED.test(charset),
    ),
  );
}
